# SPDX-License-Identifier: GPL-3.0-or-later
"""The wheelhouse: one archive for each tier and Python, with every locked wheel and the distribution itself.

A host installs from its archive alone, with no package index: the hermetic way, and the way of an air-gapped site.
"""
