# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs a gateway that its nodes speak TLS: the same requests, to a node without and to one with a certificate.

    python -m tests.benchmarks.gateway.node_tls [--rounds 3] [--seconds 4]

Both gateways speak TLS with their clients. Prints rate and processor time each, medians of the rounds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.authority import Authority, Certificate
from tests.benchmarks.gateway.load import http
from tests.benchmarks.gateway.report import say
from tests.benchmarks.gateway.stand import PROJECT, USER, Candidate, upstream
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.proxy import Proxy, make_prefix

CASES = (("1 KiB, 16 connections", "/small", 16), ("10 MiB download, 4 connections", "/large", 4))


@contextmanager
def gateway(name: str, own: Certificate, node: Certificate | None) -> Iterator[Candidate]:
    """Run a gateway with its own certificate, before a node that has one or none."""
    with upstream(node) as port:
        prefix = make_prefix()
        state = State(node_port=port, node_tls="compute1" if node else None)
        state.levels[USER, f"{USER}/{PROJECT}"] = "write"
        control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
        proxy = Proxy(
            prefix,
            __aen_gateway_tls=True,
            __aen_gateway_certificate=own.certificate,
            __aen_gateway_certificate_key=own.key,
            __aen_gateway_node_authorities=own.authority,
        )
        state.external_url = f"https://127.0.0.1:{proxy.port}"
        try:
            yield Candidate(
                name, proxy.port, proxy.process.pid, {"Cookie": f"wk_gateway={state.cookie(USER)}"}, "https"
            )
        finally:
            proxy.close()
            control.close()


def main() -> None:
    """Measure both, one after the other in each round."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gateway.node_tls")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-tls-", dir="/var/tmp"))
    folder.chmod(0o755)  # NGINX is another account
    try:
        authority = Authority(folder)
        own, node = authority.issue("gateway", "127.0.0.1"), authority.issue("node", "compute1")
        with ExitStack() as stack:
            pair = [
                stack.enter_context(gateway("plain HTTP", own, None)),
                stack.enter_context(gateway("mutual TLS", own, node)),
            ]
            for case, path, connections in CASES:
                rounds = [
                    [http(one, path, connections, options.seconds) for one in pair] for _ in range(options.rounds)
                ]
                for index, one in enumerate(pair):
                    rate = statistics.median(row[index].rate for row in rounds)
                    cpu = statistics.median(row[index].cpu for row in rounds)
                    say(f"{case}, node over {one.name}: {rate:,.0f}/s, {cpu:,.0f} us of processor time each")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
