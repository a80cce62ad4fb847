# SPDX-License-Identifier: GPL-3.0-or-later
"""What is accepted as a public key. ssh-keygen(1) makes the keys and says their fingerprints: it is the judge."""

from __future__ import annotations

import base64
import struct
import subprocess
from pathlib import Path

import pytest

from wakari.accounts import ssh_keys
from wakari.core.errors import BadInputError
from wakari.core.messages import SshKeys


def make(folder: Path, *options: str) -> tuple[str, str]:
    """Return the public and the private key as files hold them."""
    path = folder / "key"
    for old in folder.glob("key*"):
        old.unlink()
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "me@laptop", "-f", str(path), *options], check=True)
    return (folder / "key.pub").read_text(), path.read_text()


def said_by_openssh(folder: Path, line: str) -> str:
    (folder / "asked.pub").write_text(line + "\n")
    command = ["ssh-keygen", "-l", "-E", "sha256", "-f", str(folder / "asked.pub")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


def blob(*parts: bytes) -> str:
    return base64.b64encode(b"".join(struct.pack(">I", len(part)) + part for part in parts)).decode()


@pytest.mark.parametrize(
    "options",
    [["-t", "ed25519"], ["-t", "ecdsa", "-b", "256"], ["-t", "ecdsa", "-b", "521"], ["-t", "rsa", "-b", "2048"]],
    ids=" ".join,
)
def test_what_ssh_keygen_makes_is_taken(tmp_path: Path, options: list[str]) -> None:
    public, _ = make(tmp_path, *options)
    key = ssh_keys.parse(f"  {public}\n")
    assert key.fingerprint == said_by_openssh(tmp_path, key.line)
    assert key.line == " ".join(public.split()[:2])
    assert key.comment == "me@laptop"
    assert SshKeys(revision=1, lines=(key.line,)).lines == (key.line,)  # it fits into what nodes are told


def test_a_key_of_a_security_device_is_taken(tmp_path: Path) -> None:
    point = base64.b64decode(make(tmp_path, "-t", "ed25519")[0].split()[1])[-32:]
    kind = "sk-ssh-ed25519@openssh.com"
    line = f"{kind} {blob(kind.encode(), point, b'ssh:')}"
    key = ssh_keys.parse(line)
    assert (key.kind, key.line, key.comment) == (kind, line, "")
    assert key.fingerprint == said_by_openssh(tmp_path, line)


def test_a_private_key_is_refused_as_what_it_is(tmp_path: Path) -> None:
    _, private = make(tmp_path, "-t", "ed25519")
    for text in (private, "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none"):
        error = refused(text)
        assert error.code == "ssh_key_private"
        assert ".pub" in error.hint
        assert private.split("\n")[1] not in str(error.body("x"))


def test_short_rsa_is_refused(tmp_path: Path) -> None:
    error = refused(make(tmp_path, "-t", "rsa", "-b", "1024")[0])
    assert error.code == "ssh_key_weak"
    assert "1024" in error.message


def test_what_is_no_whole_plain_key_is_refused(tmp_path: Path) -> None:
    public = make(tmp_path, "-t", "ed25519")[0].strip()
    kind, encoded, comment = public.split()
    nist = make(tmp_path, "-t", "ecdsa", "-b", "256")[0].split()[1]
    for bad in (
        "",
        " ",
        kind,
        encoded,
        f"{kind} ",
        f"{kind} {encoded[:-8]} {comment}",
        f"{kind} {encoded}AAAA",
        f"{kind} {encoded[:20]}\u00e9{encoded[21:]}",
        f"{kind} {nist}",
        f"ecdsa-sha2-nistp256 {encoded}",
        f'command="id" {public}',
        f"no-pty {public}",
        f"{public}\n{public}",
        f"{public}\rssh-ed25519",
        f"{public}\x00",
        f"{kind}\t{encoded}",
        f"ssh-ed25519-cert-v01@openssh.com {encoded}",
        f"ssh-dss {encoded}",
        "---- BEGIN SSH2 PUBLIC KEY ----",
        f"{kind} {encoded} {'x' * 5000}",
        f"{kind} {blob(b'ssh-ed25519', bytes(31))}",
        f"{kind} {blob(b'ssh-ed25519', bytes(32), b'more')}",
    ):
        error = refused(bad)
        assert error.code == "ssh_key_invalid", bad
        assert error.hint


def test_names_of_keys() -> None:
    assert ssh_keys.check_name("Laptop, w\u00f6rk") == "Laptop, w\u00f6rk"
    for bad in ("x" * 101, "a\nb", "a\x1bb"):
        with pytest.raises(BadInputError):
            ssh_keys.check_name(bad)


def refused(text: str) -> BadInputError:
    with pytest.raises(BadInputError) as caught:
        ssh_keys.parse(text)
    return caught.value
