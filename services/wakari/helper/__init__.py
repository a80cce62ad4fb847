# SPDX-License-Identifier: GPL-3.0-or-later
"""The only code that runs as root on a compute node: fixed verbs, strict JSON in, progress lines out."""
