# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS on every hop: certificates of the platform's own authority, those of the site in their place, and renewed ones.

In the order of the file: each needs what the one before left.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from tests.authority import Authority
from tests.functional.platform import Account, Kernel, Site
from tests.operations.conftest import Administrator

pytestmark = pytest.mark.platform
FRONT, NODE = "sec-front", "sec-node"
PORTS = (443, 8089)  # of the server, and of the gateway
Trust = Callable[[str], None]


@pytest.fixture(scope="session")
def site() -> Site:
    plain = Site.read()
    return replace(plain, server_url=plain.server_url.replace("http:", "https:"))


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Trust:
    """Return what makes this authority (PEM) the one that requests and WebSockets of the test believe."""

    def only(authority: str) -> None:
        file = tmp_path / "trusted.crt"
        file.write_text(authority)
        for variable in ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
            monkeypatch.setenv(variable, str(file))

    return only


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("site"))


def issued(authority: Authority, site: Site) -> dict[str, str]:
    """Make a certificate for each host, and return the variables of a site that brings them."""
    authority.issue(FRONT, site.hosts[FRONT]["address"])
    authority.issue(NODE, NODE)
    return {
        "aen_tls": "files",
        "aen_tls_ca": str(authority.file),
        "aen_tls_certificate": f"{authority.folder}/{{{{ inventory_hostname }}}}.crt",
        "aen_tls_key": f"{authority.folder}/{{{{ inventory_hostname }}}}.key",
    }


def shown(site: Site) -> list[str]:
    """Return the certificates that server and gateway show."""
    return [ssl.get_server_certificate((site.hosts[FRONT]["address"], port)) for port in PORTS]


def kernel(person: Account, name: str) -> Kernel:
    return Kernel(person, person.project(name)["urls"]["apps"]["notebook"])


@contextmanager
def used_without_a_pause(kernel: Kernel) -> Iterator[list[str]]:
    """Ask the kernel again and again over its one WebSocket, and yield what it says."""
    said: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(1):
            said.append(kernel.run(f"print({len(said)})"))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield said
    finally:
        stop.set()
        asking.join(60)


def test_every_hop_has_a_certificate_of_the_platforms_own_authority(
    administrator: Administrator, site: Site, trust: Trust
) -> None:
    trust(site.run(FRONT, "cat /opt/wakari/tls/authority/ca.crt"))
    person = site.new_account("own")
    assert kernel(person, "first").run("6 * 7") == "42"
    answer = requests.get(site.server_url, timeout=30)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    administrator.changes_nothing("site")


@pytest.mark.parametrize("port", [80, 8089])
def test_plain_http_is_sent_on_and_answered_nothing(site: Site, port: int) -> None:
    address = site.hosts[FRONT]["address"]
    answer = requests.get(f"http://{address}:{port}/api/v1/users", allow_redirects=False, timeout=30)
    assert answer.status_code == requests.codes.permanent_redirect
    assert answer.headers["Location"].startswith(f"https://{address}")


@pytest.mark.parametrize(("scheme", "reason"), [("http", "tls_required"), ("https", "gateway_unproven")])
def test_a_node_answers_its_gateway_alone(site: Site, scheme: str, reason: str) -> None:
    said = site.run(FRONT, f"curl -sk {scheme}://{site.hosts[NODE]['address']}:5002/_wakari/v1/status")
    assert f'"{reason}"' in said


def test_the_sites_own_certificates_take_their_place(
    administrator: Administrator, site: Site, authority: Authority, trust: Trust
) -> None:
    own = shown(site)
    brought = issued(authority, site)
    administrator.play("site", **brought)
    assert not set(own) & set(shown(site))
    trust(authority.file.read_text())
    assert kernel(site.new_account("brought"), "first").run("6 * 7") == "42"
    administrator.changes_nothing("site", **brought)
    administrator.play("verify", **brought)


def test_renewed_certificates_cut_no_websocket(
    administrator: Administrator, site: Site, authority: Authority, trust: Trust
) -> None:
    trust(authority.file.read_text())
    open_one = kernel(site.new_account("stays"), "first")
    before = shown(site)
    with used_without_a_pause(open_one) as said:
        administrator.play("site", **issued(authority, site))
    assert not set(before) & set(shown(site))
    assert len(said) > 1
    assert said == [str(number) for number in range(len(said))]
    assert open_one.run("6 * 7") == "42"
