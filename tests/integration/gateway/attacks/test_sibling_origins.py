# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects with origins of their own: one project's page gets nothing of another's, whatever it names and carries."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.authority import Authority
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import Proxy, make_prefix

DOMAIN = "apps.example.net"
PATH = "/alice/demo/notebook/x"
PERSON = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclass
class Origins:
    """A gateway whose projects have origins of their own."""

    proxy: Proxy
    node: Node
    state: State
    authority: Path

    def host(self, label: str | None) -> str:
        """Return the Host header of a project's origin; of the gateway's own for None."""
        return f"{label}.{DOMAIN}:{self.proxy.port}" if label else f"127.0.0.1:{self.proxy.port}"

    def cookie(self, origin: str | None, name: str = "__Host-wk_gateway") -> str:
        claims = {"origin": origin} if origin else {}
        return f"{name}={self.state.cookie('alice', **claims)}"

    def get(self, label: str | None, path: str = PATH, **headers: str) -> requests.Response:
        return requests.get(
            f"https://127.0.0.1:{self.proxy.port}{path}",
            headers={"Host": self.host(label), **{name.replace("_", "-"): value for name, value in headers.items()}},
            verify=str(self.authority),
            allow_redirects=False,
            timeout=20,
        )


@pytest.fixture(scope="module")
def origins() -> Iterator[Origins]:
    folder = Path(tempfile.mkdtemp(prefix="wakari-tls-", dir="/var/tmp"))
    folder.chmod(0o755)  # NGINX is another account
    own = Authority(folder).issue("gateway", "127.0.0.1")
    prefix = make_prefix()
    node = Node()
    state = State(node_port=node.server_port)
    control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
    proxy = Proxy(
        prefix,
        aen_gateway_project_domain=DOMAIN,
        __aen_gateway_tls=True,
        __aen_gateway_certificate=own.certificate,
        __aen_gateway_certificate_key=own.key,
        __aen_gateway_node_authorities=own.authority,
    )
    state.external_url = f"https://127.0.0.1:{proxy.port}"
    for project in ("demo", "Demo", "a--b", "other"):
        state.levels["alice", f"alice/{project}"] = "write"
        state.levels["wk_token", f"alice/{project}"] = "write"
    yield Origins(proxy, node, state, own.authority)
    proxy.close()
    control.close()
    node.close()
    shutil.rmtree(folder)


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_project_is_reached_at_its_own_origin(origins: Origins) -> None:
    answer = origins.get("demo--alice", Cookie=f"{origins.cookie('demo--alice')}; _xsrf=1")
    assert answer.status_code == 200
    seen = dict(answer.json()["headers"])
    assert (seen["cookie"], seen["host"]) == ("_xsrf=1", origins.host("demo--alice"))


def test_a_person_is_led_there_and_a_script_is_refused(origins: Origins) -> None:
    main = origins.cookie(None, "wk_gateway")
    led = origins.get(None, PATH + "?y=1", Cookie=main, **PERSON)
    assert (led.status_code, led.headers["Location"]) == (302, f"https://{origins.host('demo--alice')}{PATH}?y=1")
    assert code(origins.get(None, Cookie=main)) == (403, "own_origin")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": origins.state.external_url}
    assert code(origins.get(None, Cookie=main, **upgrade)) == (403, "own_origin")
    assert origins.get(None, Authorization="Bearer wk_token").status_code == 200, "programs use the gateway's own"
    assert code(origins.get(None, Authorization="Bearer other", Cookie=main)) == (403, "own_origin")


@pytest.mark.parametrize("project", ["Demo", "a--b"])
def test_a_project_without_an_origin_stays_at_the_gateways_own(origins: Origins, project: str) -> None:
    path = f"/alice/{project}/notebook/x"
    assert origins.get(None, path, Cookie=origins.cookie(None, "wk_gateway")).status_code == 200
    for label in ("demo--alice", "a--b--alice"):
        assert origins.get(label, path, Cookie=origins.cookie(label)).status_code == 404


@pytest.mark.parametrize("path", ["/alice/other/notebook/x", "/mallory/demo/notebook/x", "/alice/Demo/notebook/x"])
def test_an_origin_has_its_own_project_alone(origins: Origins, path: str) -> None:
    origins.node.seen.clear()
    assert code(origins.get("demo--alice", path, Cookie=origins.cookie("demo--alice"))) == (404, "not_found")
    assert code(origins.get("demo--alice", path, Authorization="Bearer wk_token")) == (404, "not_found")
    assert origins.node.seen == []


@pytest.mark.parametrize(
    "label", ["demo", "xn--alice", "a--b--c", "demo---alice", "-demo--alice", "x.demo--alice", "demo--alice."]
)
def test_a_name_that_could_be_read_in_two_ways_is_nobodys(origins: Origins, label: str) -> None:
    assert origins.get(label, Cookie=origins.cookie("demo--alice")).status_code in {400, 404}


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (None, "wk_gateway"),
        ("demo--alice", "wk_gateway"),
        ("other--alice", "__Host-wk_gateway"),
        (None, "__Host-wk_gateway"),
    ],
)
def test_a_cookie_of_another_origin_is_none(origins: Origins, origin: str | None, name: str) -> None:
    assert code(origins.get("demo--alice", Cookie=origins.cookie(origin, name))) == (401, "not_signed_in")


def test_a_projects_cookie_is_none_at_the_gateways_own(origins: Origins) -> None:
    for name in ("wk_gateway", "__Host-wk_gateway"):
        answer = origins.get(None, "/alice/Demo/notebook/x", Cookie=origins.cookie("demo--alice", name))
        assert code(answer) == (401, "not_signed_in")


@pytest.mark.parametrize("dest", ["iframe", "script", "image", "empty"])
@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_projects_page_embeds_nothing(origins: Origins, site: str, dest: str) -> None:
    mode = {"Sec_Fetch_Mode": "navigate", "Accept": "text/html"} if dest == "iframe" else {"Sec_Fetch_Mode": "no-cors"}
    cookie = origins.cookie("demo--alice")
    answer = origins.get("demo--alice", Cookie=cookie, Sec_Fetch_Site=site, Sec_Fetch_Dest=dest, **mode)
    assert answer.status_code == 403
    opened = origins.get("demo--alice", Cookie=cookie, Sec_Fetch_Site=site, **PERSON)
    assert opened.status_code == 200, "a link leads there"


def test_another_projects_page_opens_no_websocket(origins: Origins) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Cookie": origins.cookie("demo--alice")}
    for origin in (f"https://{origins.host('other--alice')}", origins.state.external_url):
        assert code(origins.get("demo--alice", Origin=origin, **headers)) == (403, "origin_refused")


def test_an_app_sets_no_cookie_of_the_platforms(origins: Origins) -> None:
    answer = origins.get("demo--alice", "/alice/demo/notebook/evil", Cookie=origins.cookie("demo--alice"))
    assert answer.cookies.get_dict() == {"mine": "1"}


@pytest.mark.parametrize("path", ["/_wakari/v1/status", "/_wakari/callback", "/_wakari/v1/jobs", "/_wakari/health"])
def test_an_origin_has_no_door_for_the_server(origins: Origins, path: str) -> None:
    assert code(origins.get("demo--alice", path)) == (404, "not_found")
