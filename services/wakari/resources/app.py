# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the app Resources. It holds no right of its own: the node and the server decide about the person.

Other apps share the gateway's address. A form is taken with a secret of this instance alone. Over TLS browsers say what
fetches an address (Sec-Fetch-Dest), and the page with the secret is for visits alone; without TLS they do not say it,
and a script of another app that runs in the person's browser can read the page, as it can use their other apps.
"""

from __future__ import annotations

import hmac
import os
import pwd
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from wakari.core import web
from wakari.core.errors import AppError
from wakari.resources import environments, words
from wakari.resources.client import SOCKET, LauncherClient

KEEP = (("4h", "4 hours"), ("12h", "12 hours"), ("1d", "a day"))
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
DONE = {
    "stop": "The app is stopped.",
    "snooze": "The app is kept, used or not.",
    "environment": "The environment is chosen. Apps that are opened from now on use it; start the project again where "
    "it is not in the project yet.",
}
MAX_FORM = 1 << 14


@dataclass(frozen=True)
class Place:
    """Which project this instance is about, and whose it is. `environment`: the active one when it was opened."""

    owner: str
    project: str
    url_prefix: str
    folder: Path
    anaconda: Path
    environment: str
    person: str = pwd.getpwuid(os.getuid()).pw_name
    home: Path = Path(pwd.getpwuid(os.getuid()).pw_dir)


class Page:
    """The page and its forms."""

    def __init__(self, place: Place, launcher: Path) -> None:
        self._place = place
        self._client = LauncherClient(launcher)
        self._secret = secrets.token_urlsafe(32)
        self._chosen = place.environment

    def show(self, error: AppError | None = None) -> str:
        """Return the page; with what went wrong, where something did."""
        told: dict[str, Any] = {"apps": [], "stopped": [], "policy": None}
        try:
            told = self._client.call("list")
        except AppError as away:
            error = error or away
        place = self._place
        here = [one for one in told["apps"] if (one["owner"], one["project"]) == (place.owner, place.project)]
        stopped = [one for one in told["stopped"] if (one["owner"], one["project"]) == (place.owner, place.project)]
        return render_template(
            "resources.html",
            place=place,
            apps=here,
            stopped=stopped,
            policy=told["policy"],
            environments=environments.found(place.folder, place.anaconda, place.home),
            chosen=self._chosen,
            keep=_offered(told["policy"]),
            secret=self._secret,
            error=error,
            done=DONE.get(request.args.get("done", "")) if error is None else None,
            now=time.time(),
        )

    def act(self, what: str) -> AnyResponse:
        """Do what a form asks for and return the way back to the page; raise AppError where it is not done."""
        given = request.form.get("secret", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise AppError("form_old", "This page was open for too long.", hint="Try once more.", status=403)
        if what == "environment":
            name = request.form.get("environment", "")
            place = self._place
            answer = self._client.call("set-environment", owner=place.owner, project=place.project, environment=name)
            self._chosen = str(answer.get("environment", name))
        elif what == "stop":
            self._client.call("stop", instance=request.form.get("instance", ""))
        elif what == "snooze":
            seconds = words.seconds_of(request.form.get("time", ""))
            self._client.call("snooze", instance=request.form.get("instance", ""), seconds=seconds)
        return redirect(f"{self._place.url_prefix}?done={what}", 303)


def create_app(place: Place, launcher: Path = SOCKET) -> Flask:
    """Return the application."""
    app = web.prepare(Flask(__name__))
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM
    app.jinja_env.globals.update(words=words)
    page = Page(place, launcher)

    @app.before_request
    def _authenticate() -> None:
        if request.headers.getlist("X-Wakari-User") != [place.person]:
            raise AppError("person_wrong", "These resources are another person's.", status=403)
        if request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise AppError("not_a_visit", "This page is to be visited, not fetched.", status=403)

    @app.after_request
    def _harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @app.get(place.url_prefix)
    def show() -> str:
        return page.show()

    @app.post(f"{place.url_prefix}<any(stop, snooze, environment):what>")
    def act(what: str) -> AnyResponse | tuple[str, int]:
        try:
            return page.act(what)
        except AppError as error:
            return page.show(error), error.status

    return app


def _offered(policy: dict[str, Any] | None) -> list[tuple[str, str]]:
    most = float(policy["snooze_max"]) if policy else 0.0
    return [(value, text) for value, text in KEEP if words.seconds_of(value) <= most]
