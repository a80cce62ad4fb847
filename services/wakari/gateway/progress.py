# SPDX-License-Identifier: GPL-3.0-or-later
"""How a project that does not run (yet) is told of: a page's kind, the words of its steps, what a person can do."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.gateway.messages import Starting


@dataclass(frozen=True)
class Kind:
    """How an error is shown. `refresh`: seconds until the page asks again, None: never; `busy`: something goes on."""

    title: str
    refresh: int | None = None
    busy: bool = False
    retry: bool = True


# A project that is on its way: the page follows it.
UNDER_WAY = {
    "starting": Kind("{project} is starting", refresh=1, busy=True, retry=False),
    "stopping": Kind("{project} is stopping", refresh=2, busy=True, retry=False),
    "running": Kind("{project} is running now", refresh=1, busy=True, retry=False),
    "error": Kind("{project} could not be started", retry=False),
    "deleting": Kind("{project} is being deleted", retry=False),
}
WAITING = Kind("{project} is not running", refresh=15, retry=False)  # for somebody else to start it
STEPS = {
    "accounts": "Accounts",
    "skeleton": "Files",
    "environment": "Environment",
    "permissions": "Rights",
    "apps": "Apps",
    "ready": "Ready",
}


def said(starting: Starting, app: str) -> tuple[str, str]:
    """Return sentence and hint about a project that does not run (yet)."""
    failure = starting.error or {}
    trouble = str(failure.get("message") or "")
    if starting.state == "error":
        why = starting.reason or trouble or "The start failed."
        return why, str(failure.get("hint") or "Start it again; its page tells what happened.")
    if starting.state == "stopped" and not starting.may_start:
        names = ", ".join(starting.starters)
        return "Your role does not allow you to start it.", f"Ask one of these people to start it: {names}."
    words = {
        "starting": (
            f"{app.capitalize()} opens as soon as it runs.",
            f"A step failed and is tried again: {trouble}" if trouble else "",
        ),
        "stopping": ("It is being stopped just now.", "Wait until it has stopped; then it can be started again."),
        "running": (f"{app.capitalize()} opens in a moment.", ""),
        "deleting": ("Its owner deletes it.", ""),
    }
    otherwise = (f"It must run before {app} can open.", "Start it here; that takes from seconds to a few minutes.")
    return words.get(starting.state, otherwise)
