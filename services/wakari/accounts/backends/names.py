# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of groups in one spelling, so that a settings file and a directory mean the same."""

from __future__ import annotations

from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.dn import parse_dn


def group_key(name: str) -> str:
    """Return the name as groups are compared: without regard to case and, in a DN, to spaces around its parts.

    Raises:
        ValueError: it is empty, or no DN though it has an `=`.
    """
    text = name.strip()
    if not text:
        raise ValueError("a group has a name")
    if "=" not in text:
        return text.casefold()
    try:
        parts = parse_dn(text, escape=False, strip=True)
    except LDAPInvalidDnError as error:
        raise ValueError(f"{text!r} is no distinguished name ({error})") from error
    return "".join(f"{kind.casefold()}={value.casefold()}{separator}" for kind, value, separator in parts)
