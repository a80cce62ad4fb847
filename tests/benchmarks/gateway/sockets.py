# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of many WebSockets: on each it sends a message, waits for the echo, and sends the next.

    python sockets.py PORT URL COUNT SECONDS HEADER...

Prints {"messages": n, "seconds": s}. Plain sockets and epoll: what is measured is the proxy, not a library.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import sys
import time
from urllib.parse import urlsplit

PAYLOAD = b"x" * 120  # bytes; below 126, so that the length fits the second byte of a frame (RFC 6455, section 5.2)
MESSAGE = bytes([0x81, 0x80 | len(PAYLOAD), 0, 0, 0, 0]) + PAYLOAD
ECHO = bytes([0x81, len(PAYLOAD)]) + PAYLOAD


def connect(port: int, path: str, headers: list[str]) -> socket.socket:
    """Return an open WebSocket; ends the program where the upgrade is refused."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", *headers]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        data = sock.recv(1)
        if not data:
            sys.exit(f"the upgrade was not answered: {answer!r}")
        answer += data
    if not answer.startswith(b"HTTP/1.1 101 "):
        sys.exit(f"the upgrade was refused: {answer!r}")
    sock.setblocking(False)  # noqa: FBT003 - the standard library's
    return sock


def echo(opened: list[socket.socket], seconds: float) -> int:
    """Return how many messages came back whole and right within this time."""
    by_number = {sock.fileno(): sock for sock in opened}
    part = dict.fromkeys(by_number, b"")
    poll = select.epoll()
    for number, sock in by_number.items():
        poll.register(number, select.EPOLLIN)
        sock.send(MESSAGE)
    messages = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for number, _ in poll.poll(1.0):
            sock = by_number[number]
            data = sock.recv(4096)
            if not data:
                sys.exit("a WebSocket ended by itself")
            data = part[number] + data
            if len(data) < len(ECHO):
                part[number] = data
                continue
            if data != ECHO:
                sys.exit(f"not the echo: {data!r}")
            part[number] = b""
            messages += 1
            sock.send(MESSAGE)
    return messages


def main() -> None:
    """Open them all, then measure."""
    port, url, count, seconds, *headers = sys.argv[1:]
    opened = [connect(int(port), urlsplit(url).path, headers) for _ in range(int(count))]
    started = time.monotonic()
    messages = echo(opened, float(seconds))
    json.dump({"messages": messages, "seconds": time.monotonic() - started}, sys.stdout)


if __name__ == "__main__":
    main()
