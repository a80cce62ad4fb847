# SPDX-License-Identifier: GPL-3.0-or-later
"""The one thing of the server node that needs root: asking PAM whether a password is that of a system account.

pam_unix reads other people's hashes for root alone. systemd starts this program for each connection to the socket that
only the service account may open; it answers one question and ends. It changes nothing, and the unit leaves it no
capability to. Input: one line of JSON, {"service", "user", "password"}; output: one, {"result": ...} or {"error": ...}.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import sys
from typing import Any, BinaryIO

import pam

MAX_INPUT = 4096  # bytes
# Accounts of people (UID_MIN of login.defs); below are the system's own, which nobody signs in as.
FIRST_UID, LAST_UID = 1000, 60000
USER = re.compile(r"[a-z][a-z0-9_-]{0,30}", re.ASCII)
SERVICE = re.compile(r"[a-z][a-z0-9_-]{0,30}", re.ASCII)
# Of pam_authenticate(3) and pam_acct_mgmt(3): password or account is not good. Anything else: PAM does not work.
REFUSED = frozenset(
    {
        pam.PAM_AUTH_ERR,
        pam.PAM_USER_UNKNOWN,
        pam.PAM_MAXTRIES,
        pam.PAM_ACCT_EXPIRED,
        pam.PAM_NEW_AUTHTOK_REQD,
        pam.PAM_PERM_DENIED,
        pam.PAM_AUTHTOK_EXPIRED,
        pam.PAM_CRED_INSUFFICIENT,
    }
)


class RequestError(Exception):
    """A question that is none; the message says why."""


def read(source: BinaryIO) -> tuple[str, str, str]:
    """Return service, user and password of the one question; raise RequestError otherwise."""
    line = source.readline(MAX_INPUT + 1)
    if len(line) > MAX_INPUT or not line.endswith(b"\n"):
        raise RequestError("one line of at most 4096 bytes is wanted")
    try:
        asked = json.loads(line)
    except ValueError:
        raise RequestError("the line is no JSON") from None
    if not isinstance(asked, dict) or set(asked) != {"service", "user", "password"}:
        raise RequestError("the keys are service, user and password")
    service, user, password = asked["service"], asked["user"], asked["password"]
    if not all(isinstance(value, str) for value in (service, user, password)):
        raise RequestError("all values are texts")
    if not SERVICE.fullmatch(service) or not USER.fullmatch(user):
        raise RequestError("service or user has a shape that is not taken")
    if not password or "\x00" in password:
        raise RequestError("the password is empty or has a zero byte")
    return service, user, password


def answer(service: str, user: str, password: str) -> dict[str, Any]:
    """Return the person, None where PAM refuses, or an error."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        account = None
    # PAM is asked either way: how long the answer takes then does not tell which accounts there are.
    session = pam.PamAuthenticator()
    good = session.authenticate(user, password, service=service, resetcreds=False)
    if not good:
        if session.code in REFUSED:
            return {"result": None}
        return {"error": f"PAM service {service}: {session.reason} ({session.code})"[:300]}
    if account is None or not FIRST_UID <= account.pw_uid <= LAST_UID:
        return {"result": None}
    groups = [_group(gid) for gid in os.getgrouplist(user, account.pw_gid)]
    full_name = account.pw_gecos.split(",", 1)[0]
    return {"result": {"user": user, "full_name": full_name, "groups": sorted(filter(None, groups))}}


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""


def main() -> int:
    """Answer one question; return 0."""
    try:
        told = answer(*read(sys.stdin.buffer))
    except RequestError as error:
        told = {"error": str(error)}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
