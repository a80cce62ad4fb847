# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon somebody who is taken out of a project's team is out, from end to end.

    python -m tests.benchmarks.gateway.revocation [--trials 200]

The real server over a real mongod, its feed, a registered gateway with both programs, all on loopback. A member opens
a WebSocket; the owner removes them by the server's API; measured is the time from sending that request until the
member's socket is at its end, and until a new request of theirs is refused. Prints the median, the 99th percentile and
the worst of each, in milliseconds; ends with 1 where the target is missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import select
import sys
import time

from tests.benchmarks.gateway.changes import show
from tests.benchmarks.gateway.report import say
from tests.benchmarks.gateway.sockets import connect
from tests.integration.gateway.site import Site, site
from tests.mongod import Mongod
from wakari.store.records import Project

TARGET = 2.0  # seconds, docs/architecture.md, "One access model"
SETTLE = 2.0  # seconds until the data plane hears of changes, after its start


class Owner:
    """The project's owner, who speaks to the server's API over one connection."""

    def __init__(self, running: Site, project: Project) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=30)
        self._headers = {"Content-Type": "application/json", **running.bearer(project.owner)}
        self._members = f"/api/v1/projects/{project.owner}/{project.name}/members"

    def call(self, method: str, member: str, body: object | None = None) -> None:
        """Add or remove a member; ends the program where the server refuses."""
        content = None if body is None else json.dumps(body)
        self._connection.request(method, f"{self._members}/{member}", content, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            sys.exit(f"the server refused: {said!r}")


def _status(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> int:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def trial(running: Site, owner: Owner, path: str, member: str) -> tuple[float, float]:
    """Return the seconds until the member's open WebSocket ended, and until a request of theirs was refused."""
    owner.call("PUT", member, {"role": "member"})
    headers = running.bearer(member)
    connection = http.client.HTTPConnection("127.0.0.1", running.proxy.port, timeout=30)
    deadline = time.monotonic() + 10
    while _status(connection, path, headers) != http.client.OK:
        if time.monotonic() > deadline:
            sys.exit(f"{member} does not get in")
    sock = connect(running.proxy.port, path, [f"{name}: {value}" for name, value in headers.items()])
    began = time.monotonic()
    owner.call("DELETE", member)
    select.select([sock], [], [], 30)
    closed = time.monotonic() - began
    if sock.recv(100) != b"":
        sys.exit("the node spoke; nothing was closed")
    while _status(connection, path, headers) == http.client.OK:
        pass
    refused = time.monotonic() - began
    sock.close()
    connection.close()
    return closed, refused


def main() -> int:
    """Run the trials; returns 0 when the target is met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gateway.revocation")
    parser.add_argument("--trials", type=int, default=200)
    trials = parser.parse_args().trials
    mongod = Mongod()
    mongod.start()
    try:
        with site(mongod, "revocation") as running:
            project = running.new_project()
            owner = Owner(running, project)
            path = f"/{project.owner}/{project.name}/notebook/ws"
            names = [running.kit.user(f"member{number}").name for number in range(trials)]
            time.sleep(SETTLE)
            took = [trial(running, owner, path, name) for name in names]
    finally:
        mongod.stop()
    say(f"{trials} members removed at the server, one after the other")
    good = show("open WebSocket closed", [closed for closed, _ in took], TARGET)
    good &= show("request refused", [refused for _, refused in took], TARGET)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
