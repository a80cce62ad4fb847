# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server tells gateways, and nobody else."""

from __future__ import annotations

from wakari.server.internal import starting
from wakari.server.internal.blueprint import blueprint

VIEWS = (starting,)  # imported so that it enters itself into the blueprint

__all__ = ["VIEWS", "blueprint"]
