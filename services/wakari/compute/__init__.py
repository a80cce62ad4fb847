# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher of a compute node, and its app manifests."""
