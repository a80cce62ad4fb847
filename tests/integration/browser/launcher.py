# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of `wk-compute`: says that a project's app runs, on the socket behind the node's data plane."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.integration.compute import node as nodes


@contextmanager
def launcher(node: nodes.Node, instances: Mapping[str, str]) -> Iterator[None]:
    """Answer `apps/open` (docs/protocols.md, "Compute node") with the instance of each project's name."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            instance = instances[asked["project"]["name"]]
            body = json.dumps({"instance": instance, "state": "running", "permission": "write"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_: object) -> None:
            pass

    path = node.prefix / "var/run/wk-compute.sock"
    server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
    server.daemon_threads = True
    os.chown(path, nodes.SERVICE, nodes.SERVICE)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
