# SPDX-License-Identifier: GPL-3.0-or-later
"""All pages."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("pages", __name__)
