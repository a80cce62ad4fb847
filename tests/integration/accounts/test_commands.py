# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at a backend and linking accounts: wk-server-admin check-accounts, link-account, add-user --source."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.accounts.conftest import Site
from tests.integration.accounts.slapd import BASE, SERVICE, Slapd
from tests.integration.accounts.test_ldap import SECRET, refusal, sign_in
from tests.serverkit import PASSWORD, Kit
from wakari.accounts.backends.checks import Step, check
from wakari.cli import server_admin
from wakari.core.errors import AppError
from wakari.server.settings import ServerSettings


def look(kit: Kit, user: str = "", password: str = "") -> list[Step]:
    settings = kit.services.settings
    return check(settings, settings.prefix, user, password)


def test_each_step_is_told(slapd: Slapd, site: Site) -> None:
    slapd.group("admins", slapd.person("alice", SECRET))
    kit = site(SUPERUSER_GROUPS=["admins"], GROUP_MAP={"admins": "ops"})
    steps = look(kit, "alice", SECRET)
    assert [step.name for step in steps] == ["connect", "tls", "bind", "search", "name", "groups", "gives", "password"]
    assert all(step.good for step in steps)
    assert steps[6].said == "ops, superuser"
    assert kit.services.store.users.count() == 0


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"URI": "ldap://localhost:1"}, "connect"),
        ({"TLS_CACERT": None}, "tls"),
        ({"TLS_CACERT": "/nowhere/ca.crt"}, "connect"),
        ({"BIND_AUTH": "wrong", "BIND_AUTH_FILE": None}, "bind"),
        ({"BIND_AUTH_FILE": "etc/wakari/missing"}, "bind"),
        ({"USER_SEARCH": {"base": f"ou=nowhere,{BASE}", "filter": "(uid=%(username)s)"}}, "search"),
        ({"USER_SEARCH": {"base": BASE, "filter": "(uid=x%(username)s)"}}, "search"),
    ],
)
def test_the_step_that_fails_is_named(slapd: Slapd, site: Site, changes: dict[str, Any], failed: str) -> None:
    slapd.person("alice", SECRET)
    steps = look(site(**changes), "alice")
    assert (steps[-1].name, steps[-1].good) == (failed, False)
    assert all(step.good for step in steps[:-1])


def test_an_account_becomes_the_directorys_and_local_again(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    kit = site()
    kit.user("wakari", "superuser")
    kit.user("alice")
    accounts = kit.services.accounts
    assert refusal(kit, "alice").code == "sign_in_failed"
    assert accounts.link("alice", "ldap", "", actor="test") is True
    assert accounts.link("alice", "ldap", "", actor="test") is False
    assert sign_in(kit, "alice").subject.startswith("entryUUID:")
    with pytest.raises(AppError, match="not kept here"):
        accounts.set_password("alice", "some new password", actor="test")
    accounts.link("alice", "local", "", actor="test")
    assert refusal(kit, "alice").code == "sign_in_failed"
    accounts.set_password("alice", "some new password", actor="test")
    assert sign_in(kit, "alice", "some new password").source == "local"


def test_the_last_local_superuser_stays_local(slapd: Slapd, site: Site) -> None:
    slapd.person("wakari", SECRET)
    kit = site()
    kit.user("wakari", "superuser")
    with pytest.raises(AppError, match="last superuser with a local password"):
        kit.services.accounts.link("wakari", "ldap", "", actor="test")
    assert sign_in(kit, "wakari", PASSWORD).source == "local"


def test_the_commands(
    slapd: Slapd, settings: ServerSettings, ldap_settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    slapd.person("alice", SECRET)
    folder = settings.prefix / "etc/wakari"
    # The original's name of the plug-in is understood.
    own = {"accounts": "wk_server.plugins.accounts.ldap2", "LDAP": ldap_settings, "prefix": str(settings.prefix)}
    file = folder / "wk-server-config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **own}))
    files = ["-c", str(folder / "config.json"), "-c", str(folder / "wk-server-config.json")]

    def run(*arguments: str) -> tuple[int, str, str]:
        code = server_admin.main([*files, *arguments])
        return code, *capsys.readouterr()

    assert run("init-database")[0] == 0
    code, out, _ = run("check-accounts", "--user", "alice")
    assert (code, f"as {SERVICE}" in out) == (0, True)
    code, _, err = run("check-accounts", "--user", "nobody")
    assert (code, "FAIL search" in err) == (1, True)
    assert run("add-user", "bob", "--source", "ldap", "--staff")[0] == 0
    assert "ldap" in run("users")[1]
    assert run("link-account", "bob", "--source", "local")[0] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"URI": "http://directory"}, "ldap://host"),
        ({"BIND_AUTH": "also here"}, "twice"),
        ({"BIND_AUTH_FILE": None}, "needs its password"),
        ({"USER_SEARCH": {"base": BASE, "filter": "(uid=alice)"}}, "%(username)s"),
        ({"USER_SEARCH": {"base": ""}}, "USER_SEARCH.base"),
        ({"GROUP_MAP": {"data": "Data Team"}}, "not a group name"),
        ({"GROUP_MAP": {"cn=data,,dc=x": "data"}}, "distinguished name"),
        ({"SPELLED_WRONG": 1}, "SPELLED_WRONG"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(site: Site, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - pydantic's; the text is what matters
        site(**changes)
    assert said in str(caught.value)
