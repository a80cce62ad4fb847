# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies and answers of the API, as OpenAPI describes them."""
