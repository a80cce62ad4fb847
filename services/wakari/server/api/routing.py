# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table: each route says once who may call it, what it takes and what it answers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError

from wakari.access import Action, Caller
from wakari.core.errors import AppError, BadInputError
from wakari.server import who

T = TypeVar("T")
MAX_PAGE = 200
DEFAULT_PAGE = 50
JSON = "application/json"


@dataclass(frozen=True)
class Route:
    """One operation. `action` None: anybody may call it; `paged`: takes `limit` and `cursor`.

    `filters`: the values that a list may be limited to.
    """

    method: str
    path: str
    handler: Callable[..., BaseModel | Page[Any] | None]
    summary: str
    action: Action | None
    status: int = 200
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    paged: bool = False
    filters: Sequence[str] = ()
    errors: Sequence[int] = ()

    @property
    def parameters(self) -> list[str]:
        """Return the names of the path's parameters."""
        return re.findall(r"{(\w+)}", self.path)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `next` is the cursor of the next one, None at the end."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True)
class Window:
    """Which part of a list is asked for."""

    after: str
    limit: int


@dataclass
class Table:
    """All routes of the API."""

    routes: list[Route] = field(default_factory=list)

    def shown_by(self, route: Route) -> Route | None:
        """Return the route that shows what this one changes or removes; None where there is none."""
        if route.method not in {"PATCH", "DELETE"}:
            return None
        return next((one for one in self.routes if (one.method, one.path) == ("GET", route.path)), None)

    def add(self, method: str, path: str, summary: str, **options: Any) -> Callable[[T], T]:  # noqa: ANN401
        """Return a decorator that enters a handler into the table."""

        def enter(handler: T) -> T:
            self.routes.append(Route(method, path, handler, summary, **options))  # type: ignore[arg-type]
            return handler

        return enter

    def register(self, blueprint: Blueprint) -> None:
        """Give the blueprint a view for each route."""
        for route in self.routes:
            rule = re.sub(r"{(\w+)}", r"<\1>", route.path)
            name = f"{route.method.lower()}{re.sub(r'[^a-z]+', '_', route.path.lower())}"
            blueprint.add_url_rule(rule, name, _view(route, self.shown_by(route)), methods=[route.method])


def _view(route: Route, shown_by: Route | None) -> Callable[..., Response]:
    def view(**parameters: str) -> Response:
        caller = who.by_token()
        if route.action is not None and not caller.name:
            raise sign_in_required()
        arguments: dict[str, Any] = dict(parameters)
        if route.body is not None:
            arguments["body"] = read_body(route.body)
        if route.paged or route.filters:
            _known_parameters(route)
        if route.paged:
            arguments["window"] = _window()
        if route.filters:
            arguments["filters"] = _filters(route)
        if shown_by is not None and request.if_match:
            _unchanged(_answer(shown_by, shown_by.handler(caller, **parameters)))
        return _answer(route, route.handler(caller, **arguments))

    return view


def read_body(kind: type[BaseModel]) -> BaseModel:
    """Return the request's body.

    Raises:
        AppError: `unsupported_media_type` (415) for anything but JSON.
        BadInputError: `body_invalid` (422), naming each field, never quoting what was sent.
    """
    if request.mimetype != JSON:
        raise AppError(
            "unsupported_media_type", "This address takes JSON.", hint=f"Send Content-Type: {JSON}.", status=415
        )
    try:
        content = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise AppError("json_invalid", "The body is not valid JSON.", hint="Correct it.", status=400) from None
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        fields = [
            {"field": ".".join(map(str, item["loc"])), "message": item["msg"]}
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        first = fields[0]
        raise BadInputError(
            "body_invalid",
            f"{first['field'] or 'The body'}: {first['message']}.",
            hint="See /api/v1/openapi.json for what this address takes.",
            detail={"fields": fields[:20]},
        ) from None


def _known_parameters(route: Route) -> None:
    # A filter with a slip in its name must not answer with everything.
    known = (*(("limit", "cursor") if route.paged else ()), *route.filters)
    if set(request.args) - set(known):
        raise BadInputError(
            "parameter_unknown", "There is no such parameter here.", hint=f"It takes {', '.join(known)}."
        )


def _window() -> Window:
    raw = request.args.get("limit", str(DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,4}", raw) or not 1 <= int(raw) <= MAX_PAGE:
        raise BadInputError("limit_invalid", "The limit cannot be used.", hint=f"Use 1 to {MAX_PAGE}.")
    after = request.args.get("cursor", "")
    if not re.fullmatch(r"[A-Za-z0-9._/-]{0,128}", after):
        raise BadInputError("cursor_invalid", "The cursor cannot be used.", hint="Use `next` of the former answer.")
    return Window(after, int(raw))


def _filters(route: Route) -> dict[str, str]:
    given = {name: request.args[name] for name in route.filters if name in request.args}
    for name, value in given.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
            raise BadInputError("filter_invalid", f"{name} cannot be filtered by this.", hint="Give one name.")
    return given


def _unchanged(present: Response) -> None:
    """Return when the caller knows the present state (RFC 9110, 13.1.1); raise AppError 412 otherwise.

    Looked at right before the change, not together with it: it tells of what changed since the caller read, which is
    minutes for a person and milliseconds for us.
    """
    if not request.if_match.contains(present.get_etag()[0] or ""):
        raise AppError(
            "changed_meanwhile",
            "It was changed since you read it.",
            hint="Read it again, then decide.",
            status=412,
        )


def _answer(route: Route, result: BaseModel | Page[Any] | None) -> Response:
    if result is None:
        return Response(status=route.status)
    if isinstance(result, Page):
        content = json.dumps({"items": [item.model_dump(mode="json") for item in result.items], "next": result.next})
    else:
        content = result.model_dump_json()
    answer = Response(content, route.status, mimetype=JSON)
    if route.method == "GET" and not route.paged:
        answer.set_etag(hashlib.sha256(content.encode()).hexdigest()[:32])
    return answer


def page(found: Sequence[T], window: Window, cursor: Callable[[T], str], shown: Callable[[T], Any]) -> Page[Any]:
    """Return one page from what a repository found, which was asked for one more than the limit."""
    items = found[: window.limit]
    more = len(found) > window.limit
    return Page([shown(item) for item in items], cursor(items[-1]) if more else None)


def page_of_all(
    everything: Sequence[T], window: Window, cursor: Callable[[T], str], shown: Callable[[T], Any]
) -> Page[Any]:
    """Return one page of a short list that was read whole; an empty one behind something that is gone."""
    start = 0
    if window.after:
        places = [number for number, item in enumerate(everything, 1) if cursor(item) == window.after]
        start = places[0] if places else len(everything)
    return page(everything[start : start + window.limit + 1], window, cursor, shown)


def sign_in_required() -> AppError:
    """Return the refusal of a call without a token."""
    return AppError(
        "sign_in_required",
        "This needs a token.",
        hint="POST /api/v1/tokens, then send Authorization: Bearer <token>.",
        status=401,
    )


__all__ = ["Caller", "Page", "Route", "Table", "Window", "page", "page_of_all", "read_body"]
