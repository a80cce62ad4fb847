# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server-admin as the role and an administrator call it."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mongod import Mongod
from tests.serverkit import write_prefix
from wakari.cli import server_admin
from wakari.core.settings import SettingsError
from wakari.server import settings as settings_module
from wakari.server.services import Services, build


class Command:
    """The command over one prefix."""

    def __init__(self, prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.files = [
            "-c",
            str(prefix / "etc/wakari/config.json"),
            "-c",
            str(prefix / "etc/wakari/wk-server-config.json"),
        ]
        self.capsys = capsys
        self.code, self.out, self.err = 0, "", ""

    def __call__(self, *arguments: str) -> Any:
        self.code = server_admin.main([*self.files, *arguments, "--json"])
        self.out, self.err = self.capsys.readouterr()
        return json.loads(self.out) if self.code == 0 else None

    def plain(self, *arguments: str) -> str:
        self.code = server_admin.main([*self.files, *arguments])
        self.out, self.err = self.capsys.readouterr()
        return self.out


@pytest.fixture
def prefix(tmp_path: Path, mongod: Mongod, database_name: str) -> Path:
    folder = write_prefix(tmp_path, mongod.uri, database_name)
    config = folder / "wk-server-config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "prefix": str(tmp_path)}))
    return tmp_path


@pytest.fixture
def admin(prefix: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    command = Command(prefix, capsys)
    assert command("init-database")["changed"] is True
    return command


@pytest.fixture
def parts(prefix: Path, admin: Command) -> Iterator[Services]:
    assert admin
    made = build(settings_module.load(prefix=prefix))
    yield made
    made.store.close()


def secret_file(folder: Path, text: str) -> str:
    path = folder / "password"
    path.write_text(text)
    path.chmod(stat.S_IRUSR)
    return str(path)


def test_init_database_twice_changes_nothing(admin: Command) -> None:
    assert admin("init-database") == {"changed": False, "created": []}


def test_the_first_administrator_is_made_once_and_never_touched_again(
    admin: Command, parts: Services, tmp_path: Path
) -> None:
    file = secret_file(tmp_path, "the first password\n")
    assert admin("ensure-admin", "--password-file", file) == {"changed": True, "user": "wakari"}
    user = parts.sign_in.authenticate("wakari", "the first password", "")
    assert user.roles == ("superuser",)
    (tmp_path / "other").write_text("another password")
    assert admin("ensure-admin", "--password-file", str(tmp_path / "other"))["changed"] is False
    assert parts.sign_in.authenticate("wakari", "the first password", "").name == "wakari"


def test_add_user_is_idempotent_and_tells_a_generated_password_once(admin: Command, parts: Services) -> None:
    first = admin("add-user", "alice", "--email", "a@example.org")
    assert first["changed"] is True
    assert first["uid"] == 20000
    assert parts.sign_in.authenticate("alice", first["password"], "").email == "a@example.org"
    assert admin("add-user", "alice", "--email", "a@example.org") == {"changed": False, "user": "alice", "uid": 20000}
    assert admin("add-user", "alice", "--email", "b@example.org", "--superuser")["changed"] is True
    assert parts.accounts.get("alice").roles == ("superuser",)


def test_a_password_may_come_from_standard_input(
    admin: Command, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("typed at the prompt\n"))
    assert "password" not in admin("add-user", "alice", "--password-file", "-")
    assert parts.sign_in.authenticate("alice", "typed at the prompt", "").name == "alice"


def test_superuser_is_given_and_taken_but_not_from_the_last(admin: Command) -> None:
    admin("add-user", "alice")
    admin("add-user", "bob")
    assert admin("superuser", "--add", "alice")["changed"] is True
    assert admin("superuser", "--add", "alice")["changed"] is False
    assert admin("superuser", "--remove", "alice") is None
    assert (admin.code, "last superuser" in admin.err) == (1, True)
    admin("superuser", "--add", "bob")
    assert admin("superuser", "--remove", "alice")["changed"] is True
    assert admin("superuser", "--remove", "alice")["changed"] is False


def test_remove_user_is_idempotent(admin: Command) -> None:
    admin("add-user", "alice")
    assert admin("remove-user", "alice")["changed"] is True
    assert admin("remove-user", "alice")["changed"] is False
    assert admin("add-user", "alice")["uid"] == 20000


def test_a_token_is_printed_alone_and_opens_the_api(admin: Command, parts: Services) -> None:
    admin("add-user", "wakari", "--superuser")
    printed = admin.plain("issue-token", "--user", "wakari", "--expires-in", "600")
    user = parts.sign_in.resume_token(printed.strip())
    assert user
    assert user.name == "wakari"
    assert admin("issue-token", "--user", "wakari", "--expires-in", "0") is None
    assert admin.code == 1


def test_nodes_are_registered_by_name_or_id_and_brought_in_line(admin: Command, parts: Services) -> None:
    east, _ = parts.sites.register("east", "http://gw1:8089", "", actor="test")
    parts.sites.register("west", "http://gw2:8089", "", actor="test")
    add = ("add-enterprise-resource", "-u", "http://c1:5002/", "-n", "compute1")
    assert admin(*add, "-i", "east")["changed"] is True
    assert admin(*add, "-i", east.id)["changed"] is False
    assert admin(*add, "-i", "east", "--description", "big")["changed"] is True
    moved = ("add-enterprise-resource", "-i", "east", "-u", "http://c1.lan:5002", "-n", "compute1")
    assert admin(*moved)["changed"] is True
    assert admin("nodes") == [
        {
            "name": "compute1",
            "data_center": "east",
            "url": "http://c1.lan:5002",
            "state": "unknown",
            "drained": False,
            "description": "big",
        }
    ]
    assert admin(*add, "-i", "west") is None
    assert "exactly one gateway" in admin.err
    assert admin(*add, "-i", "north") is None
    assert admin("remove-enterprise-resource", "-n", "compute1")["changed"] is True
    assert admin("remove-enterprise-resource", "-n", "compute1")["changed"] is False


def test_a_person_is_banned_and_let_in_again(admin: Command, parts: Services) -> None:
    admin("add-user", "bob")
    assert admin("ban", "bob", "--reason", "Left the lab") == {"changed": True, "user": "bob"}
    assert admin("ban", "bob")["changed"] is False
    assert parts.accounts.get("bob").ban_reason == "Left the lab"
    assert admin("issue-token", "--user", "bob", "--expires-in", "60") is None
    assert "Left the lab" in admin.err
    assert admin("unban", "bob")["changed"] is True
    assert admin("unban", "bob")["changed"] is False
    assert admin("ban", "nobody-here") is None


def test_lists_are_tables_for_people(admin: Command, parts: Services) -> None:
    assert admin.plain("data-centers") == "(none)\n"
    parts.sites.register("east", "http://gw1:8089", "", actor="test")
    admin("add-user", "alice", "--superuser")
    assert "east" in admin.plain("data-centers")
    assert "superuser" in admin.plain("users")
    for name in ("projects", "tasks"):
        assert admin(name) == []


def test_json_may_stand_before_the_verb(admin: Command) -> None:
    assert json.loads(admin.plain("--json", "users")) == []


def test_exit_codes(prefix: Path, admin: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin("set-password", "nobody-here", "--password-file", "/nowhere") is None
    assert admin.code == 1
    with pytest.raises(SystemExit) as caught:
        server_admin.main(["nonsense"])
    assert caught.value.code == 2
    capsys.readouterr()
    (prefix / "etc/wakari/mongodb-uri").write_text("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200")
    assert admin("users") is None
    assert (admin.code, "MongoDB cannot be reached" in admin.err) == (4, True)
    (prefix / "etc/wakari/secret-key").write_text("change-me")
    assert admin("users") is None
    assert (admin.code, "secret-key" in admin.err) == (3, True)
    with pytest.raises(SettingsError):
        build(settings_module.load(prefix=prefix))


def test_the_security_log_is_exported_and_verified(admin: Command, prefix: Path) -> None:
    password = prefix / "password"
    password.write_text("correct horse battery\n")
    admin("add-user", "alice", "--password-file", str(password))
    admin("issue-token", "--user", "alice", "--expires-in", "60")
    whole = admin("verify-log")
    assert whole["entries"] >= 2
    assert admin("verify-log", "--expect", whole["head"])["head"] == whole["head"]
    export = prefix / "log.jsonl"
    assert admin("export-log", "--file", str(export))["entries"] == whole["entries"]
    assert stat.S_IMODE(export.stat().st_mode) == 0o600
    entries = [json.loads(line) for line in export.read_text().splitlines()]
    assert admin.plain("export-log") == export.read_text()
    made = next(entry for entry in entries if entry["event"] == "token.create")
    assert (made["actor"], made["subject"]) == ("wk-server-admin", "alice"), "who made the token can act as alice"
    assert admin("verify-log", "--file", str(export))["entries"] == len(entries)
    admin("export-log", "--file", str(export))
    assert admin.code == 1, "an export is never overwritten"
    assert len(export.read_text().splitlines()) == len(entries)
    export.write_text(export.read_text().replace('"wk-server-admin"', '"alice"', 1))
    admin("verify-log", "--file", str(export))
    assert admin.code == 1
    assert "was changed" in admin.err
    admin("verify-log", "--expect", "7:not-a-hash")
    assert admin.code == 1
