# SPDX-License-Identifier: GPL-3.0-or-later
"""A local conda channel made from this machine's CPython and pinned wheels (development and trials only)."""
