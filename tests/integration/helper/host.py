# SPDX-License-Identifier: GPL-3.0-or-later
"""A compute node's files for the helper, and the helper as a real process that sees accounts of its own.

Accounts are made by the real useradd(8) on an overlay of /etc, in a mount namespace: this machine keeps its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

SERVICES = Path(__file__).parents[3] / "services"
SKELETON = Path(__file__).parents[3] / "roles/aen_compute/files/skeleton"
ALICE = {"name": "alice", "uid": 20000, "gid": 20000}
BOB = {"name": "bob", "uid": 20001, "gid": 20001}
CAROL = {"name": "carol", "uid": 20002, "gid": 20002}
SERVICE, VISITORS = "wksvc", "wakari-public"
_OWN_ETC = """
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
shift
exec "$@"
"""
_RUN = """
import sys
from pathlib import Path
sys.path[:0] = [{services!r}]
from wakari.helper.main import run
raise SystemExit(run(sys.stdin.buffer, sys.stdout.buffer, Path({prefix!r}), Path({site!r})))
"""
_PERMISSIONS = """
import sys
from pathlib import Path
sys.path[:0] = [{services!r}]
from wakari.permissions.cli import main
raise SystemExit(main(sys.argv[1:], Path({prefix!r}), Path({site!r})))
"""


@dataclass(frozen=True)
class Answer:
    """What the helper answered."""

    status: int
    lines: list[dict[str, Any]]

    @property
    def result(self) -> dict[str, Any]:
        assert "result" in self.lines[-1], self.lines[-1]
        return dict(self.lines[-1]["result"])

    @property
    def code(self) -> str:
        assert "error" in self.lines[-1], self.lines[-1]
        return str(self.lines[-1]["error"]["code"])

    @property
    def steps(self) -> list[str]:
        return list(dict.fromkeys(line["step"] for line in self.lines[:-1]))


@dataclass(frozen=True)
class Host:
    """Folders of one node, all below one that root alone can write."""

    root: Path
    namespace: int | None = None  # a process in whose mount namespace everything runs; None: each in one of its own

    @property
    def projects(self) -> Path:
        return self.root / "projects"

    @property
    def anaconda(self) -> Path:
        return self.root / "anaconda"

    @property
    def scripts(self) -> Path:
        return self.root / "prefix/etc/wakari/scripts/config.json"

    @property
    def shared(self) -> Path:
        return self.root / "prefix/etc/wakari/wk-compute-launcher-config.json"

    def begin(self, text: bytes) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None
        return process

    def end(self, process: subprocess.Popen[bytes]) -> Answer:
        output, errors = process.communicate(timeout=60)
        assert b"Traceback" not in errors, errors.decode()
        return Answer(process.returncode, [json.loads(line) for line in output.splitlines()])

    def ask(self, verb: str, **fields: Any) -> Answer:
        return self.end(self.begin(request(verb, **fields)))

    def in_namespace(self, *command: str) -> str:
        """Return what a command prints that sees the helper's accounts."""
        return subprocess.run(self._own_etc(*command), check=True, capture_output=True, text=True).stdout

    def keys_of(self, name: str) -> list[str] | None:
        """Return the lines of a person's file of keys; None where it is gone.

        Who is let in no more has none, or an empty one where a process of that uid runs anywhere on this machine: no
        systemd ends it here.
        """
        path = self.root / "state/ssh-keys" / name
        if not path.exists():
            return None
        return [line for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("#")]

    def expiry_of(self, name: str) -> str:
        """Return the day on which the account expires, of shadow(5); empty for never."""
        return self.in_namespace("sh", "-c", f"grep ^{name}: /etc/shadow").split(":")[7]

    def permissions(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `wk-permissions` with the node's settings and accounts."""
        folders = {"prefix": str(self.root / "prefix"), "site": str(self.root / "site")}
        code = _PERMISSIONS.format(services=str(SERVICES), **folders)
        command = self._own_etc(sys.executable, "-I", "-c", code, *arguments)
        return subprocess.run(command, check=False, capture_output=True, text=True)

    def command(self) -> list[str]:
        """Return the command that runs the helper."""
        code = _RUN.format(services=str(SERVICES), prefix=str(self.root / "prefix"), site=str(self.root / "site"))
        return self._own_etc(sys.executable, "-I", "-c", code)

    def _own_etc(self, *command: str) -> list[str]:
        if self.namespace is not None:
            return ["nsenter", f"--mount=/proc/{self.namespace}/ns/mnt", *command]
        head = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _OWN_ETC, "sh"]
        return [*head, str(self.root / "etc"), *command]


@contextmanager
def one_namespace(host: Host) -> Iterator[Host]:
    """Yield the host with one /etc for all that runs on it in the block, as on a real one.

    Two overlays on one upper folder at the same time do not see each other's files whole (useradd fails on them).
    """
    keeper = subprocess.Popen(host._own_etc("sh", "-c", "echo ready; exec sleep 600"), stdout=subprocess.PIPE)
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"ready\n"
        yield replace(host, namespace=keeper.pid)
    finally:
        keeper.kill()
        keeper.communicate()


def request(verb: str, **fields: Any) -> bytes:
    return json.dumps({"verb": verb, "request_id": "test-request-1", "requested_by": "alice", **fields}).encode()


def project(name: str = "p1", owner: dict[str, Any] = ALICE, **fields: Any) -> dict[str, Any]:
    return {"owner": owner, "name": name, **fields}


@contextmanager
def laid_down() -> Iterator[Host]:
    """Make a node's files in a folder of root's, and remove them at the end of the block."""
    # Not below /tmp: everybody can write there, and the helper refuses settings in such a place.
    host = Host(Path(tempfile.mkdtemp(prefix="wakari-helper-", dir="/var/lib")))
    try:
        host.root.chmod(0o755)
        for name in ("projects", "prefix/etc/wakari/scripts", "site", "etc/upper", "etc/work", "home"):
            (host.root / name).mkdir(parents=True)
        host.projects.chmod(0o711)
        settings = {
            "service_account": SERVICE,
            "anaconda": str(host.anaconda),
            "skeleton": str(host.root / "skeleton"),
            "home_root": str(host.root / "home"),
            "run_dir": str(host.root / "run"),
            "state_dir": str(host.root / "state"),
            "app_logs": str(host.root / "appLogs"),
        }
        host.scripts.write_text(json.dumps(settings))
        host.shared.write_text(json.dumps({"projectRoot": str(host.projects), "node_name": "compute1"}))
        shutil.copytree(SKELETON, host.root / "skeleton")
        make_distribution(host.anaconda)
        for name in (SERVICE, VISITORS):
            host.in_namespace("useradd", "--system", "--no-create-home", name)
        yield host
    finally:
        shutil.rmtree(host.root)


def make_distribution(path: Path) -> None:
    """Make the smallest prefix that is an environment: records, a program, a script that names the prefix."""
    (path / "conda-meta").mkdir(parents=True)
    (path / "bin").mkdir()
    (path / "bin/python").write_text("#!/bin/sh\n")
    (path / "bin/tool").write_text(f"#!{path}/bin/python\n")
    for name in ("python", "tool"):
        (path / "bin" / name).chmod(0o755)
    record = {
        "name": "tool",
        "version": "1",
        "build": "0",
        "build_number": 0,
        "files": ["bin/python", "bin/tool"],
        "paths_data": {
            "paths_version": 1,
            "paths": [
                {"_path": "bin/python", "path_type": "hardlink"},
                {"_path": "bin/tool", "path_type": "hardlink", "file_mode": "text", "prefix_placeholder": str(path)},
            ],
        },
    }
    (path / "conda-meta/tool-1-0.json").write_text(json.dumps(record))
    (path / "conda-meta/history").write_text("")


def mode_of(path: Path) -> str:
    return f"{os.lstat(path).st_mode & 0o7777:o}"
