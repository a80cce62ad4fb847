# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of every module: connect, do the work, end with one answer or one clear failure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import jmespath
except ImportError:  # only the option `query` needs it
    jmespath = None  # type: ignore[assignment]

from ._client import ApiError, Client, Json
from ._connection import Spec, connect, connection_options
from ._entity import CannotError, Change, Kind, ensure
from ._transport import TransportError

SECRET_MODE = 0o600
Work = Callable[[Client], Json]
Search = Callable[[list[Json]], Any]


def new_module(options: Spec, *, states: tuple[str, ...] = ("present", "absent"), **rules: Any) -> AnsibleModule:  # noqa: ANN401
    """Return a module with these options, the connection's, and `state` where there are states."""
    state: Spec = {"state": {"type": "str", "choices": list(states), "default": states[0]}} if states else {}
    return AnsibleModule(argument_spec={**connection_options(), **options, **state}, supports_check_mode=True, **rules)


def run(module: AnsibleModule, work: Work) -> None:
    """End the module with what `work` returns, or with why it could not be done."""
    try:
        with connect(module) as client:
            result = work(client)
    except ApiError as error:
        module.fail_json(msg=str(error), code=error.code, status=error.status, request_id=error.request_id)
    except (CannotError, TransportError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def run_entity(module: AnsibleModule, kind: Kind, key: str) -> None:
    """Bring one thing in line and end the module with it under `key`. What nobody said is left as it is."""

    def work(client: Client) -> Json:
        wanted = module.params
        found = kind.find(client, wanted)
        change = ensure(client, kind, wanted, present=wanted["state"] != "absent", found=found)
        return {**told(change), key: change.item}

    run(module, work)


def told(change: Change) -> Json:
    """Return a change as modules tell it."""
    return {"changed": change.changed, "diff": {"before": change.before or {}, "after": change.after or {}}}


def query_options() -> Spec:
    """Return the option of all modules that answer with a list."""
    return {"query": {"type": "str"}}


def run_info(module: AnsibleModule, key: str, read: Callable[[Client], list[Json]]) -> None:
    """End the module with a list under `key`, and what the JMESPath expression `query` makes of it under `result`."""
    search = _search_of(module)
    run(module, lambda client: _listed(key, read(client), search))


def answer_list(module: AnsibleModule, key: str, read: Callable[[], list[Json]]) -> None:
    """End a module that does not call the server, as `run_info` does."""
    search = _search_of(module)
    try:
        result = _listed(key, read(), search)
    except CannotError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def _listed(key: str, found: list[Json], search: Search | None) -> Json:
    return {"changed": False, key: found, **({"result": search(found)} if search else {})}


def _search_of(module: AnsibleModule) -> Search | None:
    expression = module.params.get("query")
    return _compiled(module, expression) if expression else None


def _compiled(module: AnsibleModule, expression: str) -> Search:
    """Return the search. It comes before the first request: a mistake in it costs nobody anything."""
    if jmespath is None:
        module.fail_json(msg=missing_required_lib("jmespath", reason="for the option query"))
    try:
        parsed = jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        module.fail_json(msg=f"query is no JMESPath expression: {error}")

    def search(found: list[Json]) -> Any:  # noqa: ANN401 - whatever the expression makes of it
        try:
            return parsed.search(found)
        except jmespath.exceptions.JMESPathError as error:
            raise CannotError(f"query cannot be applied to the answer: {error}") from error

    return search


def write_secret(destination: str, secret: str) -> None:
    """Write a secret to a file of its own, for its owner alone; complete before it has its name."""
    path = Path(destination)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), SECRET_MODE)
                file.write(secret + "\n")
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise CannotError(f"{path} cannot be written: {error.strerror}.") from error


def check_destination(destination: str) -> None:
    """Return when a secret can be written there; raise CannotError otherwise. Asked before the secret is made."""
    folder = Path(destination).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CannotError(f"{folder} is no folder that can be written to. Make it first.")
