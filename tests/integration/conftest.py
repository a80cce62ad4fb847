# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of all integration tests: a real mongod (started when first asked for) and the server's parts over it."""

from __future__ import annotations

from tests.mongod import database_name, mongod
from tests.serverkit import api, app, gateway_site, kit, server_database, services, settings, store

__all__ = [
    "api",
    "app",
    "database_name",
    "gateway_site",
    "kit",
    "mongod",
    "server_database",
    "services",
    "settings",
    "store",
]
