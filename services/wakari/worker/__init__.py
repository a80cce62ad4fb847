# SPDX-License-Identifier: GPL-3.0-or-later
"""wakari-worker: claims tasks and carries them to gateways; looks after the gateways' health."""
