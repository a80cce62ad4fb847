# SPDX-License-Identifier: GPL-3.0-or-later
"""`make up` and `make down`: the platform of inventories/local on test hosts of this machine."""
