# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for names (docs/protocols.md, "Names"). Every tier checks them again; none trusts another's check."""

from __future__ import annotations

import re

from wakari.core.errors import BadInputError

# A user name becomes an OS account: NAME_REGEX of adduser.conf(5), 31 characters at most.
USER_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}", re.ASCII)
PROJECT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}", re.ASCII)
# As long as a node's name; a directory's groups have dots.
GROUP_NAME = re.compile(r"[a-z][a-z0-9._-]{0,62}", re.ASCII)
APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
# One label or a dotted name of RFC 1123 shape; also safe as a file name.
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
INSTANCE_ID = re.compile(r"[0-9a-f]{20}", re.ASCII)

# Accounts of Debian's and EL's base systems and of what this platform installs, and the first parts of our own URLs.
RESERVED_USER_NAMES = frozenset(
    """adm admin api apps backup bin daemon dbus dialout disk docker games gnats halt help irc kmem list login logout lp
    mail man messagebus mongod mongodb mysql new news nginx nobody nogroup oauth operator polkitd postgres proxy redis
    root settings shadow shutdown src sshd staff static sudo sync sys systemd syslog tape tty users utmp uucp video
    wheel www www-data""".split()  # noqa: SIM905 - sixty short words read better as a paragraph
)


def user_name(value: object) -> str:
    """Return the user name if it obeys the rule; raise BadInputError otherwise."""
    if not isinstance(value, str) or not USER_NAME.fullmatch(value):
        raise BadInputError(
            "user_name_invalid",
            f"{_shown(value)} is not a user name.",
            hint="Use 1 to 31 lower-case letters, digits, '-' and '_', beginning with a letter.",
        )
    if value in RESERVED_USER_NAMES or value.startswith("systemd-"):
        raise BadInputError(
            "user_name_reserved",
            f"The user name {value!r} is reserved for the operating system or the platform.",
            hint="Choose another name.",
        )
    return value


def project_name(value: object) -> str:
    """Return the project name if it obeys the rule; raise BadInputError otherwise."""
    if not isinstance(value, str) or not PROJECT_NAME.fullmatch(value):
        raise BadInputError(
            "project_name_invalid",
            f"{_shown(value)} is not a project name.",
            hint="Use 1 to 63 letters, digits, '-' and '_', beginning with a letter.",
        )
    return value


def group_name(value: object) -> str:
    """Return the name of a group of users if it obeys the rule; raise BadInputError otherwise."""
    if not isinstance(value, str) or not GROUP_NAME.fullmatch(value):
        raise BadInputError(
            "group_name_invalid",
            f"{_shown(value)} is not a group name.",
            hint="Use 1 to 63 lower-case letters, digits, '.', '-' and '_', beginning with a letter.",
        )
    return value


def app_name(value: object) -> str:
    """Return the app name if it obeys the rule; raise BadInputError otherwise."""
    if not isinstance(value, str) or not APP_NAME.fullmatch(value):
        raise BadInputError("app_name_invalid", f"{_shown(value)} is not an app name.", hint="Open an app of the list.")
    return value


def node_name(value: object) -> str:
    """Return the node or data center name if it obeys the rule; raise BadInputError otherwise."""
    if not isinstance(value, str) or not NODE_NAME.fullmatch(value):
        raise BadInputError(
            "node_name_invalid",
            f"{_shown(value)} is not a node name.",
            hint="Use 1 to 63 letters, digits, '.', '-' and '_', beginning with a letter or digit.",
        )
    return value


def instance_id(value: object) -> str:
    """Return the instance id if it is 20 hex digits; raise BadInputError otherwise."""
    if not isinstance(value, str) or not INSTANCE_ID.fullmatch(value):
        raise BadInputError("instance_invalid", f"{_shown(value)} is not an app instance.")
    return value


def _shown(value: object) -> str:
    """Return the value for a message: escaped, 60 characters at most (security rule 9: log fields bounded)."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - the bound of the line above
