# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-gateway-configure` with the real server: first time, again, after losses, and each way to fail."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.gateway.proxy import NOBODY, free_port, make_prefix
from tests.integration.gateway.site import Server, configure, server
from tests.mongod import Mongod
from tests.serverkit import PASSWORD, Kit
from wakari.server.services import EXTENSION

SECRET = PASSWORD + "\n"
PORT = 18089


@dataclass
class Gateway:
    """A gateway's prefix and the server it is to be registered with."""

    server: Server
    kit: Kit
    prefix: Path

    def run(self, *extra: str, stdin: str = SECRET, port: int = PORT) -> tuple[int, dict[str, Any], str]:
        secret = () if {"--token-file", "--password"} & set(extra) else ("--password-file", "-")
        done = configure(self.prefix, self.server.url, port, *secret, *extra, stdin=stdin)
        lines = done.stdout.splitlines()
        return done.returncode, json.loads(lines[-1]) if lines else {}, done.stderr

    @property
    def config(self) -> Path:
        return self.prefix / "etc/wakari/wk-gateway-config.json"

    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))
        return content


@pytest.fixture
def gateway(mongod: Mongod, database_name: str) -> Iterator[Gateway]:
    with server(mongod, database_name) as running:
        kit = Kit(running.app, running.app.extensions[EXTENSION])
        kit.user("wakari", "superuser")
        prefix = make_prefix()
        yield Gateway(running, kit, prefix)
        shutil.rmtree(prefix)


def test_the_first_run_registers_and_the_second_changes_nothing(gateway: Gateway) -> None:
    status, told, _ = gateway.run()
    assert (status, told["changed"]) == (0, True)
    content = gateway.content()
    assert content["CLIENT_ID"] == told["client_id"]
    assert content["EXTERNAL_GATEWAY_URL"] == f"http://127.0.0.1:{PORT}"
    assert content["WAKARI_SERVER"] == gateway.server.url
    keys = gateway.prefix / "etc/wakari/cookie-keys"
    for path in (gateway.config, keys):
        facts = path.stat()
        assert stat.S_IMODE(facts.st_mode) == 0o640
        if os.geteuid() == 0:
            assert (facts.st_uid, facts.st_gid) == (0, NOBODY)
    before = (gateway.config.read_bytes(), keys.read_bytes())
    status, told, _ = gateway.run(stdin="")
    assert (status, told["changed"]) == (0, False)
    assert (gateway.config.read_bytes(), keys.read_bytes()) == before


def test_check_changes_nothing_and_tells_what_a_run_would(gateway: Gateway) -> None:
    assert gateway.run("--check", stdin="")[1]["changed"] is True
    assert not gateway.config.exists()
    assert gateway.kit.services.store.data_centers.find("dc1") is None
    gateway.run()
    assert gateway.run("--check", stdin="")[1]["changed"] is False


def test_a_lost_registration_gets_a_new_secret(gateway: Gateway) -> None:
    gateway.run()
    before = gateway.content()
    gateway.config.unlink()
    status, told, _ = gateway.run()
    assert (status, told["changed"]) == (0, True)
    after = gateway.content()
    assert after["CLIENT_ID"] == before["CLIENT_ID"]
    assert after["CLIENT_SECRET"] != before["CLIENT_SECRET"]
    assert gateway.run(stdin="")[1]["changed"] is False


def test_new_secrets_are_made_each_time_and_the_former_cookie_key_still_opens(gateway: Gateway) -> None:
    gateway.run()
    keys = gateway.prefix / "etc/wakari/cookie-keys"
    secrets, signing = [gateway.content()["CLIENT_SECRET"]], [keys.read_text().split()[0]]
    for _ in range(2):
        status, told, _error = gateway.run("--rotate")
        assert (status, told["changed"]) == (0, True)
        first, second = keys.read_text().split()
        assert second == signing[-1]
        signing.append(first)
        secrets.append(gateway.content()["CLIENT_SECRET"])
        # The server knows the new one: a run asks it with that, and has nothing to do.
        assert gateway.run("--check", stdin="")[1]["changed"] is False
    assert len(set(secrets)) == len(set(signing)) == 3


@pytest.mark.parametrize("broken", ["{", '{"WAKARI_SERVER": 1}', "secret"])
def test_a_broken_or_refused_registration_is_replaced(gateway: Gateway, broken: str) -> None:
    gateway.run()
    if broken == "secret":
        content = gateway.content()
        content["CLIENT_SECRET"] = "A" * 43
        broken = json.dumps(content)
    gateway.config.write_text(broken, encoding="utf-8")
    assert gateway.run()[:2][0] == 0
    assert gateway.run(stdin="")[1]["changed"] is False


def test_another_address_or_summary_is_changed_at_the_server(gateway: Gateway) -> None:
    gateway.run()
    before = gateway.content()
    status, told, _ = gateway.run("--summary", "Second", port=PORT + 1)
    assert (status, told["changed"]) == (0, True)
    found = gateway.kit.services.store.data_centers.find("dc1")
    assert found is not None
    assert (found.url, found.summary) == (f"http://127.0.0.1:{PORT + 1}", "Second")
    assert gateway.content()["CLIENT_SECRET"] == before["CLIENT_SECRET"]


def test_a_token_instead_of_a_password(gateway: Gateway) -> None:
    user = gateway.kit.services.store.users.get("wakari")
    assert user is not None
    status, told, _ = gateway.run("--token-file", "-", stdin=gateway.kit.token(user) + "\n")
    assert (status, told["changed"]) == (0, True)


def test_a_password_in_the_arguments_works_with_a_warning(gateway: Gateway) -> None:
    status, _, said = gateway.run("--password", PASSWORD)
    assert status == 0
    assert "--password-file" in said


def test_wrong_mode_is_repaired(gateway: Gateway) -> None:
    gateway.run()
    gateway.config.chmod(0o644)
    assert gateway.run(stdin="")[1]["changed"] is True
    assert stat.S_IMODE(gateway.config.stat().st_mode) == 0o640


def test_each_failure_has_its_status_and_says_what_to_do(gateway: Gateway) -> None:
    gateway.kit.user("alice")
    assert gateway.run(stdin="")[0] == 2
    assert gateway.run("--token-file", "/nonexistent")[0] == 2
    assert gateway.run("--account", "no-such-account")[0] == (2 if os.geteuid() == 0 else 0)
    status, _, said = gateway.run(stdin="wrong\n")
    assert status == 4
    assert "password" in said
    status, _, said = gateway.run("--username", "alice")
    assert status == 5
    assert "superuser" in said
    gateway.kit.services.sites.register("dc1", "http://elsewhere.test:8089", "", actor="test")
    status, _, said = gateway.run()
    assert status == 6
    assert "elsewhere.test" in said
    status, _, said = gateway.run("--server", f"http://127.0.0.1:{free_port()}")
    assert status == 3
    assert "cannot be reached" in said
    assert not gateway.config.exists()
    assert PASSWORD not in said


def test_a_folder_that_cannot_be_written_is_named(gateway: Gateway) -> None:
    shutil.rmtree(gateway.prefix / "etc" / "wakari")
    status, _, said = gateway.run()
    assert status == 7
    assert "etc/wakari" in said


def test_a_data_center_is_renamed_and_moved_and_stays_itself(gateway: Gateway) -> None:
    assert gateway.run()[0] == 0
    before = gateway.content()
    status, told, errors = gateway.run("--name", "dc2", "--host", "127.0.0.2", port=PORT + 1)
    assert (status, told["changed"], told["data_center"]) == (0, True, before["DATA_CENTER_ID"]), errors
    after = gateway.content()
    assert (after["NAME"], after["EXTERNAL_GATEWAY_URL"]) == ("dc2", f"http://127.0.0.2:{PORT + 1}")
    assert (after["CLIENT_ID"], after["CLIENT_SECRET"]) == (before["CLIENT_ID"], before["CLIENT_SECRET"])
    found = gateway.kit.services.store.data_centers.all()
    assert [(center.id, center.name, center.url) for center in found] == [
        (before["DATA_CENTER_ID"], "dc2", f"http://127.0.0.2:{PORT + 1}")
    ]


def test_a_data_center_is_removed_once_it_is_empty(gateway: Gateway) -> None:
    store, sites = gateway.kit.services.store, gateway.kit.services.sites
    assert gateway.run()[0] == 0
    sites.add_node("n1", gateway.content()["DATA_CENTER_ID"], "http://n1.test:5002", "", actor="test")
    status, _, errors = gateway.run("--remove")
    assert status == 6
    assert "still has nodes or projects" in errors
    assert gateway.config.exists()
    sites.remove_node("n1", actor="test")
    assert gateway.run("--remove", "--check")[1]["changed"] is True
    assert gateway.config.exists()
    assert len(store.data_centers.all()) == 1
    assert gateway.run("--remove")[:2] == (0, {"changed": True, "data_center": None, "client_id": None})
    assert store.data_centers.all() == []
    assert not gateway.config.exists()
    assert gateway.run("--remove")[1]["changed"] is False
    assert gateway.run()[1]["changed"] is True  # and may come back


def test_what_the_server_forgot_is_forgotten_here(gateway: Gateway) -> None:
    assert gateway.run()[0] == 0
    services = gateway.kit.services
    services.sites.remove(services.store.data_centers.all()[0], actor="test")
    status, told, errors = gateway.run("--remove")
    assert (status, told["changed"]) == (0, True)
    assert "did not know dc1" in errors
    assert not gateway.config.exists()


def test_only_a_superuser_removes(gateway: Gateway) -> None:
    assert gateway.run()[0] == 0
    alice = gateway.kit.user("alice")
    status, _, errors = gateway.run("--remove", "--token-file", "-", stdin=gateway.kit.token(alice))
    assert (status, "only a superuser" in errors) == (5, True)
    assert gateway.config.exists()
