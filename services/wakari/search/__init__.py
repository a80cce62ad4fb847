# SPDX-License-Identifier: GPL-3.0-or-later
"""Search in the files of projects: the language of queries, the index of a node, the program that keeps it."""
