# SPDX-License-Identifier: GPL-3.0-or-later
"""conda environments without conda: create from channels, clone by hard links, list, verify (docs/environments.md)."""
