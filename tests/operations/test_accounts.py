# SPDX-License-Identifier: GPL-3.0-or-later
"""One platform by site.yml with one account backend after the other, each a real one; the administrator is let in.

In the order of the file: people of a backend are there from its first test on.
"""

from __future__ import annotations

import json
import shlex
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from playwright.sync_api import expect, sync_playwright

from tests.authority import Authority
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.functional.platform import Account, Kernel, Site
from tests.integration.accounts.provider_process import CLIENT_ID, CLIENT_SECRET, Provider
from tests.integration.accounts.slapd import BASE, GROUPS, SERVICE, SERVICE_PASSWORD, Slapd
from tests.integration.mail.mailserver import Box, served
from tests.operations.conftest import Administrator
from tools.hosts.settings import lab_from

pytestmark = pytest.mark.platform
HOST = "acc-host"
PASSWORD = "known to the backend"
ADMIN_COMMAND = "/opt/wakari/wakari-server/bin/wk-server-admin"
PAM = {"aen_server_accounts": "pam", "aen_server_pam": {"GROUP_MAP": {"makers": "makers"}}}
# On the server's own host PAM's people have OS accounts.
PAM |= {"aen_compute_manage_accounts": False}
LOCAL = {"aen_compute_manage_accounts": True}


@pytest.fixture(scope="module")
def here() -> str:
    """The address by which test hosts reach this machine."""
    return str(lab_from().gateway)


@pytest.fixture(scope="module")
def slapd(here: str) -> Iterator[Slapd]:
    made = Slapd(here, "controller")
    try:
        made.start()
        made.fill()
        made.group("makers", made.person("lena", PASSWORD))
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def ldap(slapd: Slapd) -> dict[str, Any]:
    section = {
        "URI": slapd.secure_uri,
        "BIND_DN": SERVICE,
        "USER_SEARCH": {"base": BASE, "filter": "(uid=%(username)s)"},
        "GROUP_SEARCH": {"base": GROUPS, "filter": "(member=%(dn)s)"},
        "GROUP_MAP": {"makers": "makers"},
        "TITLE": "Example directory",
    }
    return {
        "aen_server_accounts": "ldap",
        "aen_server_ldap": section,
        "aen_server_ldap_password": SERVICE_PASSWORD,
        "aen_server_accounts_ca": slapd.authority,
    }


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
def provider(site: Site, here: str, authority: Authority) -> Iterator[Provider]:
    people = {"s-otto": {"preferred_username": "otto", "name": "Otto", "groups": ["makers"]}}
    callback = f"{site.server_url}/login/oidc/callback"
    made = Provider(callback, people, here, authority.issue("provider", here))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def oidc(provider: Provider, authority: Authority) -> dict[str, Any]:
    section = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT_ID, "TITLE": "Example ID"}
    return {
        "aen_server_accounts": "oidc",
        "aen_server_oidc": {**section, "GROUP_MAP": {"makers": "makers"}},
        "aen_server_oidc_secret": CLIENT_SECRET,
        "aen_server_accounts_ca": str(authority.file),
    }


@pytest.fixture(autouse=True)
def _close_kernels() -> Iterator[None]:
    yield
    while Kernel.opened:
        Kernel.opened.pop().close()


def works(person: Account) -> None:
    """Create a project as the person, start it and read an answer from a kernel that runs as them."""
    project = person.project("first")
    kernel = Kernel(person, project["urls"]["apps"]["notebook"])
    assert kernel.run("6 * 7") == "42"
    assert kernel.run("import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)") == person.name


def groups(site: Site, person: Account) -> list[str]:
    """Return the groups of the person, whom the administrator looks up: a local account, so they are let in too."""
    found: list[str] = site.admin().call("GET", f"/users/{person.name}")["groups"]
    return found


def refused(site: Site, name: str) -> tuple[int, str]:
    """Return how signing in is refused: status and message."""
    body = {"username": name, "password": PASSWORD}
    answer = requests.post(f"{site.api}/tokens", json=body, timeout=60)
    assert not answer.ok
    return answer.status_code, answer.json()["error"]["message"]


def test_local_accounts_come_first(administrator: Administrator, site: Site) -> None:
    administrator.changes_nothing("site")
    works(site.new_account("local"))


def test_pam_lets_people_of_the_system_in(
    administrator: Administrator, site: Site, record_property: Callable[[str, object], None]
) -> None:
    # Without numbers they would get those behind the highest there are, which the platform gives to others.
    site.run(HOST, "groupadd --gid 1500 paula && groupadd --gid 1501 makers")
    site.run(HOST, "useradd --uid 1500 --gid paula --groups makers --create-home --shell /bin/bash paula")
    site.run(HOST, f"echo {shlex.quote(f'paula:{PASSWORD}')} | chpasswd")
    said, _ = administrator.play("site", fails=True, **{**PAM, **LOCAL})
    assert "Set aen_compute_manage_accounts to false for the host acc-host" in said
    _, took = administrator.play("site", **PAM)
    record_property("seconds", round(took))
    administrator.changes_nothing("site", **PAM)
    person = Account("paula", PASSWORD, site.api).sign_in()
    assert groups(site, person) == ["makers"]
    works(person)
    site.run(HOST, "gpasswd --delete paula makers")
    person.sign_in()
    assert groups(site, person) == []
    site.run(HOST, "usermod --lock paula")
    assert refused(site, "paula")[0] == requests.codes.unauthorized


def test_ldap_lets_people_of_the_directory_in(
    administrator: Administrator, site: Site, slapd: Slapd, ldap: dict[str, Any]
) -> None:
    administrator.play("site", **ldap)
    administrator.changes_nothing("site", **ldap)
    assert site.run(HOST, "ls /run/wakari-pam.sock /etc/pam.d/wakari 2> /dev/null || true") == ""
    person = Account("lena", PASSWORD, site.api).sign_in()
    assert groups(site, person) == ["makers"]
    works(person)
    slapd.delete(f"cn=makers,{GROUPS}")
    person.sign_in()
    assert groups(site, person) == []
    assert refused(site, "paula")[0] == requests.codes.unauthorized


def test_what_is_wrong_with_a_directory_is_told_by_the_playbook(
    administrator: Administrator, site: Site, ldap: dict[str, Any], authority: Authority
) -> None:
    for wrong, said in (
        ({"aen_server_ldap_password": "not it"}, f"refuses {SERVICE}"),
        ({"aen_server_accounts_ca": str(authority.file)}, "certificate verify failed"),
    ):
        told, _ = administrator.play("server", fails=True, **{**ldap, **wrong})
        assert said in told
        assert "aen_server_ldap, aen_server_ldap_password or aen_server_accounts_ca" in told
        status, message = refused(site, "lena")
        assert status == requests.codes.unavailable
        assert "Example directory cannot be reached" in message
        assert site.admin()


def test_while_the_directory_is_away_the_site_can_be_installed(
    administrator: Administrator, site: Site, slapd: Slapd, ldap: dict[str, Any]
) -> None:
    slapd.stop()
    administrator.play("server", **ldap, aen_server_accounts_check=False)
    told, _ = administrator.play("server", fails=True, **ldap)
    assert "FAIL connect: ldaps://controller" in told
    assert "aen_server_accounts_check: false" in told
    assert refused(site, "lena")[0] == requests.codes.unavailable
    assert site.admin()
    slapd.start()
    Account("lena", PASSWORD, site.api).sign_in()


def test_oidc_lets_people_of_the_provider_in(
    administrator: Administrator, site: Site, provider: Provider, oidc: dict[str, Any]
) -> None:
    administrator.play("site", **oidc)
    administrator.changes_nothing("site", **oidc)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        # Chromium does not know the provider's authority.
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{site.server_url}/login")
        page.get_by_role("link", name="Sign in with Example ID").click()
        page.get_by_label("Who").fill("s-otto")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("link", name="New project").first).to_be_visible()
        browser.close()
    person = Account("otto", "", site.api)
    # The API asks for passwords, which the platform never sees of people of a provider.
    issued = site.run(HOST, f"{ADMIN_COMMAND} issue-token --user otto --expires-in 3600 --output json")
    person.session.headers["Authorization"] = f"Bearer {json.loads(issued)['token']}"
    assert groups(site, person) == ["makers"]
    works(person)
    provider.stop()
    # Other settings, so that the server starts anew: it remembers for some minutes what the provider said of itself.
    changed = {**oidc["aen_server_oidc"], "TIMEOUT": 2}
    told, _ = administrator.play("server", fails=True, **{**oidc, "aen_server_oidc": changed})
    assert "FAIL discover: Example ID cannot be reached" in told
    page = requests.get(f"{site.server_url}/login/oidc", timeout=60)
    assert (page.status_code, "Example ID cannot be reached" in page.text) == (requests.codes.unavailable, True)
    assert site.admin()


def test_mail_goes_the_way_that_the_role_was_told(
    administrator: Administrator, site: Site, here: str, authority: Authority
) -> None:
    made = authority.issue("mail", here)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    box = Box()

    def check(_: SMTP, __: Session, ___: Envelope, ____: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"wakari", PASSWORD.encode()))

    wanted = {"authenticator": check, "auth_required": True, "require_starttls": True, "tls_context": context}
    with served(box, here, **wanted) as port:
        mail = {"server": here, "port": port, "sender": "wakari@example.org", "username": "wakari"}
        variables: dict[str, object] = {
            "aen_server_mail": mail,
            "aen_server_mail_password": PASSWORD,
            "aen_server_mail_ca": str(authority.file),
        }
        administrator.play("server", **variables)
        administrator.changes_nothing("server", **variables)
        site.admin().call("PATCH", f"/users/{site.admin_user}", {"email": "admin@example.org"})
        site.admin().call("POST", "/notifications", {"subject": "News", "text": "text", "user": site.admin_user})
        deadline = time.monotonic() + 60
        while not box.mails:
            assert time.monotonic() < deadline, "no mail came"
            time.sleep(0.5)
    assert box.mails[0][0] == "admin@example.org"


def test_back_to_local_accounts(administrator: Administrator, site: Site) -> None:
    administrator.play("site")
    administrator.changes_nothing("site")
    assert refused(site, "lena")[0] == requests.codes.unauthorized
    works(site.new_account("again"))
