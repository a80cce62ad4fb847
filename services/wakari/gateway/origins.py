# SPDX-License-Identifier: GPL-3.0-or-later
"""Origins of projects, `https://<project>--<owner>.<domain>`, where the site has such a domain.

The data plane has the same rules (`gateway_origin.lua`): a name is read one way only, and a project whose name could be
read in another, or does not fit a DNS label, has no origin of its own.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from wakari.gateway.settings import GatewaySettings

LONGEST = 63  # characters of a DNS label (RFC 1035, section 2.3.4)
PUNYCODE = "xn"  # "xn--..." is another alphabet's name (RFC 5890, section 2.3.2.1)
PART = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)  # single hyphens: "--" stands between two names alone


def label_of(owner: str, project: str) -> str | None:
    """Return the label of the project's origin; None where it has none."""
    if not PART.fullmatch(owner) or not PART.fullmatch(project) or project == PUNYCODE:
        return None
    label = f"{project}--{owner}"
    return label if len(label) <= LONGEST else None


class Origins:
    """The origins of a gateway's projects."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._domain = settings.project_domain
        port = urlsplit(settings.EXTERNAL_GATEWAY_URL).port
        self._port = f":{port}" if port else ""

    def of_host(self, host: str) -> str | None:
        """Return the label in a Host header; None where it is the gateway's own host, or no project's."""
        name = host.lower().removesuffix(self._port).removesuffix(".")
        label, dot, domain = name.partition(".")
        project, _, owner = label.partition("--")
        return label if dot and domain == self._domain and label_of(owner, project) == label else None

    def address(self, label: str) -> str:
        """Return the address of the label's origin, without a trailing `/`."""
        return f"https://{label}.{self._domain}{self._port}"

    def of_project(self, owner: str | None, project: str | None) -> str | None:
        """Return the address of the project's origin; None where it has none, or the site has no such domain."""
        label = label_of(owner, project) if self._domain and owner and project else None
        return self.address(label) if label else None
