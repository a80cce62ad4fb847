# SPDX-License-Identifier: GPL-3.0-or-later
"""MongoDB: the only package that imports pymongo. One repository a collection, one atomic update a change."""

from __future__ import annotations

from wakari.store.errors import Conflict, StoreUnavailable
from wakari.store.store import Store, connect

__all__ = ["Conflict", "Store", "StoreUnavailable", "connect"]
