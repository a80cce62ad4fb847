# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages: server-rendered, forms that work without JavaScript, live parts by htmx."""
