# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ChannelError(Exception):
    """The channel cannot be built; the message says what is wrong and what to do."""
