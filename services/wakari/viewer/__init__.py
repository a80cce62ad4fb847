# SPDX-License-Identifier: GPL-3.0-or-later
"""The app Viewer: a project's files to look at, as the visiting person, changing nothing."""
