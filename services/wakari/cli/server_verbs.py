# SPDX-License-Identifier: GPL-3.0-or-later
"""What each verb of wk-server-admin does. Each returns what changed, for people or for Ansible's changed_when."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, get_args

from wakari.accounts import passwords
from wakari.cli.verbs import ACTOR, Result
from wakari.core.errors import AppError, BadInputError
from wakari.projects.sites import check_url, node_unknown
from wakari.server.services import Services
from wakari.store import Conflict
from wakari.store.records import Source


def init_database(services: Services, _: argparse.Namespace) -> Result:
    """Create what is missing."""
    created = services.store.init()
    return {"changed": bool(created), "created": created}


def ensure_admin(services: Services, arguments: argparse.Namespace) -> Result:
    """Create the first administrator; leave one that exists as it is, its password too."""
    if services.store.users.get(arguments.name) is not None:
        return {"changed": False, "user": arguments.name}
    password = read_password(arguments.password_file)
    services.accounts.add(arguments.name, password, actor=ACTOR, roles=["superuser"])
    return {"changed": True, "user": arguments.name}


def add_user(services: Services, arguments: argparse.Namespace) -> Result:
    """Add a user, or bring full name, e-mail and roles in line. Roles are only ever added here."""
    roles = [role for role in ("staff", "superuser") if getattr(arguments, role)]
    found = services.store.users.get(arguments.name)
    if found is not None:
        changed = services.accounts.set_profile(
            found.name, full_name=arguments.full_name, email=arguments.email, actor=ACTOR
        )
        given = [services.accounts.give_role(found.name, role, actor=ACTOR) for role in roles]
        return {"changed": changed or any(given), "user": found.name, "uid": found.uid}
    if arguments.source != "local":
        made = services.accounts.add_from(arguments.name, arguments.source, actor=ACTOR)
        services.accounts.set_profile(made.name, full_name=arguments.full_name, email=arguments.email, actor=ACTOR)
        for role in roles:
            services.accounts.give_role(made.name, role, actor=ACTOR)
        return {"changed": True, "user": made.name, "uid": made.uid}
    if arguments.source != "local":
        made = services.accounts.add_from(arguments.name, arguments.source, actor=ACTOR)
        services.accounts.set_profile(made.name, full_name=arguments.full_name, email=arguments.email, actor=ACTOR)
        for role in roles:
            services.accounts.give_role(made.name, role, actor=ACTOR)
        return {"changed": True, "user": made.name, "uid": made.uid}
    generated = None if arguments.password_file else passwords.generate()
    user = services.accounts.add(
        arguments.name,
        generated or read_password(arguments.password_file),
        actor=ACTOR,
        full_name=arguments.full_name or "",
        email=arguments.email or "",
        roles=roles,
    )
    result: dict[str, Any] = {"changed": True, "user": user.name, "uid": user.uid}
    return {**result, "password": generated} if generated else result


def set_password(services: Services, arguments: argparse.Namespace) -> Result:
    """Set a password."""
    services.accounts.set_password(arguments.name, read_password(arguments.password_file), actor=ACTOR)
    return {"changed": True, "user": arguments.name}


def superuser(services: Services, arguments: argparse.Namespace) -> Result:
    """Give or take the role."""
    if arguments.add is not None:
        return {"changed": services.accounts.give_role(arguments.add, "superuser", actor=ACTOR), "user": arguments.add}
    changed = services.accounts.take_role(arguments.remove, "superuser", actor=ACTOR)
    return {"changed": changed, "user": arguments.remove}


def remove_user(services: Services, arguments: argparse.Namespace) -> Result:
    """Close an account; unchanged where there is none."""
    if services.store.users.get(arguments.name) is None:
        return {"changed": False, "user": arguments.name}
    services.accounts.remove(arguments.name, actor=ACTOR, leave_teams=services.team.leave_all)
    return {"changed": True, "user": arguments.name}


def issue_token(services: Services, arguments: argparse.Namespace) -> Result:
    """Make a token."""
    user = services.accounts.get(arguments.user)
    secret, token = services.sign_in.issue_token(user, arguments.name, arguments.expires_in, actor=ACTOR)
    return {"changed": True, "token": secret, "expires_at": token.expires_at.isoformat()}


def add_resource(services: Services, arguments: argparse.Namespace) -> Result:
    """Register a compute node, or bring its URL and description in line."""
    place = services.store.data_centers.find(arguments.data_center)
    if place is None:
        raise BadInputError(
            "data_center_unknown",
            f"There is no data center {ascii(arguments.data_center)[:70]}.",
            hint="Register its gateway first: wk-gateway-configure. wk-server-admin data-centers lists them.",
        )
    url = check_url(arguments.url)
    node = services.store.nodes.get(arguments.name)
    if node is None:
        services.sites.add_node(arguments.name, place.id, url, arguments.description or "", actor=ACTOR)
        return {"changed": True, "node": arguments.name}
    if node.data_center != place.id:
        raise AppError(
            "node_elsewhere",
            f"The node {node.name} belongs to another data center.",
            hint="A node has exactly one gateway. Remove it first: wk-server-admin remove-enterprise-resource.",
        )
    wanted = {"url": url} | ({} if arguments.description is None else {"description": arguments.description})
    fields = {key: value for key, value in wanted.items() if getattr(node, key) != value}
    if fields:
        try:
            services.store.nodes.update(node.name, fields)
        except Conflict:
            raise AppError("node_exists", f"Another node has the URL {url}.", hint="Correct the URL.") from None
        services.store.audit.add("node.update", ACTOR, node.name, **fields)
    return {"changed": bool(fields), "node": node.name}


def remove_resource(services: Services, arguments: argparse.Namespace) -> Result:
    """Forget a node; unchanged where there is none."""
    try:
        services.sites.remove_node(arguments.name, actor=ACTOR)
    except AppError as error:
        if error.code != node_unknown().code:
            raise
        return {"changed": False, "node": arguments.name}
    return {"changed": True, "node": arguments.name}


def user_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of `add_user`."""
    parser.add_argument("--email")
    parser.add_argument("--full-name")
    parser.add_argument("--superuser", action="store_true")
    parser.add_argument("--staff", action="store_true")
    parser.add_argument(
        "--password-file", metavar="FILE", help="file with the password; - is standard input; default: generate"
    )
    parser.add_argument("--source", choices=get_args(Source), default="local", help="where the password is checked")


def token_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of `issue_token`."""
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--expires-in", required=True, type=int, metavar="SECONDS")
    parser.add_argument("--name", default=ACTOR, metavar="LABEL")


def read_password(file: str) -> str:
    """Return the password, the first line of the file or of standard input (`-`).

    Raises:
        BadInputError: the file cannot be read.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInputError(
            "password_file", f"{file}: cannot be read ({error.strerror}).", hint="Name a file with the password."
        ) from error
    return text.split("\n", 1)[0].rstrip("\r")
