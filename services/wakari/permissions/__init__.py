# SPDX-License-Identifier: GPL-3.0-or-later
"""The POSIX ACL engine: what the files of a project allow to whom (docs/permissions.md)."""
