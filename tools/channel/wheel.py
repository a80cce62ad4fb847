# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a wheel: its metadata, its requirements on another Python, its scripts."""

from __future__ import annotations

import configparser
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from tools.channel.errors import ChannelError


@dataclass(frozen=True)
class Wheel:
    """One wheel on disk."""

    path: Path
    name: str
    version: str
    dist_info: str
    metadata: Message
    scripts: tuple[tuple[str, str], ...]

    @property
    def data_dir(self) -> str:
        """Folder of the wheel whose parts go outside site-packages, with its slash."""
        return self.dist_info.removesuffix(".dist-info") + ".data/"

    @property
    def licence(self) -> str:
        """SPDX expression, or the first line of the older free text."""
        text = self.metadata.get("License-Expression") or self.metadata.get("License") or ""
        return str(text).split("\n", maxsplit=1)[0][:80]

    def requirements(self, environment: Mapping[str, str], extra: str = "") -> Iterator[Requirement]:
        """What the wheel requires in `environment`: always (`extra` empty), or only for that extra."""
        for line in self.metadata.get_all("Requires-Dist") or []:
            requirement = Requirement(line)
            marker = requirement.marker
            always = marker is None or marker.evaluate({**environment, "extra": ""})
            with_extra = marker is not None and marker.evaluate({**environment, "extra": extra})
            if (always and not extra) or (extra and with_extra and not always):
                yield requirement


def read_wheel(path: Path) -> Wheel:
    """Read the metadata of a wheel.

    Raises:
        ChannelError: the file is not a wheel.
    """
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            tops = {member.split("/")[0] for member in archive.namelist()}
            dist_info = next(top for top in sorted(tops) if top.endswith(".dist-info"))
            metadata = HeaderParser().parsestr(archive.read(f"{dist_info}/METADATA").decode("utf-8", "replace"))
            has_scripts = f"{dist_info}/entry_points.txt" in archive.namelist()
            entry_points = archive.read(f"{dist_info}/entry_points.txt").decode() if has_scripts else ""
    except (ValueError, StopIteration, KeyError, zipfile.BadZipFile) as error:
        raise ChannelError(f"{path} is not a wheel: {error!r}") from error
    return Wheel(path, canonicalize_name(name), str(version), dist_info, metadata, _scripts(entry_points))


def conda_version(version: str) -> str:
    """A PEP 440 version in the spelling that conda file names allow."""
    return version.replace("+", ".").replace("-", "_")


def conda_spec(requirement: Requirement) -> str:
    """`numpy <3,>=1.26` of `numpy>=1.26,<3`: conda's spelling of the same range."""
    parts = []
    for specifier in requirement.specifier:
        operator, version = specifier.operator, specifier.version
        if operator == "==" and version.endswith(".*"):
            operator = ""
        parts.append(("==" if operator == "===" else operator) + version)
    return " ".join([canonicalize_name(requirement.name), ",".join(sorted(parts))]).strip()


def conda_depends(wheel: Wheel, available: Mapping[str, Wheel], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The specs of everything `wheel` needs, the extras of its requirements included.

    Raises:
        ChannelError: a requirement is not among the available wheels, so the channel would not be complete.
    """
    specs: set[str] = set()
    pending, seen = [(wheel, "")], set()
    while pending:
        owner, extra = pending.pop()
        if (owner.name, extra) in seen:
            continue
        seen.add((owner.name, extra))
        for requirement in owner.requirements(environment, extra):
            name = canonicalize_name(requirement.name)
            if name not in available:
                raise ChannelError(
                    f"{owner.name} requires {requirement}, which requirements/channel.txt does not hold: "
                    "run `make lock`"
                )
            if name != wheel.name:
                specs.add(conda_spec(requirement))
            # conda knows no extras: what an extra asks for becomes a requirement of whoever asks for it.
            pending += [(available[name], wanted) for wanted in requirement.extras]
    return tuple(sorted(specs))


def _scripts(entry_points: str) -> tuple[tuple[str, str], ...]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of scripts keep their case
    parser.read_string(entry_points)
    return tuple(
        (name, target.split("[")[0].strip())
        for section in ("console_scripts", "gui_scripts")
        if parser.has_section(section)
        for name, target in parser.items(section)
    )
