# SPDX-License-Identifier: GPL-3.0-or-later
"""Path confusion, over raw sockets: what could be read in two ways reaches no node and no control plane."""

from __future__ import annotations

import json

import pytest

from tests.integration.gateway.conftest import Gateway

REFUSED = [
    "{app}/..%2f..%2fother/project/notebook/",
    "{app}/%2e%2e/%2e%2e/other/",
    "{app}/.%2e/x",
    "{app}/%2E./x",
    "{app}/../../../other/project/notebook/",
    "{app}/./x",
    "{app}/..;/x",
    "{app}/a%5c..%5cb",
    "{app}/a\\..\\b",
    "{app}/x%00",
    "{app}/%c0%ae%c0%ae/x",
    "{app}//evil.example.org/",
    "//{user}/{project}/notebook/",
    "/{user}//{project}/notebook/",
    "/{user}/{project}//notebook/",
    "/{user}/{project}/notebook/..",
    "/_wakari/../{user}/{project}/notebook/",
    "/_wakari/%2e%2e/internal/settings",
    "/_wakari/..%2finternal/settings",
    "/_wakari//v1/jobs",
    "/_wakari/v1%2fjobs",
    "http://other.example.org{app}/",
    "{app}/x#y",
    "*",
]
NOT_FOUND = [
    "/internal/settings",
    "/internal/decide",
    "/%5fwakari/health",
    "/%75ser/project/notebook/",
    "/{user}",
    "/{user}/{project}",
    "/{user}/{project}/Notebook/",
    "/{user}/{project}/note.book/",
    "/USER/{project}/notebook/",
    "/_private/{project}/notebook/",
    "/@node_away/x/y",
]


def ask(gateway: Gateway, target: str, method: str = "GET") -> bytes:
    path = target.format(app=gateway.path, user=gateway.user, project=gateway.project)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {gateway.proxy.host}\r\nConnection: close\r\n"
        f"Cookie: {gateway.headers['Cookie']}\r\n\r\n"
    )
    return gateway.proxy.raw(head.encode("latin-1"))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("target", REFUSED)
def test_an_ambiguous_path_is_refused_and_reaches_nobody(gateway: Gateway, target: str) -> None:
    answer = ask(gateway, target)
    assert status(answer) == 400
    assert gateway.node.seen == []
    assert b"cookie_keys" not in answer
    assert b"control" not in answer


@pytest.mark.parametrize("target", NOT_FOUND)
def test_what_is_no_app_address_is_not_found(gateway: Gateway, target: str) -> None:
    answer = ask(gateway, target)
    assert status(answer) == 404
    assert gateway.node.seen == []
    assert b"cookie_keys" not in answer


@pytest.mark.parametrize(
    "rest",
    ["/", "/a%20b.ipynb?x=%2f..%2f&y=//", "/api//contents", "/a%2eb/c..d/...e", "/%25", "/%C3%A9t%C3%A9", "/a;b=c/d"],
)
def test_a_clear_path_reaches_the_node_byte_for_byte(gateway: Gateway, rest: str) -> None:
    assert status(ask(gateway, gateway.path + rest)) == 200
    assert [seen["target"] for seen in gateway.node.seen] == [gateway.path + rest]


def test_the_slash_after_the_app_is_added(gateway: Gateway) -> None:
    answer = gateway.get("?token=a")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"{gateway.path}/?token=a")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_methods_that_echo_or_tunnel_are_refused(gateway: Gateway, method: str) -> None:
    assert status(ask(gateway, "{app}/", method)) in (400, 405)
    assert gateway.node.seen == []


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Host: other.example.org",
        "Authorization: Bearer wk_a\r\nAuthorization: Bearer wk_b",
    ],
)
def test_repeated_framing_and_identity_headers_are_refused(gateway: Gateway, lines: str) -> None:
    head = (
        f"POST {gateway.path}/api HTTP/1.1\r\nHost: {gateway.proxy.host}\r\nConnection: close\r\n"
        f"Origin: {gateway.proxy.url}\r\nCookie: {gateway.headers['Cookie']}\r\n{lines}\r\n\r\n0\r\n\r\n"
    )
    assert status(gateway.proxy.raw(head.encode())) in (400, 501)
    assert gateway.node.seen == []


def test_the_error_shape_names_the_request(gateway: Gateway) -> None:
    body = ask(gateway, "{app}/%2e%2e/").partition(b"\r\n\r\n")[2]
    error = json.loads(body)["error"]
    assert error["code"] == "path_ambiguous"
    assert error["hint"]
    assert len(error["request_id"]) >= 8
