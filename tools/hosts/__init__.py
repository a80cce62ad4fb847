# SPDX-License-Identifier: GPL-3.0-or-later
"""Real test hosts: Debian machines with systemd, sshd, an address and cgroup limits of their own, on one computer."""
