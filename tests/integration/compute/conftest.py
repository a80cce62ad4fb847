# SPDX-License-Identifier: GPL-3.0-or-later
"""A real root distribution for the tests that run Jupyter."""

from __future__ import annotations

from tests.integration.environments.conftest import channel, place, root

__all__ = ["channel", "place", "root"]
