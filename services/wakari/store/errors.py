# SPDX-License-Identifier: GPL-3.0-or-later
"""pymongo's exceptions, turned into the two that callers know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError

# Unauthorized, AuthenticationFailed (MongoDB manual, "Error codes").
AUTHENTICATION_CODES = frozenset({13, 18})


class Conflict(Exception):  # noqa: N818 - the field's word for a broken uniqueness rule
    """A unique index refused the write: something of this name is already there."""


class StoreUnavailable(Exception):  # noqa: N818 - reads as what it is
    """MongoDB cannot be reached, has no primary, or refuses our user. The text may be shown to people."""


@contextmanager
def translated(tx: ClientSession | None = None) -> Iterator[None]:
    """Run a block with pymongo's exceptions translated.

    Inside of a transaction only Conflict is: the transaction itself decides by the others whether to run again.
    """
    try:
        yield
    except DuplicateKeyError as error:
        raise Conflict(str((error.details or {}).get("keyPattern", ""))) from error
    except (AutoReconnect, ConnectionFailure) as error:
        if tx is not None:
            raise
        raise StoreUnavailable(_reason(error)) from error
    except OperationFailure as error:
        if tx is None and error.code in AUTHENTICATION_CODES:
            raise StoreUnavailable("MongoDB refuses the user or password in the mongodb-uri file.") from error
        raise


def _reason(error: PyMongoError) -> str:
    return f"MongoDB cannot be reached or has no primary ({type(error).__name__})."
