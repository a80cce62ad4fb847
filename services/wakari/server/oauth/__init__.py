# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth 2 authority: gateways sign people in by authorization code with PKCE."""
