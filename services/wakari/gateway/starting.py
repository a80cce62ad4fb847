# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening an app of a project that does not run: the project is started, and a page follows it until the app is there.

The page stands at the app's own address and asks again by itself, without script. A mark (a cookie of a few seconds,
of this project alone) tells its asking from a person's opening: who stops the project meanwhile is not overruled.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from wakari.core.errors import AppError
from wakari.gateway.calls import Calls
from wakari.gateway.entry import Entry
from wakari.gateway.messages import Credential, Opened, PageRequest, Starting
from wakari.gateway.origins import Origins
from wakari.gateway.pages import Pages
from wakari.gateway.sessions import Sessions
from wakari.gateway.settings import GatewaySettings
from wakari.gateway.sign_in import SESSION_COOKIE, local_path

log = logging.getLogger(__name__)

MARK = "wk_gateway_start"
MARK_SECONDS = 10  # longer than the page takes to ask again; shorter than a person takes to change their mind twice
ADDRESS = re.compile(
    r"/([a-z][a-z0-9_-]{0,30})/([A-Za-z][A-Za-z0-9_-]{0,62})/([a-z][a-z0-9-]{0,30})(?:[/?].*)?", re.ASCII
)
ERROR_CODE = "project_not_running"


@dataclass(frozen=True)
class Starter:
    """Starts projects for people who open their apps, and shows how far they are."""

    settings: GatewaySettings
    sessions: Sessions
    calls: Calls
    pages: Pages

    def page(self, asked: PageRequest) -> Response:
        """Return the page about an error.

        About a project that does not run it tells how far it is, and the project is started where that is what the
        person wants; where the server does not answer, it says what is known without it.
        """
        about = asked.error.get("code") == ERROR_CODE
        if not about or asked.credential is None or asked.owner is None or asked.project is None:
            return self._page(asked)
        origin = Origins(self.settings).of_project(asked.owner, asked.project)
        start = "stopped" if self.wants_start(asked.opened, origin) else "no"
        try:
            found = self.calls.starting(asked.credential, asked.owner, asked.project, start, asked.opened.client)
        except AppError as error:
            log.warning(
                "project not started", extra={"project": f"{asked.owner}/{asked.project}", "why": error.message}
            )
            return self._page(asked)
        response = self._page(asked, found)
        if found.state == "starting" or (found.state == "stopping" and asked.opened.seen):
            self._mark(response, asked.owner, asked.project)
        return response

    def wants_start(self, opened: Opened, origin: str | None = None) -> bool:
        """Return whether a person opened the address just now, by themselves or from a page of this platform.

        Not so for the starting page that asks again, for what another site put into a frame or led here, and for a
        browser that reads ahead: then the page has a button. Browsers tell where a request comes from by Sec-Fetch-Site
        on https, and by Referer on http; one that tells neither is trusted, for all that another site gains by it is a
        started project. `origin` is the project's own, where it has one.
        """
        if opened.method != "GET" or opened.seen or "prefetch" in opened.purpose:
            return False
        if opened.dest not in {"", "document"}:
            return False
        own = {self.settings.EXTERNAL_GATEWAY_URL, self.settings.WAKARI_SERVER, origin}
        if opened.referer:
            parts = urlsplit(opened.referer)
            return f"{parts.scheme}://{parts.netloc}" in own
        return opened.site in {"", "none", "same-origin", "same-site"}

    def blueprint(self) -> Blueprint:
        """Return the route of the page's button."""
        routes = Blueprint("starting", __name__)
        routes.add_url_rule("/_wakari/start", "start", self.start, methods=["POST"])
        return routes

    def start(self) -> ResponseReturnValue:
        """Start the project of the address in `next`, also after a failure, and go there.

        The data plane has refused what another site sends (docs/gateway.md, step 5).
        """
        path = local_path(request.form.get("next"))
        found = ADDRESS.fullmatch(path)
        claims = Entry(self.settings, self.sessions).session(SESSION_COOKIE)
        if found is None:
            raise AppError("not_found", "There is no such app.", hint="Open it from its project's page.", status=404)
        if claims is None:
            return _to(path)  # which leads to the sign-in
        owner, project, _ = found.groups()
        credential = Credential(sid=str(claims["sid"]), user=str(claims["sub"]))
        address = request.headers.get("X-Real-IP", "")[:64]
        try:
            self.calls.starting(credential, owner, project, "any", address)
        except AppError as error:
            body = error.body("")["error"]
            asked = PageRequest(path=path, owner=owner, project=project, status=error.status, error=body)
            return self._page(asked), error.status
        response = _to(path)
        self._mark(response, owner, project)
        return response

    def _page(self, asked: PageRequest, found: Starting | None = None) -> Response:
        response = make_response(self.pages.of(asked, found))
        response.headers.update(Pages.headers())
        return response

    def _mark(self, response: Response, owner: str, project: str) -> None:
        secure = self.settings.EXTERNAL_GATEWAY_URL.startswith("https:")
        path = f"/{owner}/{project}/"
        response.set_cookie(MARK, "1", max_age=MARK_SECONDS, path=path, secure=secure, httponly=True, samesite="Lax")


def _to(path: str) -> Response:
    response = make_response(redirect(path, 303))
    response.headers["Cache-Control"] = "no-store"
    return response
