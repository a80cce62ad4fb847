# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flask application of the server node: pages, REST API, OAuth 2 authority, internal API for gateways."""
