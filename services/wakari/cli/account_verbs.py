# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verbs of wk-server-admin on account backends do."""

from __future__ import annotations

import argparse
from typing import get_args

from wakari.accounts.backends.checks import check as steps_of
from wakari.cli.server_verbs import read_password
from wakari.cli.verbs import ACTOR, Result, Subparsers
from wakari.core.errors import AppError
from wakari.server.services import Services
from wakari.store.records import Source


def enter(verbs: Subparsers) -> None:
    """Enter the verbs."""
    verb = verbs.verb
    check = verb("check-accounts", check_accounts, "say step by step whether the account backend works")
    check.add_argument("--user", metavar="NAME", help="look this person up too")
    check.add_argument("--password-file", metavar="FILE", help="try the person's password; - is standard input")
    link = verb("link-account", link_account, "say where an account's password is checked from now on")
    link.add_argument("name", metavar="NAME")
    link.add_argument("--source", choices=get_args(Source), required=True)
    link.add_argument("--subject", default="", help="what the source knows the person by; default: taken at sign-in")


def check_accounts(services: Services, arguments: argparse.Namespace) -> Result:
    """Return each step with what it showed.

    Raises:
        AppError: `accounts_check_failed`: a step failed; the message has all steps up to it.
    """
    password = read_password(arguments.password_file) if arguments.password_file else ""
    steps = steps_of(services.settings, services.settings.prefix, arguments.user or "", password)
    if not all(step.good for step in steps):
        said = "\n".join(f"  {'ok  ' if step.good else 'FAIL'} {step.name}: {step.said}" for step in steps)
        raise AppError("accounts_check_failed", f"The account backend does not work.\n{said}\n")
    return [{"step": step.name, "result": step.said} for step in steps]


def link_account(services: Services, arguments: argparse.Namespace) -> Result:
    """Say where an account's password is checked."""
    changed = services.accounts.link(arguments.name, arguments.source, arguments.subject, actor=ACTOR)
    return {"changed": changed, "user": arguments.name, "source": arguments.source}
