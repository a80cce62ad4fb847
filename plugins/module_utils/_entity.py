# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, compare, apply: what all modules do that bring one thing of the server in line with its description."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._client import CHANGED_MEANWHILE, ApiError, Client, Json

ATTEMPTS = 4  # times a change is made anew because somebody else changed the thing between our reading and writing


class CannotError(Exception):
    """What is asked for cannot be done. The text says what to do."""


@dataclass(frozen=True)
class Found:
    """What the server has under a name, and the tag by which it knows this state."""

    item: Json
    etag: str = ""


@dataclass(frozen=True)
class Change:
    """What was there and what is there now (in check mode: would be), in the words of the module's options."""

    before: Json | None
    after: Json | None
    item: Json | None = None
    secret: str = ""

    @property
    def changed(self) -> bool:
        """Return whether they differ."""
        return self.before != self.after


class Kind(ABC):
    """One kind of thing. `wanted` is a module's parameters; a value of None there means: leave it as it is."""

    noun: str
    fixed: tuple[str, ...] = ()  # fields that are given at creation and stay

    @abstractmethod
    def label(self, wanted: Mapping[str, Any]) -> str:
        """Return the name by which people know it."""

    @abstractmethod
    def path(self, wanted: Mapping[str, Any], found: Found | None) -> str:
        """Return its address in the API."""

    @abstractmethod
    def shown(self, item: Json) -> Json:
        """Return what the server says of it in the words of the module's options; that is what is compared."""

    @abstractmethod
    def target(self, wanted: Mapping[str, Any], before: Json | None) -> Json:
        """Return how it shall be, as `shown`: what is there, overlaid with what is wanted."""

    @abstractmethod
    def creation(self, client: Client, wanted: Mapping[str, Any], target: Json) -> tuple[str, Json]:
        """Return collection and body that create it; raise CannotError where something needed is missing."""

    @abstractmethod
    def patch(self, wanted: Mapping[str, Any], before: Json, target: Json) -> Json:
        """Return the body of the change."""

    def find(self, client: Client, wanted: Mapping[str, Any]) -> Found | None:
        """Return what the server has; None for nothing."""
        item, etag = client.find(self.path(wanted, None))
        return None if item is None else Found(item, etag)

    def forced(self, wanted: Mapping[str, Any]) -> Json:
        """Return what is written whether it differs or not, since the server does not show it (a password)."""
        del wanted
        return {}

    def change(self, client: Client, wanted: Mapping[str, Any], found: Found, target: Json) -> Json:
        """Make the thing as the target says; return what the server then says of it."""
        body = {**self.patch(wanted, self.shown(found.item), target), **self.forced(wanted)}
        return client.write("PATCH", self.path(wanted, found), body, found.etag)

    def removal(self, wanted: Mapping[str, Any], found: Found) -> str:
        """Return the address to which its removal is sent."""
        return self.path(wanted, found)

    def removed(self, client: Client, wanted: Mapping[str, Any], answer: Json) -> None:
        """Return once the thing is really gone: here at once, with the answer."""
        del client, wanted, answer

    def secret(self, answer: Json) -> str:
        """Return the secret that only this answer tells; empty where there is none."""
        del answer
        return ""


def ensure(client: Client, kind: Kind, wanted: Mapping[str, Any], *, present: bool, found: Found | None) -> Change:
    """Return the change that was made, or would be in check mode, to bring the thing in line.

    Raises:
        ApiError: the server refuses.
        CannotError: it cannot be done.
    """
    for last in (*(False,) * (ATTEMPTS - 1), True):
        try:
            return _once(client, kind, wanted, present=present, found=found)
        except ApiError as error:
            if last or error.status != CHANGED_MEANWHILE:
                raise
            found = kind.find(client, wanted)
    raise AssertionError("unreachable")


def _once(client: Client, kind: Kind, wanted: Mapping[str, Any], *, present: bool, found: Found | None) -> Change:
    before = kind.shown(found.item) if found else None
    if not present:
        if found is None:
            return Change(None, None)
        if not client.read_only:
            kind.removed(client, wanted, client.write("DELETE", kind.removal(wanted, found), etag=found.etag))
        return Change(before, None)
    target = kind.target(wanted, before)
    if found is None or before is None:
        return _create(client, kind, wanted, target)
    for name in kind.fixed:
        if target[name] != before[name]:
            raise CannotError(
                f"{name} of the {kind.noun} {kind.label(wanted)} is {_words(before[name])} and cannot be changed to "
                f"{_words(target[name])}: it is given at creation."
            )
    forced = kind.forced(wanted)
    if target == before and not forced:
        return Change(before, before, found.item)
    after = {**target, **dict.fromkeys(forced, "(set anew)")}
    if client.read_only:
        return Change(before, after, {**found.item, **target})
    item = kind.change(client, wanted, found, target)
    return Change(before, {**kind.shown(item), **dict.fromkeys(forced, "(set anew)")}, item)


def _create(client: Client, kind: Kind, wanted: Mapping[str, Any], target: Json) -> Change:
    collection, body = kind.creation(client, wanted, target)
    if client.read_only:
        # What nobody said, the server would choose.
        return Change(None, {name: value for name, value in target.items() if value is not None}, target)
    item = client.write("POST", collection, body)
    return Change(None, kind.shown(item), item, kind.secret(item))


def overlaid(before: Json | None, defaults: Json, wanted: Mapping[str, Any]) -> Json:
    """Return the fields of `defaults`, each as wanted, or else as before, or else as the default."""
    base = {**defaults, **(before or {})}
    return {name: base[name] if wanted.get(name) is None else wanted[name] for name in base}


def differing(before: Json, target: Json) -> Json:
    """Return the fields of the target that are not as before."""
    return {name: value for name, value in target.items() if before.get(name) != value}


def _words(value: Any) -> str:  # noqa: ANN401 - whatever a field holds
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
