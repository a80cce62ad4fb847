# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption at rest of the secrets that must be read back: JWE, direct key, A256GCM (RFC 7516)."""

from __future__ import annotations

import hashlib
import hmac

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from wakari.core.settings import SettingsError

PURPOSE = b"wakari sealed secrets v1"  # keeps this key apart from whatever else is derived from the same secret


class Sealer:
    """Seals and opens short texts with a key derived from the server's secret."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(hmac.new(secret.encode(), PURPOSE, hashlib.sha256).digest())

    def seal(self, text: str) -> str:
        """Return the text, encrypted."""
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, text.encode(), self._key)

    def open(self, sealed: str) -> str:
        """Return the text; raise SettingsError where it was sealed with another secret."""
        try:
            plaintext = jwe.decrypt_compact(sealed, self._key).plaintext
        except (JoseError, ValueError) as error:
            raise SettingsError(
                "A gateway's secret in the database was sealed with another secret key. "
                "Bring back the former secret-key file, or register the gateways again."
            ) from error
        return (plaintext or b"").decode()
