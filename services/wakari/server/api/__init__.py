# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API, /api/v1: one route table, from which the OpenAPI document is generated."""
