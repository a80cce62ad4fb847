# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of Wakari AEN."""
