# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with TLS lets nobody in who does not show the certificate of its one gateway, and says what is wrong."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.authority import Authority, Certificate
from tests.integration.compute import node as nodes
from tests.integration.compute.node import INSTANCE, Node
from wakari.core.errors import AppError
from wakari.core.http import Client, Peer

pytestmark = pytest.mark.root

GATEWAY = "gateway1.example.org"
OTHER = {  # certificates that are in order, of whom the node does not know
    "another gateway's": ("gateway2.example.org",),
    "a node's": ("compute2", "198.51.100.14"),
    "a longer name's": (f"{GATEWAY}.evil.example",),
    "a wildcard's": ("*.example.org",),
    "nobody's": (),
}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="wakari-tls-", dir="/var/tmp"))
    folder.chmod(0o755)  # the node's NGINX is another account
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def authority(place: Path) -> Authority:
    return Authority(place)


@pytest.fixture(scope="module")
def node(authority: Authority) -> Iterator[Node]:
    certificate = authority.issue("node", "compute1", "127.0.0.1")
    with (
        nodes.running(certificate, f"https://{GATEWAY}:8089") as running,
        nodes.app(running.apps / INSTANCE / "app.sock"),
    ):
        yield running


def ask(node: Node, authority: Authority, shown: Certificate | None) -> requests.Response:
    return requests.get(
        f"https://127.0.0.1:{node.port}/alice/p1/notebook/",
        headers=node.headers(),
        verify=str(authority.file),
        cert=(str(shown.certificate), str(shown.key)) if shown else None,
        timeout=10,
    )


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert "Run the playbook again" in error["hint"]
    return answer.status_code, error["code"], error["message"]


def test_its_gateway_is_let_in_and_its_token_is_still_needed(node: Node, authority: Authority) -> None:
    shown = authority.issue("gateway", GATEWAY)
    assert ask(node, authority, shown).json()["headers"]["X-Wakari-User"] == "alice"
    answer = requests.get(
        f"https://127.0.0.1:{node.port}/alice/p1/notebook/",
        headers=node.headers(**{"X-Wakari-Gateway": "none"}),
        verify=str(authority.file),
        cert=(str(shown.certificate), str(shown.key)),
        timeout=10,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_invalid")


@pytest.mark.parametrize("whose", OTHER)
def test_another_host_of_the_platform_is_not_its_gateway(node: Node, authority: Authority, whose: str) -> None:
    shown = authority.issue("other", *OTHER[whose], common_name=GATEWAY)  # the subject does not count
    assert refusal(ask(node, authority, shown)) == (
        403,
        "gateway_unproven",
        f"This node answers the gateway {GATEWAY} alone, and the certificate shown to it has other names.",
    )


def test_another_authority_vouches_in_vain(node: Node, authority: Authority, place: Path) -> None:
    stranger = Authority(place, "stranger")
    status, code, message = refusal(ask(node, authority, stranger.issue("gateway", GATEWAY)))
    assert (status, code) == (403, "gateway_unproven")
    assert "no authority that it trusts" in message


@pytest.mark.parametrize(("uses", "days"), [(("server",), 1), (("server", "client"), -1)])
def test_a_certificate_for_servers_alone_or_one_that_is_over(
    node: Node, authority: Authority, uses: tuple[str, ...], days: int
) -> None:
    shown = authority.issue("gateway", GATEWAY, uses=uses, days=days)
    assert refusal(ask(node, authority, shown))[:2] == (403, "gateway_unproven")


def test_nobody_comes_without_a_certificate(node: Node, authority: Authority) -> None:
    status, code, message = refusal(ask(node, authority, None))
    assert (status, code) == (403, "gateway_unproven")
    assert "none was shown" in message


def test_plain_http_is_told_so(node: Node) -> None:
    assert refusal(node.get("/alice/p1/notebook/", node.headers()))[:2] == (403, "tls_required")


def test_a_gateway_that_is_known_by_its_address(authority: Authority) -> None:
    certificate = authority.issue("node2", "compute1", "127.0.0.1")
    with (
        nodes.running(certificate, "https://198.51.100.12:8089") as node,
        nodes.app(node.apps / INSTANCE / "app.sock"),
    ):
        assert ask(node, authority, authority.issue("gateway", "198.51.100.12")).status_code == 200
        for names in (("198.51.100.120",), (GATEWAY,)):
            assert refusal(ask(node, authority, authority.issue("other", *names)))[:2] == (403, "gateway_unproven")


def call(node: Node, shown: Certificate, name: str | None, authorities: Path | None = None) -> AppError:
    """Call the node as the control plane does; return what went wrong."""
    peer = Peer(
        "The compute node compute1", f"https://127.0.0.1:{node.port}", node.key, "gateway:dc1", "node:compute1", name
    )
    with pytest.raises(AppError) as error:  # the launcher itself does not run here: beyond the data plane it is 502
        Client(shown.identity(authorities)).call(peer, "GET", "/_wakari/v1/status")
    return error.value


def test_the_control_plane_checks_the_nodes_name_too(node: Node, authority: Authority, place: Path) -> None:
    gateway = authority.issue("gateway", GATEWAY)
    for name in ("compute1", "127.0.0.1", None):
        assert call(node, gateway, name).code != "peer_untrusted"
    wrong = call(node, gateway, "compute2")
    assert (wrong.code, "compute2" in wrong.message, "docs/tls.md" in wrong.hint) == ("peer_untrusted", True, True)
    stranger = Authority(place, "another")
    assert "unable to get local issuer" in call(node, gateway, "compute1", stranger.file).message
    assert call(node, authority.issue("other", "compute2"), "compute1").code == "gateway_unproven"
