# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the repository itself. Each module has `problems(root)`, which yields a sentence a problem."""
