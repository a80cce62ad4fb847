# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: the block in /etc/hosts that every host has, and the hosts' public keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.hosts import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.hosts.settings import HostSpec, Lab

_BEGIN, _END = "# BEGIN test hosts", "# END test hosts"
LOCALHOST = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def block(lab: Lab, specs: Iterable[HostSpec]) -> str:
    """Lines for a hosts file: long name first (hosts(5)), then the short one; `controller` is this machine."""
    lines = [f"{lab.gateway} controller.{lab.domain} controller"]
    lines += [
        f"{lab.address(one.octet)} {one.name}.{lab.domain} {one.name}"
        for one in sorted(specs, key=lambda one: one.octet)
    ]
    return "\n".join((_BEGIN, *lines, _END)) + "\n"


def merged(text: str, new_block: str) -> str:
    """A hosts file's text with our block replaced, or added; other lines stay as they are."""
    head, begin, rest = text.partition(_BEGIN + "\n")
    if not begin:
        return text + ("\n" if text and not text.endswith("\n") else "") + new_block
    _, _, tail = rest.partition(_END + "\n")
    return head + new_block + tail


def refresh(lab: Lab) -> None:
    """Bring /etc/hosts of every host, running ones too, and the lab's known_hosts up to date."""
    specs = records.specs(lab)
    text = block(lab, specs.values())
    known = []
    for name, spec in specs.items():
        root = records.folder(lab, name) / "root"
        if root.is_mount():
            path = root / "etc/hosts"
            old = path.read_text(encoding="utf-8") if path.is_file() and not path.is_symlink() else LOCALHOST
            if merged(old, text) != old:
                records.replace_file(path, merged(old, text))
        key = records.folder(lab, name) / "up/etc/ssh/ssh_host_ed25519_key.pub"
        if key.is_file():
            known.append(
                f"{name},{name}.{lab.domain},{lab.address(spec.octet)} {key.read_text(encoding='utf-8').strip()}"
            )
    records.replace_file(lab.known_hosts, "".join(f"{line}\n" for line in known))
