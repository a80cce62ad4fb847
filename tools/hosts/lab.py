# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole lab: bring hosts up, take them down, remove everything, tell what there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.hosts import base, cgroups, check, command, disk, host, mounts, names, network, packages, records
from tools.hosts.errors import LabError
from tools.hosts.locks import LOCKS, locked
from tools.hosts.settings import USER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tools.hosts.settings import HostSpec, Lab

    Say = Callable[[str], None]

_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_INSTANCES = 1024  # each systemd takes about ten, all as root, and the kernel's default is 128 for a user


def lock_path(lab: Lab) -> Path:
    """The lab's lock: the machine's, for bridge, namespaces and cgroups bear the lab's name wherever its folder is."""
    return LOCKS / f"aen-lab-{lab.name}.lock"


def up(lab: Lab, wanted: Sequence[HostSpec], say: Say) -> None:
    """Bring the hosts up; those that run already stay as they are, stopped ones start again with their disk.

    Raises:
        LabError: the machine cannot run hosts, a wish contradicts what is there, or a host does not come up.
    """
    check.require_machine({spec.suite for spec in wanted})
    layout = cgroups.machine_layout()
    with locked(lock_path(lab), say):
        refuse_conflicts(lab, wanted, records.specs(lab))
        images = {suite: base.ensure(lab, suite, say) for suite in sorted({spec.suite for spec in wanted})}
        ensure_key(lab)
        lab.hosts.mkdir(parents=True, exist_ok=True)
        network.ensure_bridge(lab)
        packages.ensure_proxy(lab, layout)
        if int(_INOTIFY.read_text(encoding="ascii")) < _INOTIFY_INSTANCES:
            _INOTIFY.write_text(str(_INOTIFY_INSTANCES), encoding="ascii")
        starting = []
        for spec in wanted:
            if records.read(lab, spec.name) is None:
                host.remove(lab, layout, spec.name)  # what an interrupted run left
                disk.make(lab, layout, spec, images[spec.suite])
            elif host.is_running(lab, layout, spec.name):
                say(f"{spec.name}: runs already")
                continue
            disk.mount(lab, spec.name)
            starting.append(spec)
        names.refresh(lab)
        for spec in starting:
            host.boot(lab, layout, spec)
            say(f"{spec.name}: boots {spec.suite}")
        wait(lab, layout, wanted, say)


def wait(lab: Lab, layout: cgroups.Layout, wanted: Sequence[HostSpec], say: Say) -> None:
    """Wait for all hosts at once; every failure is told, not only the first."""

    def one(spec: HostSpec) -> str:
        try:
            host.wait_for_ssh(lab, layout, spec)
        except LabError as error:
            return str(error)
        say(f"{spec.name}: ready, {USER}@{lab.address(spec.octet)}")
        return ""

    failures = [text for text in _parallel(one, wanted) if text]
    if failures:
        raise LabError("\n".join(failures))


def refuse_conflicts(lab: Lab, wanted: Sequence[HostSpec], existing: dict[str, HostSpec]) -> None:
    """Stop when two hosts would share a name or an address, or an existing one is asked for with other properties.

    Raises:
        LabError: naming both.
    """
    octets = {spec.octet: spec.name for spec in existing.values()}
    seen: set[str] = set()
    for spec in wanted:
        address = lab.address(spec.octet)
        if spec.name in seen:
            raise LabError(f"{spec.name} is asked for twice")
        seen.add(spec.name)
        if octets.get(spec.octet, spec.name) != spec.name:
            raise LabError(
                f"{address} is asked for {spec.name}, but belongs to {octets[spec.octet]}: take another octet"
            )
        octets[spec.octet] = spec.name
        there = existing.get(spec.name)
        if there is not None and (there.octet, there.suite) != (spec.octet, spec.suite):
            raise LabError(
                f"{spec.name} exists as {lab.address(there.octet)} with {there.suite}: "
                f"'python3 -m tools.hosts down {spec.name}' first"
            )


def ensure_key(lab: Lab) -> None:
    """The ssh key for every host, made once."""
    if not lab.key.with_suffix(".pub").is_file():
        lab.key.parent.mkdir(parents=True, exist_ok=True)
        lab.key.unlink(missing_ok=True)
        command.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test hosts", "-f", str(lab.key)])


def down(lab: Lab, host_names: Iterable[str], say: Say) -> None:
    """Remove the hosts with their disks; those that are not there are passed over."""
    check.require_root()
    layout = cgroups.machine_layout()
    with locked(lock_path(lab), say):
        _remove_hosts(lab, layout, host_names, say)
        if lab.hosts.is_dir():
            names.refresh(lab)


def destroy(lab: Lab, say: Say, *, if_empty: bool = False) -> None:
    """Remove every host and the lab itself; base images, package cache and ssh key stay.

    Works from what is on the machine (cgroups, namespaces, mounts, folders), so it needs no intact state.
    With `if_empty` nothing happens while there are hosts.
    """
    check.require_root()
    layout = cgroups.machine_layout()
    with locked(lock_path(lab), say):
        if if_empty and records.names(lab):
            say(f"lab {lab.name} has hosts: it stays")
            return
        tops = cgroups.find_groups(layout, lab.name)
        grouped = {
            path.name for top in tops for path in top.iterdir() if path.is_dir() and not path.name.startswith("_")
        }
        _remove_hosts(lab, layout, {*records.names(lab), *grouped, *network.plugged_hosts(lab)}, say)
        cgroups.remove(tops)
        network.remove_network(lab)
        mounts.unmount_below(lab.home)
        command.run(["rm", "-rf", "--one-file-system", str(lab.home)], timeout=600)
        base.clean_if_idle(lab)
        for top in cgroups.find_groups(layout):
            if not any(path.is_dir() for path in top.iterdir()):
                top.rmdir()
        say(f"lab {lab.name}: nothing is left")


def _remove_hosts(lab: Lab, layout: cgroups.Layout, host_names: Iterable[str], say: Say) -> None:
    def one(name: str) -> str:
        try:
            host.remove(lab, layout, name)
        except LabError as error:
            return f"{name}: {error}"
        say(f"{name}: removed")
        return ""

    failures = [text for text in _parallel(one, sorted(set(host_names))) if text]
    if failures:
        raise LabError("\n".join(failures))


def _parallel(function: Callable[[Any], str], items: Sequence[Any]) -> list[str]:
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(items)))) as pool:
        return list(pool.map(function, items))


def status(lab: Lab) -> dict[str, Any]:
    """What there is: the lab's connection data, and each host with name, address, suite and state.

    A state is running, cut (runs, cable out), stopped, or broken (left by an interrupted run; up or destroy mends it).
    """
    layout = cgroups.machine_layout()
    hosts: list[dict[str, Any]] = []
    for name in records.names(lab):
        spec = records.read(lab, name)
        if spec is None:
            hosts.append({"name": name, "state": "broken"})
            continue
        state = "stopped"
        if host.is_running(lab, layout, name):
            state = "running" if network.cable_is_up(lab, spec.octet) else "cut"
        hosts.append(
            {
                "name": name,
                "fqdn": f"{name}.{lab.domain}",
                "address": str(lab.address(spec.octet)),
                "octet": spec.octet,
                "suite": spec.suite,
                "memory": spec.memory,
                "state": state,
            }
        )
    return {
        "lab": lab.name,
        "network": str(lab.network),
        "bridge": lab.bridge,
        "controller": str(lab.gateway),
        "domain": lab.domain,
        "user": USER,
        "ssh_key": str(lab.key),
        "known_hosts": str(lab.known_hosts),
        "hosts": hosts,
    }


def existing(lab: Lab, name: str) -> HostSpec:
    """The host's record.

    Raises:
        LabError: there is no such host.
    """
    spec = records.read(lab, name)
    if spec is None:
        there = ", ".join(records.specs(lab)) or "none"
        raise LabError(f"lab {lab.name} has no host {name}; hosts: {there}")
    return spec
