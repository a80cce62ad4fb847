# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of any size pass in both directions as they come."""

from __future__ import annotations

import hashlib
import os
import socket
import time

from tests.integration.gateway.conftest import Gateway

TEN_MIB = 10 << 20


def test_ten_mebibytes_up(gateway: Gateway) -> None:
    body = os.urandom(TEN_MIB)
    answer = gateway.request(
        "PUT", gateway.path + "/api/contents/big", headers={**gateway.headers, "Origin": gateway.proxy.url}, data=body
    )
    assert answer.json()["size"] == TEN_MIB
    assert answer.json()["sha256"] == hashlib.sha256(body).hexdigest()


def test_ten_mebibytes_up_in_chunks(gateway: Gateway) -> None:
    block = os.urandom(1 << 20)
    answer = gateway.request(
        "POST",
        gateway.path + "/api/upload",
        headers={**gateway.headers, "Origin": gateway.proxy.url},
        data=(block for _ in range(10)),
    )
    assert answer.json()["size"] == TEN_MIB
    assert answer.json()["sha256"] == hashlib.sha256(block * 10).hexdigest()


def test_ten_mebibytes_down(gateway: Gateway) -> None:
    answer = gateway.get(f"/download?bytes={TEN_MIB}")
    expected = (bytes(range(256)) * (TEN_MIB // 256))[:TEN_MIB]
    assert len(answer.content) == TEN_MIB
    assert answer.content == expected


def test_an_upload_reaches_the_node_before_it_is_complete(gateway: Gateway) -> None:
    head = (
        f"PUT {gateway.path}/api/contents/x HTTP/1.1\r\nHost: {gateway.proxy.host}\r\nConnection: close\r\n"
        f"Cookie: {gateway.headers['Cookie']}\r\nOrigin: {gateway.proxy.url}\r\nContent-Length: {TEN_MIB}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.proxy.port), timeout=10) as sock:
        sock.sendall(head.encode() + bytes(TEN_MIB // 2))
        deadline = time.monotonic() + 10
        while gateway.node.received < TEN_MIB // 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert gateway.node.received >= TEN_MIB // 4
        sock.sendall(bytes(TEN_MIB // 2))
        assert b" 200 " in sock.recv(65536)


def test_an_answer_reaches_the_browser_while_the_app_still_writes(gateway: Gateway) -> None:
    answer = gateway.get("/slowly", stream=True)
    lines = answer.iter_lines(chunk_size=None)
    assert next(lines) == b"first"
    gateway.node.go_on.set()
    assert next(lines) == b"last"


def test_a_body_for_the_control_plane_is_bounded(gateway: Gateway) -> None:
    answer = gateway.request("POST", "/_wakari/v1/jobs", headers={}, data=bytes(2 << 20))
    assert answer.status_code == 413
