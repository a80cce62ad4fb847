# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real hosts: what an administrator may expect of a machine holds for them."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tools.hosts.settings import Lab

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.root

ALPHA, BETA, GAMMA = "alpha=131", "beta=132", "gamma=133"


@pytest.fixture(scope="module")
def pair(hosts: Run) -> Iterator[Run]:
    """A function that runs a shell line in a host; the hosts alpha and beta are up."""
    hosts("up", ALPHA, BETA, "--memory", "512M")

    def inside(name: str, line: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        return hosts("ssh", name, line, check=check)

    yield inside
    hosts("destroy")


def boot_id(pair: Run, name: str) -> str:
    return str(pair(name, "cat /proc/sys/kernel/random/boot_id && cat /etc/machine-id", check=False).stdout)


def eventually(condition: Callable[[], bool], *, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def status(hosts: Run) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(hosts("status", "--json").stdout)
    return report


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_systemd_runs_with_nothing_failed(pair: Run, name: str) -> None:
    assert pair(name, "systemctl is-system-running --wait").stdout.strip() == "running"
    assert pair(name, "systemctl --failed --no-legend; ps -p 1 -o comm=").stdout.split() == ["systemd"]


def test_status_tells_how_to_connect(pair: Run, hosts: Run) -> None:
    del pair
    report = status(hosts)
    options = ["-F", "none", "-i", report["ssh_key"], "-o", f"UserKnownHostsFile={report['known_hosts']}"]
    options += ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"]
    for host in report["hosts"]:
        assert host["state"] == "running"
        done = subprocess.run(
            ["ssh", *options, f"{report['user']}@{host['address']}", "hostname -f; sudo -n id -u"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        assert done.stdout.split() == [host["fqdn"], "0"]


def test_names_resolve_and_hosts_reach_each_other(pair: Run) -> None:
    for one, other in (("alpha", "beta"), ("beta", "alpha")):
        for name in (other, f"{other}.aentest.test", "controller"):
            pair(one, f"ping -c 1 -W 2 {name}")
    assert pair("beta", "hostname -f; hostname").stdout.split() == ["beta.aentest.test", "beta"]


def test_nothing_leaves_the_lab(pair: Run, lab: Lab) -> None:
    assert "unreachable" in pair("alpha", "ip route get 192.0.2.1 2>&1", check=False).stdout.lower()
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert f"unreachable {lab.network}" in routes


def test_up_again_leaves_running_hosts_alone(pair: Run, hosts: Run) -> None:
    before = boot_id(pair, "alpha")
    assert "boots" not in hosts("up", ALPHA, BETA).stdout
    assert boot_id(pair, "alpha") == before


def test_a_later_host_becomes_known_to_running_ones(pair: Run, hosts: Run) -> None:
    pair("alpha", "echo '192.0.2.9 by-a-role' | sudo tee -a /etc/hosts")
    hosts("up", GAMMA)
    assert pair("alpha", "getent hosts gamma by-a-role | sort").stdout.split("\n")[:2] == [
        "192.0.2.9       by-a-role",
        "198.51.100.133  gamma.aentest.test gamma",
    ]
    pair("gamma", "ping -c 1 -W 2 beta")
    hosts("down", "gamma")
    assert pair("alpha", "getent hosts gamma", check=False).returncode != 0
    assert [one["name"] for one in status(hosts)["hosts"]] == ["alpha", "beta"]


def test_memory_limit_holds(pair: Run) -> None:
    program = """python3 -c 'x = bytearray(200 << 20); print("allocated")'"""
    assert "allocated" in pair("alpha", f"sudo systemd-run -q --wait --pipe -p MemoryMax=400M {program}").stdout
    done = pair("alpha", f"sudo systemd-run -q --wait --pipe -p MemoryMax=40M {program}", check=False)
    assert done.returncode != 0
    assert "allocated" not in done.stdout


def test_task_limit_holds(pair: Run) -> None:
    fork = "import subprocess\nall = [subprocess.Popen(['sleep', '1']) for _ in range(9)]\nprint('forked')"
    pair("alpha", f"cat > /tmp/fork.py <<'X'\n{fork}\nX")
    program = "python3 /tmp/fork.py"
    assert "forked" in pair("alpha", f"sudo systemd-run -q --wait --pipe -p TasksMax=20 {program}").stdout
    done = pair("alpha", f"sudo systemd-run -q --wait --pipe -p TasksMax=6 {program}", check=False)
    assert "BlockingIOError" in done.stderr  # EAGAIN of fork(2)
    assert "forked" not in done.stdout


def test_cpu_quota_holds(pair: Run) -> None:
    # 2 s of the clock at a quota of 20 % are 0.4 s of a processor; without it they would be near 2 s.
    spin = "import time\nend=time.monotonic()+2\nwhile time.monotonic()<end: pass\nprint(time.process_time())"
    pair("alpha", f"cat > /tmp/spin.py <<'X'\n{spin}\nX")
    done = pair("alpha", "sudo systemd-run -q --wait --pipe -p CPUQuota=20% python3 /tmp/spin.py")
    assert 0.05 < float(done.stdout) < 0.8


def test_host_has_its_memory_limit(pair: Run) -> None:
    done = pair("alpha", "python3 -c 'x = bytearray(700 << 20); print(\"allocated\")'", check=False)
    assert "allocated" not in done.stdout
    pair("alpha", "sudo systemctl reset-failed")  # the session that wanted too much
    assert pair("alpha", "systemctl is-system-running").stdout.strip() == "running"


def test_default_acl_reaches_new_files(pair: Run) -> None:
    pair("alpha", "sudo install -d /srv/shared && sudo setfacl -m u:games:rwx,d:u:games:rwx /srv/shared")
    pair("alpha", "sudo touch /srv/shared/file && sudo mkdir /srv/shared/folder")
    assert "user:games:rwx" in pair("alpha", "getfacl -cp /srv/shared/file").stdout
    assert "default:user:games:rwx" in pair("alpha", "getfacl -cp /srv/shared/folder").stdout


def test_packages_are_fetched_once_for_all(pair: Run, lab: Lab) -> None:
    for name in ("alpha", "beta"):
        pair(name, "sudo apt-get update -q && sudo apt-get install -q -y --no-install-recommends time")
        pair(name, "/usr/bin/time -V")
    cached = list((lab.state / "apt-cache" / lab.name).rglob("time_*.deb"))
    assert len(cached) == 1


def test_cut_and_mend(pair: Run, hosts: Run) -> None:
    hosts("cut", "beta")
    states = {one["name"]: one["state"] for one in status(hosts)["hosts"]}
    assert states == {"alpha": "running", "beta": "cut"}
    assert pair("alpha", "ping -c 1 -W 1 beta", check=False).returncode != 0
    hosts("mend", "beta")
    assert eventually(lambda: pair("alpha", "ping -c 1 -W 1 beta", check=False).returncode == 0, seconds=5)


def test_reboot_comes_back_with_its_disk(pair: Run) -> None:
    before = boot_id(pair, "beta")
    pair("beta", "echo kept | sudo tee /srv/kept && sudo systemctl reboot", check=False)
    assert eventually(lambda: boot_id(pair, "beta") not in ("", before))
    assert pair("beta", "systemctl is-system-running --wait; cat /srv/kept").stdout.split() == ["running", "kept"]
    assert boot_id(pair, "beta").split()[1] == before.split()[1]
    test_cpu_quota_holds(lambda _, line, **more: pair("beta", line, **more))  # limits still hold


def test_switched_off_host_starts_again_with_its_disk(pair: Run, hosts: Run) -> None:
    pair("beta", "echo kept | sudo tee /srv/kept && sudo systemctl poweroff", check=False)
    assert eventually(lambda: {"name": "beta", "state": "stopped"}.items() <= status(hosts)["hosts"][1].items())
    assert "beta: boots" in hosts("up", BETA).stdout
    assert pair("beta", "cat /srv/kept").stdout == "kept\n"


def test_debian_13_beside_debian_12(pair: Run, hosts: Run) -> None:
    hosts("up", f"{GAMMA}:trixie")
    release = pair("gamma", ". /etc/os-release && echo $VERSION_CODENAME; systemctl is-system-running --wait")
    assert release.stdout.split() == ["trixie", "running"]
    pair("gamma", "sudo apt-get update -q && sudo apt-get install -q -y --no-install-recommends time")
    pair("gamma", "ping -c 1 -W 2 alpha")
    hosts("down", "gamma")


def test_contradictory_wish_is_refused(pair: Run, hosts: Run) -> None:
    del pair
    done = hosts("up", "delta=131", check=False)
    assert done.returncode == 1
    assert "belongs to alpha" in done.stderr


def test_a_machine_that_has_hosts_lacks_nothing(pair: Run, hosts: Run) -> None:
    del pair
    assert "missing" not in hosts("check").stdout


def test_key_is_private(pair: Run, lab: Lab) -> None:
    del pair
    key: Path = lab.key
    assert key.stat().st_mode & 0o777 == 0o600
