# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators get: the collection artifact, and the bundle for sites without a network."""
