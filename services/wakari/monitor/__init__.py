# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a compute node: measured, reported upward, stopped where nobody has used it for long."""
