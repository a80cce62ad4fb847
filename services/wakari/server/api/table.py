# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table all handlers enter themselves into."""

from __future__ import annotations

from wakari.server.api.routing import Table

TABLE = Table()
