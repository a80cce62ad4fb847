# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-server-admin users | groups | tokens | authorizations`."""

from __future__ import annotations

import argparse
from typing import get_args

from wakari.cli import server_verbs
from wakari.cli.verbs import ACTOR, ALL, Result, Subparsers
from wakari.core.errors import AppError
from wakari.server.api.models.authorizations import AuthorizationOut
from wakari.server.api.models.people import UserOut
from wakari.server.services import Services
from wakari.store.records import Group, Source, Token

ROLES = ("staff", "superuser")


def enter(verbs: Subparsers) -> None:
    """Enter the verbs."""
    users = verbs.things("users", list_users, "list and change accounts")
    users.filter("--role", choices=ROLES)
    users.filter("--group", metavar="GROUP")
    users.filter("--source", choices=get_args(Source))
    users.action("show", show_user, "show an account", "NAME")
    server_verbs.user_options(users.action("add", server_verbs.add_user, "add an account", "NAME"))
    change = users.action("change", change_user, "change an account", "NAME")
    change.add_argument("--email")
    change.add_argument("--full-name")
    change.add_argument("--add-role", choices=ROLES, action="append", default=[])
    change.add_argument("--remove-role", choices=ROLES, action="append", default=[])
    change.add_argument("--password-file", metavar="FILE", help="file with the new password; - is standard input")
    users.action("remove", server_verbs.remove_user, "close an account", "NAME")

    groups = verbs.things("groups", list_groups, "list and change groups of users")
    groups.filter("--source", choices=get_args(Source))
    groups.action("show", show_group, "show a group", "NAME")
    add = groups.action("add", add_group, "add a group", "NAME")
    add.add_argument("--summary", default="")
    add.add_argument("--member", dest="members", metavar="USER", action="append", default=[])
    change = groups.action("change", change_group, "change a group, or who is in it", "NAME")
    change.add_argument("--summary")
    change.add_argument("--add-member", metavar="USER", action="append", default=[])
    change.add_argument("--remove-member", metavar="USER", action="append", default=[])
    groups.action("remove", remove_group, "take a group out of all teams and remove it", "NAME")

    tokens = verbs.things("tokens", list_tokens, "list, make and revoke API tokens")
    tokens.filter("--user", metavar="NAME")
    tokens.action("show", show_token, "show a token, without its secret", "ID")
    server_verbs.token_options(tokens.action("add", server_verbs.issue_token, "print a new API token of a user"))
    tokens.action("remove", remove_token, "revoke a token", "ID")

    authorizations = verbs.things("authorizations", list_authorizations, "list and revoke what gateways may do")
    authorizations.filter("--user", metavar="NAME")
    authorizations.action("remove", remove_authorization, "revoke one, and sign its browser out", "ID")
    authorizations.action("remove-all", remove_authorizations, "revoke all, and sign all browsers out", "NAME")


def list_users(services: Services, arguments: argparse.Namespace) -> Result:
    """Return accounts."""
    wanted = {"roles": arguments.role, "groups": arguments.group, "source": arguments.source}
    fields = {key: value for key, value in wanted.items() if value}
    return [
        {
            "name": user.name,
            "uid": user.uid,
            "source": user.source,
            "roles": list(user.roles),
            "email": user.email,
            "full_name": user.full_name,
        }
        for user in services.store.users.page("", ALL, fields)
    ]


def show_user(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one account."""
    return UserOut.of(services.accounts.get(arguments.name)).model_dump(mode="json")


def change_user(services: Services, arguments: argparse.Namespace) -> Result:
    """Change what is given; leave the rest."""
    accounts, name = services.accounts, accounts_name(services, arguments.name)
    changed = [accounts.set_profile(name, full_name=arguments.full_name, email=arguments.email, actor=ACTOR)]
    changed += [accounts.give_role(name, role, actor=ACTOR) for role in arguments.add_role]
    changed += [accounts.take_role(name, role, actor=ACTOR) for role in arguments.remove_role]
    if arguments.password_file is not None:
        accounts.set_password(name, server_verbs.read_password(arguments.password_file), actor=ACTOR)
        changed.append(True)
    return {"changed": any(changed), "user": name}


def accounts_name(services: Services, name: str) -> str:
    """Return the name of an account that there is; raise AppError 404 otherwise."""
    return services.accounts.get(name).name


def list_groups(services: Services, arguments: argparse.Namespace) -> Result:
    """Return groups."""
    wanted = {"source": arguments.source} if arguments.source else {}
    return [_group(services, group) for group in services.store.groups.page("", ALL, wanted)]


def show_group(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one group."""
    return _group(services, services.groups.get(arguments.name))


def add_group(services: Services, arguments: argparse.Namespace) -> Result:
    """Add a group."""
    made = services.groups.add(arguments.name, arguments.summary, arguments.members, actor=ACTOR)
    return {"changed": True, "group": made.name}


def change_group(services: Services, arguments: argparse.Namespace) -> Result:
    """Change what is given; leave the rest."""
    groups, found = services.groups, services.groups.get(arguments.name)
    changed = [groups.join(found.name, user, actor=ACTOR) for user in arguments.add_member]
    changed += [groups.leave(found.name, user, actor=ACTOR) for user in arguments.remove_member]
    if arguments.summary is not None and arguments.summary != found.summary:
        groups.update(found.name, arguments.summary, actor=ACTOR)
        changed.append(True)
    return {"changed": any(changed), "group": found.name}


def remove_group(services: Services, arguments: argparse.Namespace) -> Result:
    """Remove a group; unchanged where there is none."""
    if services.store.groups.get(arguments.name) is None:
        return {"changed": False, "group": arguments.name}
    services.groups.remove(arguments.name, actor=ACTOR)
    return {"changed": True, "group": arguments.name}


def list_tokens(services: Services, arguments: argparse.Namespace) -> Result:
    """Return living tokens, newest first."""
    return [_token(token) for token in services.store.tokens.everybodys(arguments.user or "", ALL)]


def show_token(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one token."""
    return _token(_known_token(services, arguments.id))


def remove_token(services: Services, arguments: argparse.Namespace) -> Result:
    """Revoke a token."""
    token = _known_token(services, arguments.id)
    changed = services.sign_in.revoke_token(token.user, token.id, actor=ACTOR)
    return {"changed": changed, "user": token.user}


def list_authorizations(services: Services, arguments: argparse.Namespace) -> Result:
    """Return living authorizations, the one used last first."""
    places = {center.id: center for center in services.store.data_centers.all()}
    living = services.authorizations
    found = living.of(arguments.user) if arguments.user else living.everybodys(ALL)
    return [
        {"user": one.user, **AuthorizationOut.of(one, places.get(one.data_center)).model_dump(mode="json")}
        for one in found
    ]


def remove_authorization(services: Services, arguments: argparse.Namespace) -> Result:
    """Revoke an authorization of whoever has it."""
    living = services.authorizations
    user = next((one.user for one in living.everybodys(ALL) if one.id == arguments.id), "")
    living.revoke(user, arguments.id, actor=ACTOR)
    return {"changed": True, "user": user}


def remove_authorizations(services: Services, arguments: argparse.Namespace) -> Result:
    """Revoke all authorizations of a person."""
    user = accounts_name(services, arguments.name)
    revoked = services.authorizations.revoke_all(user, actor=ACTOR)
    return {"changed": revoked > 0, "user": user, "revoked": revoked}


def _known_token(services: Services, token_id: str) -> Token:
    for token in services.store.tokens.everybodys("", ALL):
        if token.id == token_id:
            return token
    raise AppError(
        "token_not_found", "There is no such token.", hint="wk-server-admin tokens lists those that live.", status=404
    )


def _token(token: Token) -> dict[str, object]:
    # Not `token`: that is the secret, which add alone prints.
    return {
        "id": token.id,
        "user": token.user,
        "name": token.name,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
    }


def _group(services: Services, group: Group) -> dict[str, object]:
    return {
        "name": group.name,
        "summary": group.summary,
        "source": group.source,
        "members": services.groups.people(group.name),
    }
