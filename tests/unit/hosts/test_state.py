# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.hosts import apt, base, customise, mounts, names, network, process, records, supervise
from tools.hosts.errors import LabError
from tools.hosts.locks import locked
from tools.hosts.settings import HostSpec, lab_from

if TYPE_CHECKING:
    from pathlib import Path

    from tools.hosts.settings import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_from({"AEN_LAB": str(tmp_path)})


def test_a_record_comes_back(lab: Lab) -> None:
    spec = HostSpec("server", 11, "trixie", 1 << 30)
    records.folder(lab, "server").mkdir(parents=True)
    records.write(lab, spec)
    assert records.specs(lab) == {"server": spec}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"name": "server"}',
        '{"name": "server", "octet": 1}',
        '{"name": "other", "octet": 11}',
        "\x00",
    ],
)
def test_a_half_written_record_counts_as_none(lab: Lab, text: str) -> None:
    records.folder(lab, "server").mkdir(parents=True)
    records.record_path(lab, "server").write_text(text)
    assert records.read(lab, "server") is None
    assert records.names(lab) == ["server"]


def test_putting_a_file_in_place_follows_no_link(tmp_path: Path) -> None:
    outside, path = tmp_path / "outside", tmp_path / "hosts"
    outside.write_text("keep")
    path.symlink_to(outside)
    path.with_name("hosts.part").symlink_to(outside)
    records.replace_file(path, "new")
    assert (outside.read_text(), path.read_text()) == ("keep", "new")


def test_hosts_file_keeps_other_lines(lab: Lab) -> None:
    first = names.block(lab, [HostSpec("server", 11)])
    second = names.block(lab, [HostSpec("gateway1", 12), HostSpec("server", 11)])
    text = names.merged("127.0.0.1 localhost", first) + "10.0.0.1 by-a-role\n"
    assert names.merged(text, second) == f"127.0.0.1 localhost\n{second}10.0.0.1 by-a-role\n"
    assert "198.51.100.11 server.aen.test server\n198.51.100.12 gateway1.aen.test gateway1\n" in second


def test_mounts_below_come_deepest_first(tmp_path: Path) -> None:
    line = "36 35 98:0 / {} rw,noatime master:1 - ext3 /dev/root rw\n"
    text = "".join(line.format(one) for one in ("/a", "/a/b", "/a/b/with\\040blank", "/ab", "/"))
    found = mounts.mounts_below(text, tmp_path.__class__("/a"))
    assert [str(one) for one in found] == ["/a/b/with blank", "/a/b", "/a"]


def test_image_name_changes_with_suite_and_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = base.image_name("bookworm")
    assert name == base.image_name("bookworm")
    assert name != base.image_name("trixie")
    changed = tmp_path / "customise.py"
    changed.write_text("other")
    monkeypatch.setattr(customise, "__file__", str(changed))
    assert base.image_name("bookworm") != name


def test_a_zombie_is_dead() -> None:
    assert process.state_of("12 (a ) b) Z 1 2 3") == "Z"
    assert process.alive(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not reaped yet
    os.kill(child.pid, 0)
    assert not process.alive(child.pid)
    child.wait()


def test_lock_is_for_one_at_a_time(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        locked(tmp_path / "lock", said.append),
        pytest.raises(LabError, match="another run holds"),
        locked(tmp_path / "lock", said.append, seconds=0),
    ):
        pass
    assert len(said) == 1
    with locked(tmp_path / "lock", said.append, seconds=0):
        pass


def test_a_reboot_starts_again_and_anything_else_ends(tmp_path: Path) -> None:
    record, count = tmp_path / "host.json", tmp_path / "count"
    record.write_text("{}")
    script = f'echo x >> {count}; [ "$(wc -l < {count})" -ge 3 ] && exit 7; exit 133'
    assert supervise.main([str(record), "sh", "-c", script]) == 7
    assert count.read_text() == "x\n" * 3


def test_a_host_that_is_being_removed_does_not_start_again(tmp_path: Path) -> None:
    record = tmp_path / "host.json"
    record.write_text("{}")
    assert supervise.main([str(record), "sh", "-c", f"rm {record}; exit 133"]) == 0


def test_networks_in_use_are_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "machine_servers", set)
    network.refuse_used_network(lab, [{"dst": "default", "dev": "eth0"}, {"dst": "192.0.2.0/24", "dev": "eth0"}])
    network.refuse_used_network(lab, [{"dst": str(lab.network), "type": "unreachable"}])  # our guard
    with pytest.raises(LabError, match="in use on eth7"):
        network.refuse_used_network(lab, [{"dst": "198.51.100.64/26", "dev": "eth7"}])
    monkeypatch.setattr(apt, "machine_servers", lambda: {"198.51.100.80"})
    with pytest.raises(LabError, match="package server"):
        network.refuse_used_network(lab, [])
