# SPDX-License-Identifier: GPL-3.0-or-later
"""What a control group uses, in each layout; who works in a terminal; who came through the data plane."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from wakari.monitor import traffic, usage
from wakari.monitor.processes import Process, processes, works_in_terminal

GROUP = "/wakari.slice/app.service"
INSTANCE, OTHER = "0123456789abcdef0123", "a" * 20


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")


V2 = {
    f"{base}{GROUP[1:]}/{name}": content
    for base in ("",)
    for name, content in (
        ("cpu.stat", "usage_usec 2500000\nuser_usec 1"),
        ("memory.current", "1000"),
        ("memory.peak", "2000"),
        ("pids.current", "7"),
        ("cgroup.procs", ""),
    )
}
V1 = {
    f"cpu,cpuacct{GROUP}/cpuacct.usage": "2500000000",
    f"memory{GROUP}/memory.usage_in_bytes": "1000",
    f"memory{GROUP}/memory.max_usage_in_bytes": "2000",
    f"pids{GROUP}/pids.current": "7",
}


@pytest.mark.parametrize("files", [V2, V1, {f"unified/{name}": content for name, content in V2.items()}])
def test_use_in_each_layout_of_control_groups(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)
    found = usage.read(GROUP, tmp_path)
    assert (found.cpu_seconds, found.memory, found.memory_peak, found.tasks) == (2.5, 1000, 2000, 7)


def test_a_group_that_is_gone_is_unknown_and_not_zero(tmp_path: Path) -> None:
    assert usage.read(GROUP, tmp_path) == usage.Usage(None, None, None, None, ())


def test_without_the_controller_the_processes_are_added_up(tmp_path: Path) -> None:
    write(tmp_path, {f"systemd{GROUP}/cgroup.procs": f"{os.getpid()}"})
    found = usage.read(GROUP, tmp_path)
    assert found.cpu_seconds is not None
    assert found.cpu_seconds > 0
    assert [one.pid for one in found.processes] == [os.getpid()]


def test_a_process_may_call_itself_anything(tmp_path: Path) -> None:
    write(tmp_path, {"5/stat": "5 (a) b) 1 2 3) S 4 5 6 34816 9 0 0 0 0 0 100 50 25 25 20 0"})
    ticks = os.sysconf("SC_CLK_TCK")
    assert processes([5, 6], tmp_path) == [Process(5, 4, 6, 34816, 200 / ticks)]


SERVER = Process(10, 1, 10, 0, 0)
SHELL = Process(20, 10, 20, 34816, 0)


@pytest.mark.parametrize(
    ("others", "works"),
    [
        ([], False),
        ([Process(30, 20, 20, 34816, 0)], True),  # a command, in the foreground or with &
        ([Process(30, 20, 30, 0, 0)], True),  # one that left the terminal by setsid, still the shell's child
        ([Process(30, 20, 30, 0, 0), Process(31, 30, 30, 0, 0)], True),
        ([Process(40, 10, 40, 0, 0)], False),  # a kernel
    ],
)
def test_work_in_a_terminal(others: list[Process], *, works: bool) -> None:
    assert works_in_terminal([SERVER, SHELL, *others]) is works


def test_parents_in_a_circle_end() -> None:
    assert not works_in_terminal([Process(1, 2, 1, 0, 0), Process(2, 1, 2, 0, 0)])


def line(instance: str) -> str:
    return f'{{"time":"x","instance":"{instance}","user":"alice"}}\n'


def test_the_log_tells_of_requests_since_the_last_look(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(line(OTHER))
    log = traffic.AccessLog(path)
    assert log.instances() == set()  # what was before is not known to be new
    with path.open("a") as file:
        file.write(line(INSTANCE) + line(""))
    assert log.instances() == {INSTANCE}
    assert log.instances() == set()


def test_a_rotated_or_cut_log_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(line(OTHER) * 10)
    log = traffic.AccessLog(path)
    log.instances()
    path.rename(tmp_path / "log.1")
    assert log.instances() == set()
    path.write_text(line(INSTANCE))
    assert log.instances() == {INSTANCE}
    path.write_text("")
    assert log.instances() == set()


def test_an_open_connection_is_seen_and_a_closed_one_is_not(tmp_path: Path) -> None:
    """The kernel's own table: the accepted end of a connection has the listener's path."""
    folder = tmp_path / INSTANCE
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "app.sock"))
        listener.listen()
        assert traffic.connected(tmp_path) == set()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / "app.sock"))
            accepted, _ = listener.accept()
            assert traffic.connected(tmp_path) == {INSTANCE}
            accepted.close()
        assert traffic.connected(tmp_path) == set()


def test_kernel_sockets(tmp_path: Path) -> None:
    """Server and kernels speak over Unix sockets in the same folder, connected for as long as the kernel lives."""
    folder = tmp_path / INSTANCE / "j"
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(folder / "k"))
        listener.listen()
        client.connect(str(folder / "k"))
        accepted, _ = listener.accept()
        assert traffic.connected(tmp_path) == set()
        accepted.close()
