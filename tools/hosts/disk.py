# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's disk: an overlay over the base image, with what makes this host itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tools.hosts import apt, cgroups, command, customise, mounts, names, packages, records
from tools.hosts.settings import USER

if TYPE_CHECKING:
    from pathlib import Path

    from tools.hosts.settings import HostSpec, Lab


def make(lab: Lab, layout: cgroups.Layout, spec: HostSpec, image: str) -> None:
    """A new disk for the host, mounted; its record is the last thing written."""
    folder = records.folder(lab, spec.name)
    for part in ("up", "work", "root"):
        (folder / part).mkdir(parents=True)
    records.replace_file(folder / "base", image + "\n")
    mount(lab, spec.name)
    root = folder / "root"
    etc = root / "etc"
    records.replace_file(etc / "hostname", spec.name + "\n")
    records.replace_file(etc / "hosts", names.LOCALHOST)
    sources = "".join(one.line(through_proxy=True) + "\n" for one in apt.machine_sources(spec.suite))
    records.replace_file(etc / "apt/sources.list", sources)
    records.replace_file(etc / "apt/apt.conf.d/01lab", _apt_config(lab))
    command.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", spec.name, "-f", str(etc / "ssh/ssh_host_ed25519_key")]
    )
    _authorise(root, lab)
    if layout.kind is cgroups.Kind.V1 and layout.limits_hold(spec.suite):
        mounts = sorted({one.mount.name for one in layout.hierarchies if one.label in cgroups.CONTROLLERS})
        records.replace_file(root / customise.CGROUPS_FILE, "\n".join(mounts) + "\n")
    records.write(lab, spec)


def _apt_config(lab: Lab) -> str:
    carried = apt.machine_proxy(os.environ).carried
    settings = [("Acquire::http::Proxy", packages.proxy_url(lab)), ("Acquire::Languages", "none"), *carried]
    return "".join(f'{name} "{value}";\n' for name, value in settings)


def _authorise(root: Path, lab: Lab) -> None:
    home = root / "home" / USER
    owner = home.stat()
    folder = home / ".ssh"
    folder.mkdir(mode=0o700)
    path = folder / "authorized_keys"
    records.replace_file(path, lab.key.with_suffix(".pub").read_text(encoding="utf-8"), 0o600)
    for one in (folder, path):
        os.chown(one, owner.st_uid, owner.st_gid)


def mount(lab: Lab, name: str) -> None:
    """Mount the host's disk, if it is not."""
    folder = records.folder(lab, name)
    if (folder / "root").is_mount():
        return
    image = lab.state / "base" / (folder / "base").read_text(encoding="utf-8").strip()
    layers = f"lowerdir={image},upperdir={folder / 'up'},workdir={folder / 'work'}"
    command.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(folder / "root")])


def remove(lab: Lab, name: str) -> None:
    """Unmount and delete the host's disk and record."""
    folder = records.folder(lab, name)
    records.record_path(lab, name).unlink(missing_ok=True)
    mounts.unmount_below(folder)
    command.run(["rm", "-rf", "--one-file-system", str(folder)], timeout=600)
