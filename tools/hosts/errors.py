# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class LabError(Exception):
    """Something that stops the lab; the message says what is wrong and what to do about it."""
