# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see and decide about the apps of their projects on a node: the app Resources, and the command wk-apps."""
