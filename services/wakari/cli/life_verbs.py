# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of wk-server-admin about the life of an account."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from wakari.cli.verbs import ACTOR, Result, Subparsers, Verb
from wakari.server.services import Services


def ban(services: Services, arguments: argparse.Namespace) -> Result:
    """Keep a person out; unchanged where they are banned already."""
    changed = services.bans.ban(arguments.name, arguments.reason, actor=ACTOR)
    return {"changed": changed, "user": arguments.name}


def unban(services: Services, arguments: argparse.Namespace) -> Result:
    """Let a person in again; unchanged where they are not banned."""
    return {"changed": services.bans.unban(arguments.name, actor=ACTOR), "user": arguments.name}


def reset_link(services: Services, arguments: argparse.Namespace) -> Result:
    """Make a reset link; a former one of the person ends."""
    made = services.resets.make(arguments.name, actor=ACTOR)
    return {"changed": True, "user": arguments.name, "url": made.url, "expires_at": made.expires_at.isoformat()}


def registrations(services: Services, _: argparse.Namespace) -> Result:
    """List the registrations that wait."""
    return [
        {"name": one.name, "full_name": one.full_name, "email": one.email, "created_at": one.created_at.isoformat()}
        for one in services.store.registrations.page("", 0)
    ]


def approve(services: Services, arguments: argparse.Namespace) -> Result:
    """Make the account of a registration."""
    user = services.registrations.approve(arguments.name, actor=ACTOR)
    return {"changed": True, "user": user.name, "uid": user.uid}


def reject(services: Services, arguments: argparse.Namespace) -> Result:
    """Forget a registration."""
    services.registrations.reject(arguments.name, actor=ACTOR)
    return {"changed": True, "user": arguments.name}


def offboard(services: Services, arguments: argparse.Namespace) -> Result:
    """Close an account and hand its projects over; with --dry-run say what there is."""
    if arguments.dry_run:
        return asdict(services.offboarding.plan(arguments.name, arguments.to, actor=ACTOR))
    return {"changed": True, **asdict(services.offboarding.run(arguments.name, arguments.to, actor=ACTOR))}


def enter(verbs: Subparsers) -> None:
    """Enter the verbs."""
    verb = verbs.verb
    one = verb("ban", ban, "keep a person out of everything at once")
    one.add_argument("name", metavar="NAME")
    one.add_argument("--reason", default="", metavar="TEXT", help="what the person is told")
    leave = verb("offboard", offboard, "close an account and hand its projects over, with a report")
    leave.add_argument("name", metavar="NAME")
    leave.add_argument("--to", default="", metavar="NAME", help="who gets the projects")
    leave.add_argument("--dry-run", action="store_true", help="report what there is, change nothing")
    verb("registrations", registrations, "list the registrations that wait")
    named: dict[str, tuple[Verb, str]] = {
        "unban": (unban, "let a banned person in again"),
        "reset-link": (reset_link, "print a link by which a person sets a new password, once"),
        "approve": (approve, "make the account of a registration that waits"),
        "reject": (reject, "forget a registration that waits"),
    }
    for name, (run, help_) in named.items():
        verb(name, run, help_).add_argument("name", metavar="NAME")
