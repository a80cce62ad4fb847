# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs over all machines of the site by Ansible: asked for on a page, run by wakari-worker, off by default."""

from __future__ import annotations

from wakari.fleet.jobs import Fleet

__all__ = ["Fleet"]
