# SPDX-License-Identifier: GPL-3.0-or-later
"""All addresses of the server, as its own table has them: a new one is in these tests without anybody's doing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask

PROGRAMS = ("/api/", "/oauth/token", "/_wakari/", "/static/")
SAFE = {"GET", "HEAD", "OPTIONS"}
# What a parameter of an address may be called by; none of these things needs to be there.
SAMPLES = {"owner": "alice", "name": "demo", "user": "alice", "group": "g", "path": "x", "filename": "x"}


@dataclass(frozen=True)
class Address:
    """A method and a path, its parameters filled in."""

    method: str
    path: str


def addresses(app: Flask) -> Iterator[Address]:
    """Yield every address with every method it takes, HEAD and OPTIONS left out."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]*:)?([^<>]+)>", lambda found: SAMPLES.get(found[1], "x"), rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Address(method, path)


def forms(app: Flask) -> list[Address]:
    """Return the addresses that take forms of people."""
    return [one for one in addresses(app) if one.method not in SAFE and not one.path.startswith(PROGRAMS)]


def pages(app: Flask) -> list[Address]:
    """Return the addresses that people open."""
    return [one for one in addresses(app) if one.method == "GET" and not one.path.startswith(PROGRAMS)]
