# SPDX-License-Identifier: GPL-3.0-or-later
"""What gateways ask, signed with their client secret (docs/protocols.md, "Internal API")."""
