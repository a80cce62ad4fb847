# SPDX-License-Identifier: GPL-3.0-or-later
"""Control plane of a gateway; its data plane is roles/aen_gateway/files/lua."""
