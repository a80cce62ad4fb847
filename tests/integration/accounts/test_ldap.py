# SPDX-License-Identifier: GPL-3.0-or-later
"""People of an LDAP directory sign in, and nobody else: against a real slapd."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.accounts.conftest import Site
from tests.integration.accounts.slapd import BASE, PEOPLE, Slapd
from tests.serverkit import PASSWORD, Kit
from wakari.core.errors import AppError
from wakari.store.records import User

SECRET = "known to the directory"


def sign_in(kit: Kit, name: str, password: str = SECRET, address: str = "") -> User:
    return kit.services.sign_in.authenticate(name, password, address)


def refusal(kit: Kit, name: str, password: str = SECRET, address: str = "") -> AppError:
    with pytest.raises(AppError) as caught:
        sign_in(kit, name, password, address)
    return caught.value


def test_the_first_sign_in_makes_the_account(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET, cn="Alice Ångström")
    kit = site()
    user = sign_in(kit, "alice")
    assert (user.name, user.source, user.full_name, user.email) == (
        "alice",
        "ldap",
        "Alice Ångström",
        "alice@example.test",
    )
    assert user.subject.startswith("entryUUID:")
    assert user.uid >= 20000
    assert user.password_hash == ""
    stored = kit.services.store.database["users"].find_one({"_id": "alice"})
    assert SECRET not in str(stored)
    again = sign_in(kit, "ALICE")
    assert (again.uid, kit.services.store.users.count()) == (user.uid, 1)


@pytest.mark.parametrize(
    "name",
    ["nobody", "*", "a*", "alice)(uid=*", "alice)(|(uid=*", "*)(objectClass=*", "alice\x00", "ali\\63e", "\\61lice"],
)
def test_a_name_is_never_a_filter(slapd: Slapd, site: Site, name: str) -> None:
    slapd.person("alice", SECRET)
    kit = site()
    assert (refusal(kit, name).code, refusal(kit, name).status) == ("sign_in_failed", 401)
    assert kit.services.store.users.count() == 0


def test_a_wrong_password_and_an_unknown_name_are_told_alike(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    kit = site()
    wrong, unknown = refusal(kit, "alice", "not this one"), refusal(kit, "nobody", "not this one")
    assert wrong.body("") == unknown.body("")


@pytest.mark.parametrize("password", ["", "\x00", "x" * 257])
@pytest.mark.parametrize("direct", [False, True])
def test_an_empty_password_is_never_a_bind(slapd: Slapd, site: Site, password: str, direct: bool) -> None:
    slapd.person("alice", SECRET)
    kit = site(DIRECT_BIND=f"uid=%(username)s,{PEOPLE}" if direct else None)
    assert refusal(kit, "alice", password).code == "sign_in_failed"


def test_people_bind_by_a_template_without_a_service_account(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    template = f"uid=%(username)s,{PEOPLE}"
    kit = site(DIRECT_BIND=template, BIND_DN=None, BIND_AUTH_FILE=None, GROUP_SEARCH={"base": ""})
    assert sign_in(kit, "alice").email == "alice@example.test"
    assert refusal(kit, "alice", "wrong").code == "sign_in_failed"
    assert refusal(kit, f"alice,{PEOPLE}").code == "sign_in_failed"


def test_a_template_and_a_filter_that_mean_different_people_let_nobody_in(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    slapd.person("bob", "bob's own", sAMAccountName="alice")
    slapd.change(f"uid=alice,{PEOPLE}", sAMAccountName="other")
    search = {"base": BASE, "filter": "(sAMAccountName=%(username)s)"}
    kit = site(DIRECT_BIND=f"uid=%(username)s,{PEOPLE}", USER_SEARCH=search)
    assert refusal(kit, "alice").code == "accounts_unavailable"
    assert kit.services.store.users.count() == 0


def test_an_account_that_active_directory_disabled_stays_outside(slapd: Slapd, site: Site) -> None:
    dn = slapd.person("alice", SECRET, userAccountControl=512)
    kit = site()
    assert sign_in(kit, "alice").name == "alice"
    slapd.change(dn, userAccountControl=514)
    assert refusal(kit, "alice").code == "sign_in_failed"


def test_a_filter_that_finds_two_people_lets_nobody_in(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    slapd.person("bob", SECRET, mail="alice@example.test")
    kit = site(USER_SEARCH={"base": BASE, "filter": "(mail=%(username)s)"})
    assert refusal(kit, "alice@example.test").code == "accounts_unavailable"


def test_the_name_is_that_of_the_directory_not_the_typed_one(slapd: Slapd, site: Site) -> None:
    slapd.person("Alice", SECRET)
    kit = site(USER_SEARCH={"base": BASE, "filter": "(mail=%(username)s)"})
    assert sign_in(kit, "alice@example.test").name == "alice"


@pytest.mark.parametrize("name", ["root", "1234", "alice.smith", "x" * 32])
def test_a_name_that_cannot_be_an_account_is_refused_with_the_rule(slapd: Slapd, site: Site, name: str) -> None:
    slapd.person(name, SECRET)
    kit = site()
    error = refusal(kit, name)
    assert (error.code, error.status) == ("account_name_unusable", 422)
    assert "administrator" in error.hint
    assert kit.services.store.users.count() == 0


def test_who_gets_a_name_of_somebody_else_does_not_get_the_account(slapd: Slapd, site: Site) -> None:
    dn = slapd.person("alice", SECRET)
    kit = site()
    former = sign_in(kit, "alice")
    slapd.delete(dn)
    slapd.person("alice", "of another alice")
    error = refusal(kit, "alice", "of another alice")
    assert (error.code, error.status) == ("account_name_taken", 409)
    assert kit.services.accounts.get("alice").subject == former.subject


def test_who_is_renamed_keeps_the_account(slapd: Slapd, site: Site) -> None:
    dn = slapd.person("alice", SECRET)
    kit = site()
    uid = sign_in(kit, "alice").uid
    with slapd.connection() as directory:
        assert directory.modify_dn(dn, "uid=alicia")
    assert (sign_in(kit, "alicia").name, sign_in(kit, "alicia").uid) == ("alice", uid)


def test_a_closed_account_stays_closed(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    kit = site()
    sign_in(kit, "alice")
    kit.services.accounts.remove("alice", actor="test", leave_teams=kit.services.team.leave_all)
    assert (refusal(kit, "alice").code, refusal(kit, "alice").status) == ("account_closed", 403)


def test_a_local_account_signs_in_by_its_own_password_alone(slapd: Slapd, site: Site) -> None:
    slapd.person("wakari", SECRET)
    kit = site()
    kit.user("wakari", "superuser")
    assert sign_in(kit, "wakari", PASSWORD).source == "local"
    assert refusal(kit, "wakari").code == "sign_in_failed"


def test_the_limit_of_attempts_counts_every_spelling(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", SECRET)
    kit = site()
    for spelling in ("alice", "Alice", "ALICE", "aLICE", "alIce") * 2:
        assert refusal(kit, spelling, "wrong", "203.0.113.1").code == "sign_in_failed"
    assert refusal(kit, "alicE", SECRET, "203.0.113.1").code == "too_many_attempts"


class TestAway:
    """While the directory does not answer."""

    @pytest.fixture
    def kit(self, slapd: Slapd, site: Site) -> Any:
        slapd.person("alice", SECRET)
        kit = site()
        kit.user("wakari", "superuser")
        slapd.stop()
        try:
            yield kit
        finally:
            slapd.start()

    def test_people_are_told_so_and_administrators_get_in(self, kit: Kit) -> None:
        began = time.monotonic()
        error = refusal(kit, "alice")
        assert (error.code, error.status) == ("accounts_unavailable", 503)
        assert "Example directory" in error.message
        assert "localhost" not in f"{error.message}{error.hint}"
        assert time.monotonic() - began < 5
        assert sign_in(kit, "wakari", PASSWORD).name == "wakari"

    def test_the_page_tells_it(self, kit: Kit) -> None:
        answer = kit.browser().submit("/login", {"username": "alice", "password": SECRET})
        assert answer.status_code == 503
        assert "Example directory cannot be reached" in answer.text

    def test_an_outage_is_no_failed_attempt(self, kit: Kit, slapd: Slapd) -> None:
        for _ in range(11):
            refusal(kit, "alice", SECRET, "203.0.113.1")
        slapd.start()
        assert sign_in(kit, "alice", SECRET, "203.0.113.1").name == "alice"
        slapd.stop()


class TestTls:
    """Passwords travel encrypted, to the right server, or not at all."""

    @pytest.fixture(autouse=True)
    def _alice(self, slapd: Slapd) -> None:
        slapd.person("alice", SECRET)

    def test_both_ways_work_with_the_authority(self, slapd: Slapd, site: Site) -> None:
        assert sign_in(site(), "alice").name == "alice"
        assert sign_in(site(URI=slapd.secure_uri), "alice").name == "alice"

    @pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
    def test_a_certificate_of_nobody_we_know_is_refused(self, slapd: Slapd, site: Site, scheme: str) -> None:
        uri = slapd.uri if scheme == "ldap" else slapd.secure_uri
        assert refusal(site(URI=uri, TLS_CACERT=None), "alice").code == "accounts_unavailable"

    @pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
    def test_a_certificate_for_another_name_is_refused(self, slapd: Slapd, site: Site, scheme: str) -> None:
        uri = (slapd.uri if scheme == "ldap" else slapd.secure_uri).replace("localhost", "127.0.0.1")
        assert refusal(site(URI=uri), "alice").code == "accounts_unavailable"

    def test_only_an_explicit_setting_takes_the_check_away(self, slapd: Slapd, site: Site) -> None:
        uri = slapd.secure_uri.replace("localhost", "127.0.0.1")
        assert sign_in(site(URI=uri, TLS_CACERT=None, TLS_VERIFY=False), "alice").name == "alice"
        assert sign_in(site(START_TLS=False), "alice").name == "alice"

    def test_the_next_server_is_asked_where_the_first_is_away(self, slapd: Slapd, site: Site) -> None:
        assert sign_in(site(URI=["ldap://localhost:1", slapd.secure_uri]), "alice").name == "alice"

    def test_a_service_account_that_is_refused_is_no_wrong_password(self, site: Site) -> None:
        assert refusal(site(BIND_AUTH="wrong", BIND_AUTH_FILE=None), "alice").code == "accounts_unavailable"
