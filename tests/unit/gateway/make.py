# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a gateway, made up for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wakari.core import tokens
from wakari.gateway.settings import GatewaySettings, read

SECRET = tokens.new_key()


def registration(**changed: Any) -> dict[str, Any]:
    """Return what stands in wk-gateway-config.json."""
    return {
        "WAKARI_SERVER": "http://server.example.org",
        "EXTERNAL_GATEWAY_URL": "http://gateway.example.org:8089",
        "port": 8089,
        "NAME": "dc1",
        "DATA_CENTER_ID": "id1",
        "CLIENT_ID": "client1",
        "CLIENT_SECRET": SECRET,
    } | changed


def write(folder: Path, site: dict[str, Any] | None = None, **changed: Any) -> Path:
    """Write a prefix's files; return the path of the registration."""
    etc = folder / "etc" / "wakari"
    (etc / "nodes.d").mkdir(parents=True, exist_ok=True)
    (etc / "config.json").write_text(json.dumps(site or {}), encoding="utf-8")
    (etc / "cookie-keys").write_text(f"{tokens.new_key()}\n{tokens.new_key()}\n", encoding="utf-8")
    path = etc / "wk-gateway-config.json"
    path.write_text(json.dumps(registration(**changed)), encoding="utf-8")
    return path


def settings(folder: Path, **changed: Any) -> GatewaySettings:
    """Return settings as wk-gateway reads them."""
    return read(write(folder, **changed))
