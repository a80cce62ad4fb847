# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages for people: what is wrong or under way, and what to do. One template, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from wakari.core import logs
from wakari.gateway.messages import PageRequest
from wakari.gateway.settings import GatewaySettings

HERE = Path(__file__).parent
MAX_LOG = 20000  # characters of an app's log that are shown


@dataclass(frozen=True)
class Kind:
    """How an error is shown. `refresh`: seconds until the page asks again, None: never; `busy`: something goes on."""

    title: str
    refresh: int | None = None
    busy: bool = False
    retry: bool = True


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
# A project that is on its way: the page follows it.
UNDER_WAY = {
    "starting": Kind("{project} is starting", refresh=3, busy=True, retry=False),
    "stopping": Kind("{project} is stopping", refresh=3, busy=True, retry=False),
}


class Pages:
    """Renders the pages of one gateway."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        environment = Environment(
            loader=FileSystemLoader(HERE), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
        )
        self._template = environment.get_template("page.html")

    def of(self, asked: PageRequest) -> str:
        """Return the page about an error that somebody met at `asked.path`."""
        detail = asked.error.get("detail")
        facts: dict[str, Any] = detail if isinstance(detail, dict) else {}
        code = str(asked.error.get("code", ""))
        kind = KINDS.get(code, OTHER)
        if code == "project_not_running":
            kind = UNDER_WAY.get(str(facts.get("state")), kind)
        project = f"{asked.owner}/{asked.project}" if asked.owner and asked.project else "The project"
        return self._template.render(
            style=_style(),
            title=kind.title.format(app=(asked.app or "the app").capitalize(), project=project),
            message=str(asked.error.get("message", "")),
            hint=str(asked.error.get("hint", "")),
            reason=str(facts.get("reason") or ""),
            node=str(facts.get("node") or ""),
            log=_log_of(facts),
            busy=kind.busy,
            refresh=kind.refresh,
            retry=asked.path if kind.retry and asked.path.startswith("/") and not asked.path.startswith("//") else "",
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
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
        return {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }


@cache
def _style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


def _log_of(facts: dict[str, Any]) -> str:
    """Return the last lines of an app's log that a node sent; empty where it sent none."""
    lines = facts.get("log", "")
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    return text[-MAX_LOG:]
