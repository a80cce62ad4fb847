# SPDX-License-Identifier: GPL-3.0-or-later
"""Which channels are meant where none is named: the keys of conda's own configuration file that say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wakari.environments.errors import EnvironmentsError

_ALIAS = "https://conda.anaconda.org"  # conda's own channel_alias
_KEYS = ("channels", "default_channels", "create_default_packages")


@dataclass(frozen=True)
class Condarc:
    """What the files say.

    Attributes:
        channels: names and addresses, the preferred one first.
        default_channels: what the name `defaults` stands for, likewise.
        channel_alias: address below which a bare name is looked for.
        default_packages: what every environment that is made by name begins with.
    """

    channels: tuple[str, ...] = ()
    default_channels: tuple[str, ...] = ()
    channel_alias: str = _ALIAS
    default_packages: tuple[str, ...] = ()

    def addresses(self, named: Iterable[str] = ()) -> tuple[str, ...]:
        """Addresses or directories of the named channels, or of the configured ones where none is named.

        Raises:
            EnvironmentsError: `no_channel` where there is none at all.
        """
        found: list[str] = []
        for name in tuple(named) or self.channels or ("defaults",):
            found += [self._address(one) for one in (self.default_channels if name == "defaults" else (name,))]
        if not found:
            raise EnvironmentsError(
                "no_channel",
                "No channel is named, and the site has set none.",
                hint="Add --channel with an address, or ask an administrator to set channels in the root "
                "distribution's .condarc.",
            )
        return tuple(dict.fromkeys(found))

    def _address(self, name: str) -> str:
        if "://" in name or name.startswith(("/", ".")):
            return name
        return f"{self.channel_alias.rstrip('/')}/{name.strip('/')}"


def read(files: Iterable[Path]) -> Condarc:
    """What the files say together: an earlier file is preferred; its lists come before those of the later ones.

    Keys that conda knows and this does not are passed over; a file that does not exist says nothing.

    Raises:
        EnvironmentsError: `bad_request` for a file that cannot be read, or a key of another type.
    """
    lists: dict[str, list[str]] = {key: [] for key in _KEYS}
    alias = ""
    for file in files:
        content = _read(file)
        for key in _KEYS:
            lists[key] += _words(file, key, content.get(key))
        given = content.get("channel_alias")
        if given is not None and not isinstance(given, str):
            raise _wrong(file, "channel_alias", "a text")
        alias = alias or given or ""
    unique = {key: tuple(dict.fromkeys(words)) for key, words in lists.items()}
    return Condarc(
        channels=unique["channels"],
        default_channels=unique["default_channels"],
        channel_alias=alias or _ALIAS,
        default_packages=unique["create_default_packages"],
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise EnvironmentsError("bad_request", f"{file} cannot be read: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _wrong(file, "the file", "keys with values")
    return content


def _words(file: Path, key: str, value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise _wrong(file, key, "a list of texts")
    return value


def _wrong(file: Path, key: str, wanted: str) -> EnvironmentsError:
    return EnvironmentsError("bad_request", f"{file}: {key} must be {wanted}.", hint="Correct the file.")
