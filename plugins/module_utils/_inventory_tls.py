# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the addresses fit `aen_tls`, and each host that needs a certificate of the site's is given one."""

from __future__ import annotations

from collections.abc import Iterator

from ._inventory import COMPUTE, GATEWAY, SERVER, Inventory, hosts_of

FILES = {"aen_tls_certificate": "its certificate", "aen_tls_key": "the key of its certificate"}


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each address without TLS where there is TLS, and for each certificate that is not named."""
    for tier, variable in ((SERVER, "aen_server_url"), (GATEWAY, "aen_gateway_url")):
        for host in inventory.of(tier):
            url = host.text(variable)
            if host.tls != "off" and url.startswith("http://"):
                yield (
                    f"Begin {variable} in {inventory.place(host, variable)}, for the host {host.name}, with https: "
                    f"aen_tls is {host.tls}, and it is {url}."
                )
    for variable, what in FILES.items():
        lacking = [
            host
            for host in inventory.of(SERVER, GATEWAY, COMPUTE)
            if host.tls == "files"
            and host.lacks(variable)
            # A compute node without a certificate speaks plain HTTP with its gateway.
            and (host.tiers != (COMPUTE,) or not all(map(host.lacks, FILES)))
        ]
        if lacking:
            yield f"Set {variable} for {hosts_of(lacking)} to {what}, a file on this controller: aen_tls is files."
