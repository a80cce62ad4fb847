# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore of a server node: one file with its database, its secrets and its settings."""

from __future__ import annotations

from wakari.backup.make import make
from wakari.backup.restore import restore

__all__ = ["make", "restore"]
