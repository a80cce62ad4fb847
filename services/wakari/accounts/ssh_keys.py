# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys of people: what is accepted as a public key, and adding and removing them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import MAX_SSH_KEYS
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import SshKey, User

# Kinds that today's sshd takes (sshd_config(5), PubkeyAcceptedAlgorithms); ssh-dss is gone since OpenSSH 10.
KINDS = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
LEAST_RSA, MOST_RSA = 2048, 8192  # bits: NIST SP 800-57 for the least; above the most sshd spends seconds on a sign-in
MAX_TEXT = 4000  # characters of what is pasted
MAX_NAME = 100
_PRIVATE = re.compile(r"PRIVATE KEY|PuTTY-User-Key-File", re.IGNORECASE)
_FORM = "ssh-ed25519 AAAA... name"
# Queues the work that tells the nodes of a person's keys: (user, actor, transaction).
Tell = Callable[[str, str, Transaction], None]


@dataclass(frozen=True)
class PublicKey:
    """A key that was checked. `line` is kind and base64, `fingerprint` as `ssh-keygen -l` prints it."""

    kind: str
    line: str
    fingerprint: str
    comment: str


def parse(text: str) -> PublicKey:
    """Return the public key in the text.

    Raises:
        BadInputError: `ssh_key_private` for a private key; `ssh_key_invalid` for anything but one line of a kind that
            nodes take, without options; `ssh_key_weak` for RSA below 2048 bits.
    """
    if _PRIVATE.search(text):
        raise BadInputError(
            "ssh_key_private",
            "This is a private key. It was not stored; who has seen it can use it.",
            hint="Keep private keys to yourself. Paste the public key: the file whose name ends with .pub.",
        )
    if len(text) > MAX_TEXT:
        _refuse(f"A public key has {MAX_TEXT} characters at most.")
    line = text.strip()
    if "BEGIN SSH2 PUBLIC KEY" in line:
        _refuse("This is a public key in another format.", "Convert it: ssh-keygen -i -f FILE.")
    if not line.isprintable():
        _refuse("A public key is one line.")
    kind, _, rest = line.partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    if kind not in KINDS:
        _refuse_kind(kind)
    blob = _decoded(encoded)
    _check(kind, blob)
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return PublicKey(kind, f"{kind} {base64.b64encode(blob).decode()}", f"SHA256:{digest}", comment.strip())


@dataclass(frozen=True)
class SshKeys:
    """The keys of the site's people. `tell` is that of wakari.projects."""

    store: Store
    tell: Tell

    def add(self, user: User, name: str, text: str, *, address: str = "") -> SshKey:
        """Return the new key; without a name it gets the comment of the key.

        Raises:
            BadInputError: the key or the name cannot be used, or the person has too many.
            AppError: `ssh_key_exists` (409) where the person has this key already.
        """
        key = parse(text)
        label = check_name(name.strip() or key.comment[:MAX_NAME] or key.kind)

        def add(tx: Transaction) -> User | None:
            changed = self.store.ssh_keys.add(
                user.name,
                name=label,
                kind=key.kind,
                line=key.line,
                fingerprint=key.fingerprint,
                most=MAX_SSH_KEYS,
                tx=tx,
            )
            if changed is not None:
                self.tell(user.name, user.name, tx)
            return changed

        changed = self.store.transaction(add)
        if changed is None:
            raise self._why_not(user.name, key)
        self.store.audit.add("ssh-key.add", user.name, user.name, address, name=label, fingerprint=key.fingerprint)
        return next(one for one in changed.ssh_keys if one.fingerprint == key.fingerprint)

    def remove(self, user: User, key_id: str, *, address: str = "") -> SshKey:
        """Return the key that was removed; raise AppError `ssh_key_not_found` (404) where the person has none such."""

        def remove(tx: Transaction) -> SshKey | None:
            removed = self.store.ssh_keys.remove(user.name, key_id, tx)
            if removed is not None:
                self.tell(user.name, user.name, tx)
            return removed

        removed = self.store.transaction(remove)
        if removed is None:
            raise AppError(
                "ssh_key_not_found", "You have no such SSH key.", hint="GET /api/v1/ssh-keys lists them.", status=404
            )
        self.store.audit.add(
            "ssh-key.remove", user.name, user.name, address, name=removed.name, fingerprint=removed.fingerprint
        )
        return removed

    def _why_not(self, name: str, key: PublicKey) -> AppError:
        user = self.store.users.get(name)
        if user is not None and any(one.fingerprint == key.fingerprint for one in user.ssh_keys):
            return AppError("ssh_key_exists", "You have added this key already.", hint="It is in the list.", status=409)
        return BadInputError(
            "ssh_keys_too_many", f"A person has {MAX_SSH_KEYS} SSH keys at most.", hint="Remove one you no longer use."
        )


def check_name(name: str) -> str:
    """Return the name if it is short and printable; raise BadInputError otherwise."""
    if len(name) > MAX_NAME or not name.isprintable():
        raise BadInputError(
            "ssh_key_name_invalid",
            "The name of the key cannot be used.",
            hint=f"Use up to {MAX_NAME} printable characters.",
        )
    return name


def _refuse_kind(kind: str) -> NoReturn:
    if "-cert-v01@" in kind:
        _refuse("This is a certificate.", "Paste the public key it was made for.")
    if kind == "ssh-dss":
        _refuse("DSA keys are no longer safe.", "Make another: ssh-keygen -t ed25519.")
    _refuse(
        "This does not begin with a kind of public key that nodes take.",
        f"Paste one line like '{_FORM}', without options before it. Kinds: {', '.join(sorted(KINDS))}.",
    )


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        _refuse("The key is not complete, or was changed on the way.")


def _check(kind: str, blob: bytes) -> None:
    try:
        key = load_ssh_public_key(f"{kind} {base64.b64encode(blob).decode()}".encode())
    except (ValueError, UnsupportedAlgorithm):
        _refuse("The key is not complete, or was changed on the way.")
    if isinstance(key, RSAPublicKey) and not LEAST_RSA <= key.key_size <= MOST_RSA:
        raise BadInputError(
            "ssh_key_weak" if key.key_size < LEAST_RSA else "ssh_key_invalid",
            f"RSA keys have {LEAST_RSA} to {MOST_RSA} bits here; this one has {key.key_size}.",
            hint="Make another: ssh-keygen -t ed25519.",
        )


def _refuse(message: str, hint: str = f"Paste the whole line of the .pub file: '{_FORM}'.") -> NoReturn:
    raise BadInputError("ssh_key_invalid", message, hint=hint)
