# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages for people: what is wrong or under way, and what to do. One template, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from wakari.core import logs
from wakari.gateway.messages import PageRequest, Starting
from wakari.gateway.progress import STEPS, UNDER_WAY, WAITING, Kind, said
from wakari.gateway.settings import GatewaySettings

HERE = Path(__file__).parent
MAX_NEXT = 1024  # characters of an address to return to; `state` carries it through the server's address line
MAX_LOG = 20000  # characters of an app's log that are shown


STARTING = Kind("Starting {app}", refresh=1, busy=True, retry=False)
OTHER = Kind("That did not work")
KINDS = {
    "app_starting": STARTING,
    "app_failed": Kind("{app} could not be started"),
    "app_unknown": Kind("There is no app {app}", retry=False),
    "project_not_running": Kind("{project} is not running", retry=False),
    "project_not_started": Kind("{project} is not running", retry=False),
    "project_not_found": Kind("No such project", retry=False),
    "level_too_low": Kind("Your role does not allow this", retry=False),
    "app_forbidden": Kind("Your role does not allow this", retry=False),
    "origin_refused": Kind("This request was refused", retry=False),
    "path_ambiguous": Kind("This address was refused", retry=False),
    "cookie_ambiguous": Kind("More than one sign-in", retry=True),
    "not_found": Kind("Nothing here", retry=False),
    "node_away": Kind("A compute node does not answer", refresh=10),
    "server_away": Kind("The server cannot be reached", refresh=5),
    "no_decision": Kind("The server gave no answer", refresh=5),
    "control_away": Kind("The gateway is starting", refresh=3, busy=True),
    "sign_in_failed": Kind("Signing in did not work"),
    "sign_in_refused": Kind("Signing in did not work"),
}


class Pages:
    """Renders the pages of one gateway."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        environment = Environment(
            loader=FileSystemLoader(HERE), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
        )
        self._template = environment.get_template("page.html")

    def of(self, asked: PageRequest, starting: Starting | None = None) -> str:
        """Return the page about an error that somebody met at `asked.path`.

        `starting`: how far the project is, where the page is about that.
        """
        detail = asked.error.get("detail")
        facts: dict[str, Any] = detail if isinstance(detail, dict) else {}
        code = str(asked.error.get("code", ""))
        kind = KINDS.get(code, OTHER)
        message, hint = str(asked.error.get("message", "")), str(asked.error.get("hint", ""))
        if code == "project_not_running":
            state = starting.state if starting else str(facts.get("state"))
            kind = UNDER_WAY.get(state, kind)
            if starting is not None:
                message, hint = said(starting, asked.app or "the app")
                failure = starting.error or {}
                detail = failure.get("detail")
                facts = {"project_page": starting.project_page, **(detail if isinstance(detail, dict) else {})}
                kind = WAITING if state == "stopped" and not starting.may_start else kind
        visitor = asked.credential is not None and asked.credential.anonymous is True
        project = f"{asked.owner}/{asked.project}" if asked.owner and asked.project else "The project"
        return self._template.render(
            style=_style(),
            title=kind.title.format(app=(asked.app or "the app").capitalize(), project=project),
            message=message,
            hint=hint,
            reason=str(facts.get("reason") or ""),
            node=str(facts.get("node") or ""),
            log=_log_of(facts),
            busy=kind.busy,
            refresh=kind.refresh,
            steps=[(STEPS.get(step.step, step.step), step.message) for step in starting.steps] if starting else [],
            percent=_percent(starting),
            start=_form_path(asked)
            if starting and starting.may_start and starting.state in {"stopped", "error"}
            else "",
            start_word="Start again" if starting and starting.state == "error" else "Start",
            retry=_own_path(asked) if kind.retry else "",
            sign_in=f"/_wakari/login?{urlencode({'next': _form_path(asked)})}" if visitor else "",
            project_page=self._own_link(facts.get("project_page")),
            server=self._settings.WAKARI_SERVER + "/",
            request_id=logs.request_id(),
        )

    def _own_link(self, value: object) -> str:
        """Return a link to a page of the server; empty for anything else."""
        if isinstance(value, str) and value.startswith(self._settings.WAKARI_SERVER + "/"):
            return value
        return ""

    @staticmethod
    def headers() -> dict[str, str]:
        """Return the headers every page goes out with: nothing may be loaded but the page's own style."""
        digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
        policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        )
        return {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",  # no-referrer would make browsers send "Origin: null" with the form
            "X-Content-Type-Options": "nosniff",
        }


@cache
def _style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


def _own_path(asked: PageRequest) -> str:
    """Return the path that was asked for; empty for what a browser could read as another site's address."""
    return asked.path if asked.path.startswith("/") and not asked.path.startswith(("//", "/\\")) else ""


def _form_path(asked: PageRequest) -> str:
    """Return the path a form leads back to: the app's own where the whole is too long."""
    path = _own_path(asked)
    return path if len(path) <= MAX_NEXT else f"/{asked.owner}/{asked.project}/{asked.app}/"


def _percent(starting: Starting | None) -> int | None:
    return round(100 * starting.fraction) if starting and starting.fraction is not None else None


def _log_of(facts: dict[str, Any]) -> str:
    """Return the last lines of an app's log that a node sent; empty where it sent none."""
    lines = facts.get("log", "")
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    return text[-MAX_LOG:]
