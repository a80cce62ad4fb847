# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server-admin backup and restore, over a real database and real files."""

from __future__ import annotations

import gzip
import io
import json
import secrets
import socket
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.mongod import Mongod
from tests.serverkit import write_prefix
from wakari.access import Caller
from wakari.cli import server_admin
from wakari.server import settings as settings_module
from wakari.server.services import Services, build
from wakari.store.audit_chain import verify
from wakari.store.dump import UID_GAP

PASSWORD = "correct horse battery"


class Node:
    """A server node: its prefix, its database, its command."""

    def __init__(self, root: Path, uri: str, database: str) -> None:
        self.root, self.prefix = root, root / "wakari-server"
        folder = write_prefix(self.prefix, uri, database)
        self.socket = root / "wk-server.sock"
        config = {"mongodb_database": database, "prefix": str(self.prefix), "socket": str(self.socket)}
        (folder / "wk-server-config.json").write_text(json.dumps(config))
        (folder / "initial-admin-password").write_text(f"first of {root.name}\n")
        (root / "tls" / "authority").mkdir(parents=True)
        (root / "tls" / "authority" / "ca.key").write_text(f"authority of {root.name}\n")
        self.secret = folder / "secret-key"
        self.secret.chmod(0o640)
        self.said = ""

    @contextmanager
    def services(self) -> Iterator[Services]:
        made = build(settings_module.load(prefix=self.prefix))
        try:
            yield made
        finally:
            made.store.close()

    def run(self, *arguments: str) -> int:
        files = [f"-c{self.prefix / 'etc/wakari' / name}" for name in ("config.json", "wk-server-config.json")]
        return server_admin.main([*files, *arguments, "--json"])


def installed(node: Node) -> Node:
    """Give the node what the role does: the database and the first administrator."""
    with node.services() as services:
        services.store.init()
        services.accounts.add("wakari", PASSWORD, actor="test", roles=["superuser"])
    return node


def used(node: Node) -> Node:
    """Give the node a data center with a compute node, two people and a project with a team."""
    with node.services() as services:
        place, _ = services.sites.register("east", "http://east.test:8089", "", actor="test")
        services.sites.add_node("east-1", place.id, "http://east-1.test:5002", "", actor="test")
        alice = services.accounts.add("alice", PASSWORD, actor="test")
        services.accounts.add("bob", PASSWORD, actor="test")
        caller = Caller.of(alice.name, alice.roles)
        services.team.put(caller, services.creation.create(caller, "demo"), "bob", "viewer")
    return node


@dataclass(frozen=True)
class Stand:
    """For tests that change nothing: a platform, a backup of it, a new installation."""

    old: Node
    archive: Path
    new: Node


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory, mongod: Mongod) -> Stand:
    folder = tmp_path_factory.mktemp("stand")
    old, new = (installed(Node(folder / name, mongod.uri, f"t{secrets.token_hex(8)}")) for name in ("old", "new"))
    archive = folder / "server.wkbackup"
    assert used(old).run("backup", str(archive)) == 0
    return Stand(old, archive, new)


@pytest.fixture
def node(tmp_path: Path, mongod: Mongod, database_name: str) -> Callable[[str], Node]:
    def make(name: str) -> Node:
        return installed(Node(tmp_path / name, mongod.uri, f"{database_name}{name}"))

    return make


@pytest.fixture
def old(node: Callable[[str], Node]) -> Node:
    return used(node("old"))


def everything(services: Services) -> dict[str, list[dict[str, Any]]]:
    """Return what people would miss, without what a restore notes by itself."""
    found = {}
    for name in ("users", "projects", "data_centers", "nodes", "tokens", "groups", "site"):
        documents = services.store.database[name].find().sort("_id")
        found[name] = [{key: value for key, value in each.items() if key != "restored_at"} for each in documents]
    return found


def rewritten(archive: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write the archive anew, each member as `change` gives it back; None leaves it out."""
    with tarfile.open(archive) as tar, tarfile.open(target, "w:gz") as out:
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None
            fresh = change(member.name, content.read())
            if fresh is not None:
                info = tarfile.TarInfo(member.name)
                info.size = len(fresh)
                out.addfile(info, io.BytesIO(fresh))
    return target


def test_a_new_installation_becomes_the_old_one(
    old: Node, node: Callable[[str], Node], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with old.services() as services:
        secret, _ = services.sign_in.issue_token(services.accounts.get("bob"), "laptop", 3600, actor="test")
        place = services.store.data_centers.all()[0]
        gateway_key = services.sites.secret(place)
    file = tmp_path / "server.wkbackup"
    assert old.run("backup", str(file)) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["users"], made["projects"], made["nodes"]) == (3, 1, 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with old.services() as services:
        before = everything(services)
        last_uid = services.store.database.counters.find_one({"_id": "uid"})["value"]  # type: ignore[index]

    new = node("new")
    assert new.run("restore", str(file)) == 0
    assert new.secret.read_bytes() == old.secret.read_bytes()
    assert stat.S_IMODE(new.secret.stat().st_mode) == 0o640
    assert (new.root / "tls/authority/ca.key").read_text() == "authority of old\n"
    with new.services() as services:
        assert everything(services) == before
        assert services.sign_in.authenticate("alice", PASSWORD, "").name == "alice"
        holder = services.sign_in.resume_token(secret)
        assert holder is not None
        assert holder.name == "bob"
        assert services.sites.secret(services.store.data_centers.all()[0]) == gateway_key
        assert verify(services.store.audit.entries(), services.store.audit.highest()).problem == ""
        assert services.store.audit.latest(1)[0].event == "backup.restore"
        assert services.store.init() == []  # every index is there
        # Somebody may have come after the backup, and have files under the next uid.
        assert services.accounts.add("carol", PASSWORD, actor="test").uid == last_uid + UID_GAP + 1
    assert not [path for path in tmp_path.rglob(".*") if "restore" in path.name or "backup" in path.name]


def test_writes_meanwhile_leave_the_backup_of_one_moment(old: Node) -> None:
    with old.services() as services:
        documents = services.store.dump.collections()
        first, content = next(documents)  # the moment is chosen by the first read
        assert first == "audit"
        entries = sum(1 for _ in content)
        services.accounts.add("late", PASSWORD, actor="test")
        names = {name: list(content) for name, content in documents}
        assert not [raw for raw in names["users"] if b"late" in raw]
        assert entries == services.store.audit.highest() - 1


def test_a_platform_in_use_is_replaced_only_where_that_is_said(
    old: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "server.wkbackup"
    assert old.run("backup", str(archive)) == 0
    with old.services() as services:
        services.accounts.add("late", PASSWORD, actor="test")
        before = services.store.changes.since(None, "", 0).position
    assert old.run("restore", str(archive)) == 1
    assert "1 data centers, 1 projects, 3 users" in capsys.readouterr().err
    with old.services() as services:
        assert services.accounts.get("late")
    assert old.run("restore", str(archive), "--replace") == 0
    with old.services() as services:
        assert services.store.users.get("late") is None
        place = services.store.data_centers.all()[0].id
        told = services.store.changes.since(before, place, 2)
        # Gateways decide anew about everybody and everything that is there now.
        assert told.lost or {"user": "alice"} in told.changes


def test_running_services_are_not_restored_under(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    new = stand.new
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(new.socket))
        listening.listen()
        assert new.run("restore", str(stand.archive)) == 1
    assert "service wakari-server stop" in capsys.readouterr().err


def later_release(name: str, content: bytes) -> bytes:
    return content.replace(b'"format": 1', b'"format": 2') if name == "manifest.json" else content


def later_version(name: str, content: bytes) -> bytes:
    head = json.loads(content) if name == "manifest.json" else None
    return json.dumps({**head, "release": "99.0"}).encode() if head else content


def another_key(name: str, content: bytes) -> bytes:
    return content[::-1] if name == "secrets/secret-key" else content


def without_users(name: str, content: bytes) -> bytes | None:
    return None if name == "database/users.bson" else content


def outside(name: str, content: bytes) -> bytes:
    if name != "manifest.json":
        return content
    head = json.loads(content)
    head["parts"]["secrets/../../escaped"] = head["parts"]["secrets/secret-key"]
    return json.dumps(head).encode()


@pytest.mark.parametrize(
    "case",
    [
        (later_release, "Install that release"),
        (later_version, "release 99.0 made this backup"),
        (another_key, "the checksum of secrets/secret-key is another"),
        (without_users, "it lacks database/users.bson"),
        (outside, "its manifest breaks a rule"),
    ],
)
def test_a_changed_archive_is_refused_and_changes_nothing(
    stand: Stand,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: tuple[Callable[[str, bytes], bytes | None], str],
) -> None:
    change, reason = case
    new = stand.new
    secret = new.secret.read_bytes()
    assert new.run("restore", str(rewritten(stand.archive, tmp_path / "changed", change))) == 1
    assert reason in capsys.readouterr().err
    assert new.secret.read_bytes() == secret
    with new.services() as services:
        assert [user.name for user in services.store.users.page("", 0)] == ["wakari"]


def test_an_archive_that_was_cut_off_is_refused_wherever_the_cut_is(
    stand: Stand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = stand.new
    whole = stand.archive.read_bytes()
    for size in (len(whole) // 4, len(whole) // 2, len(whole) - 40, len(whole) - 5):
        cut = tmp_path / f"cut{size}"
        cut.write_bytes(whole[:size])
        assert new.run("restore", str(cut)) == 1, size
        assert "damaged" in capsys.readouterr().err, size


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", gzip.compress(b"hello", mtime=0), b"\x1f\x8b\x08"],
    ids=["empty", "text", "gzip of text", "cut gzip"],
)
def test_another_file_is_no_backup(
    stand: Stand, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "other").write_bytes(content)
    assert stand.new.run("restore", str(tmp_path / "other")) == 1
    assert "this is no backup of a server node" in capsys.readouterr().err


def test_a_backup_never_replaces_a_file(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    before = stand.archive.read_bytes()
    assert stand.old.run("backup", str(stand.archive)) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert stand.archive.read_bytes() == before
    assert stand.old.run("backup", "/nowhere/at/all") == 1


def test_the_archive_says_when_it_was_made(stand: Stand) -> None:
    with tarfile.open(stand.archive) as tar:
        first = tar.next()
        assert first is not None
        assert first.name == "manifest.json"
        head = json.loads(tar.extractfile(first).read())  # type: ignore[union-attr]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(head["made_at"])).total_seconds()) < 900


def test_a_collection_of_a_later_release_is_empty_in_the_backup_of_an_earlier_one(
    node: Callable[[str], Node], stand: Stand, tmp_path: Path
) -> None:
    def earlier(name: str, content: bytes) -> bytes | None:
        if name == "manifest.json":
            head = json.loads(content)
            del head["parts"]["database/groups.bson"]
            return json.dumps(head).encode()
        return None if name == "database/groups.bson" else content

    new = node("new")
    assert new.run("restore", str(rewritten(stand.archive, tmp_path / "earlier", earlier))) == 0
    with new.services() as services:
        assert services.accounts.get("alice")
        assert services.store.init() == []
