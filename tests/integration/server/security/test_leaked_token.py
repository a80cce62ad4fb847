# SPDX-License-Identifier: GPL-3.0-or-later
"""Would have caught: a secret in an address, a command line, an environment or a log (security rule 8).

wk-server runs as supervisord runs it; people sign in, make tokens and use them, some of it wrongly; then everything
that others on the machine can read of the processes, and all that was written, is searched.
"""

from __future__ import annotations

import http.client
import json
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.integration.server.test_oauth import Flow
from tests.integration.server.test_processes import UnixConnection, files, served
from tests.serverkit import PASSWORD, URL, Api, GatewaySite, Kit
from wakari.core import tokens
from wakari.server.settings import ServerSettings

__all__ = ["files", "served"]
WRONG = "a wrong password that was typed"


def send(path: Path, method: str, target: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
    connection = UnixConnection(path)
    connection.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def family(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the ids of the process and its children."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [process.pid, *map(int, children)]


def test_secrets_are_in_no_command_line_environment_or_log(
    kit: Kit, settings: ServerSettings, served: subprocess.Popen[bytes], tmp_path: Path, gateway_site: GatewaySite
) -> None:
    kit.user("alice", "superuser")
    path = tmp_path / "s.sock"
    used: dict[str, str] = {
        "secret key": settings.secret_key(),
        "database": settings.mongodb_uri(),
        "password": PASSWORD,
        "wrong password": WRONG,
        "client secret": gateway_site.secret,
    }
    json_ = {"Content_Type": "application/json"}
    credentials = {"username": "alice", "password": PASSWORD}
    made = send(path, "POST", "/api/v1/tokens", json.dumps(credentials), **json_)
    assert made.status == 201
    used["token"] = token = json.loads(made.text)["token"]  # type: ignore[attr-defined]
    bearer = {"Authorization": f"Bearer {token}"}
    assert send(path, "GET", "/api/v1/users", **bearer).status == 200
    assert send(path, "POST", "/api/v1/tokens", json.dumps({**credentials, "password": WRONG}), **json_).status == 401
    # Mistakes that people make, and what a service must not repeat.
    assert (
        send(path, "POST", "/api/v1/users", json.dumps({"name": "x", "passwrd": WRONG}), **json_, **bearer).status
        == 422
    )
    assert send(path, "POST", "/api/v1/users", json.dumps({"name": WRONG}), **json_, **bearer).status == 422
    assert send(path, "POST", "/api/v1/tokens", f'{{"password": "{PASSWORD}"', **json_).status == 400
    assert send(path, "GET", "/api/v1/users", Authorization=f"Bearer {token}x").status == 401
    form = send(path, "GET", "/login")
    used["form cookie"] = form_cookie = form.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    csrf = form.text.partition('name="csrf_token" value="')[2].partition('"')[0]  # type: ignore[attr-defined]
    signed_in = send(
        path,
        "POST",
        "/login",
        urlencode({**credentials, "csrf_token": csrf}),
        Content_Type="application/x-www-form-urlencoded",
        Cookie=f"wk_form={form_cookie}",
        Origin=URL,
        Host="server.test",
    )
    assert signed_in.status == 303
    lines = signed_in.headers.get_all("Set-Cookie") or []
    session = next(line for line in lines if line.startswith("wk_session="))
    used["session"] = session.partition(";")[0].partition("=")[2]
    assert send(path, "GET", "/settings", Cookie=f"wk_session={used['session']}").status == 200
    assertion = tokens.sign_request(gateway_site.secret, f"gateway:{gateway_site.data_center.client_id}", "server")
    used["assertion"] = assertion
    assert send(path, "GET", "/api/internal/v1/data-center", Authorization=f"Bearer {assertion}").status == 200

    log = (tmp_path / "server.log").read_text()
    assert "alice" in log, "nothing was logged: this proved nothing"
    processes = family(served)
    assert len(processes) >= 3
    readable = {"the log": log}
    for pid in processes:
        for name in ("cmdline", "environ"):
            readable[f"{name} of {pid}"] = Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    found = [(what, where) for what, secret in used.items() for where, text in readable.items() if secret in text]
    assert found == []


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "authorization", "bearer", "auth"])
def test_a_token_in_an_address_or_a_body_opens_nothing(kit: Kit, name: str) -> None:
    token = kit.token(kit.user("alice", "superuser"))
    client = kit.app.test_client()
    for value in (token, f"Bearer {token}"):
        assert client.get("/api/v1/users", query_string={name: value}).status_code == 401
        assert client.post("/api/v1/groups", json={"name": "g", name: value}).status_code == 401
        assert client.get("/api/v1/users", headers={"Cookie": f"{name}={value}"}).status_code == 401


def test_a_code_in_an_address_is_worth_one_use(kit: Kit, gateway_site: GatewaySite) -> None:
    """The one secret that has to be in an address: who reads it there afterwards has nothing."""
    flow = Flow(gateway_site, kit.browser(kit.user("alice")))
    code = flow.code()
    assert flow.token(code).status_code == 200
    assert flow.token(code).status_code == 400


def test_secrets_are_told_once_by_what_makes_them(kit: Kit) -> None:
    root = kit.api(kit.user("wakari", "superuser"))
    place = root.post("/data-centers", {"name": "west", "url": "http://west.test:8089"}).json
    token = root.post("/tokens", {"username": "wakari", "password": PASSWORD, "name": "t"}).json["token"]
    secrets = [place["client_secret"], token, root.token]
    for told in told_of(root, kit):
        assert not [secret for secret in secrets if secret in told]


def told_of(root: Api, kit: Kit) -> list[str]:
    """Return what every list, every page of the administration and the export of the log say."""
    lists = ("/data-centers", "/tokens", "/users", "/users/wakari/tokens", "/exceptions", "/report", "/settings")
    browser = kit.browser(kit.services.accounts.get("wakari"))
    tabs = ("data-centers", "tokens", "users", "log", "log.json", "general", "tasks", "exceptions")
    answers = [root.get(path) for path in lists] + [browser.get(f"/admin/{tab}") for tab in tabs]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.text for answer in answers]
