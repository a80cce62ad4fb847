# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of Wakari AEN."""

from __future__ import annotations

# The release: the same in pyproject.toml and galaxy.yml, by a test.
__version__ = "0.1.0"
