# SPDX-License-Identifier: GPL-3.0-or-later
"""Many things of one kind in one go: few requests, one connection, every failure told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._client import ApiError, Client, Json
from ._entity import CannotError, Change, Found, Kind, ensure
from ._run import run

FEW = 20  # up to here each is asked for by its name; beyond, the list is read, 200 in a request
FATAL = frozenset({401, 429})  # what would meet each of the others too


@dataclass
class Outcome:
    """What became of all of them, by label."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failures: list[Json] = field(default_factory=list)
    diff: list[Json] = field(default_factory=list)

    def add(self, kind: Kind, label: str, change: Change) -> None:
        """Note a change, if it is one."""
        if not change.changed:
            return
        kept = self.removed if change.after is None else self.created if change.before is None else self.updated
        kept.append(label)
        header = f"{kind.noun} {label}"
        self.diff.append(
            {
                "before_header": header,
                "after_header": header,
                "before": change.before or {},
                "after": change.after or {},
            }
        )

    def fail(self, label: str, error: Exception) -> None:
        """Note why one of them could not be brought in line."""
        self.failures.append({"name": label, "msg": str(error)})


def run_bulk(
    module: AnsibleModule,
    kind: Kind,
    collection: str,
    *,
    key: Callable[[Mapping[str, Any]], str],
    kept: Callable[[Json], bool] = lambda _: False,
) -> None:
    """Bring all of `items` in line, and with `purge` remove the others. `key`: by what an item is told from another.

    `kept`: those that are never purged.
    """
    for_all = {name: module.params.get(name) for name in ("append", "wait_timeout")}
    wanted: Sequence[Mapping[str, Any]] = [{**item, **for_all} for item in module.params[collection]]
    labels = [key(item) for item in wanted]
    if (
        twice := sorted({label for label in labels if labels.count(label) > 1})
        if len(set(labels)) < len(labels)
        else []
    ):
        module.fail_json(msg=f"Named twice in {collection}: {', '.join(twice)}. Name each once.")
    purge = bool(module.params["purge"])

    def work(client: Client) -> Json:
        outcome = Outcome()
        known = None
        if purge or len(wanted) > FEW:
            known = {key(item): item for item in _listed(client, collection, wanted, purge=purge)}
        for item in wanted:
            label = key(item)
            found = kind.find(client, item) if known is None else _found(known.get(label))
            _one(client, kind, item, label, outcome, present=True, found=found)
        if purge and known is not None:
            named = set(labels)
            others = {label: item for label, item in known.items() if label not in named and not kept(item)}
            _purge(client, kind, others, outcome, module.params)
        return _result(module, outcome, client)

    run(module, work)


def _listed(client: Client, collection: str, wanted: Sequence[Mapping[str, Any]], *, purge: bool) -> Iterator[Json]:
    """Yield what the server has: all; of projects, those of the owners that are named, where these are few."""
    owners = dict.fromkeys(item["owner"] for item in wanted) if collection == "projects" else {}
    if purge or not 0 < len(owners) <= FEW:
        yield from client.items(f"/{collection}")
    for owner in owners if not purge and len(owners) <= FEW else ():
        yield from client.items(f"/{collection}", owner=owner)


def _purge(
    client: Client, kind: Kind, others: Mapping[str, Json], outcome: Outcome, parameters: Mapping[str, Any]
) -> None:
    """Remove all, then wait for each: they go side by side."""
    how = {name: parameters.get(name) for name in ("files", "wait_timeout")}
    for label, item in others.items():
        _one(client, kind, {**item, **how, "wait": False}, label, outcome, present=False, found=Found(item))
    if client.read_only:
        return
    for label in outcome.removed:
        try:
            kind.removed(client, {**others[label], **how}, {})
        except (ApiError, CannotError) as error:
            outcome.fail(label, error)


def _one(
    client: Client,
    kind: Kind,
    wanted: Mapping[str, Any],
    label: str,
    outcome: Outcome,
    *,
    present: bool,
    found: Found | None,
) -> None:
    try:
        outcome.add(kind, label, ensure(client, kind, wanted, present=present, found=found))
    except ApiError as error:
        if error.status in FATAL:
            raise
        outcome.fail(label, error)
    except CannotError as error:
        outcome.fail(label, error)


def _found(item: Json | None) -> Found | None:
    return None if item is None else Found(item)


def _result(module: AnsibleModule, outcome: Outcome, client: Client) -> Json:
    changed = bool(outcome.created or outcome.updated or outcome.removed)
    result = {
        "changed": changed,
        "created": outcome.created,
        "updated": outcome.updated,
        "removed": outcome.removed,
        "requests": client.requests,
        "diff": outcome.diff,
    }
    if outcome.failures:
        first = outcome.failures[0]
        number = len(outcome.failures)
        others = f" And {number - 1} more, see failures." if number > 1 else ""
        module.fail_json(
            msg=f"{number} could not be brought in line. {first['name']}: {first['msg']}{others}",
            failures=outcome.failures,
            **result,
        )
    return result
