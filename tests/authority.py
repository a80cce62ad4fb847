# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority for tests, and certificates of every kind that it, or another, vouches for."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wakari.core.tls import Identity

DAY = dt.timedelta(days=1)
USES = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}


@dataclass(frozen=True)
class Certificate:
    """Files in PEM, readable by everybody: the programs under test run as other accounts."""

    certificate: Path
    key: Path
    authority: Path

    def identity(self, authorities: Path | None = None) -> Identity:
        """Return it as a client shows it, who trusts its own authority or another."""
        return Identity(self.certificate, self.key, authorities or self.authority)


def _subject(name: str | None) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])


def _names(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(found)


class Authority:
    """An authority whose files are in a folder of its own."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder / name
        self.folder.mkdir(mode=0o755)
        self._name = _subject(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder(self._name, self._name, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = self.folder / "ca.crt"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        stem: str,
        *names: str,
        uses: tuple[str, ...] = ("server", "client"),
        days: int = 1,
        common_name: str | None = None,
    ) -> Certificate:
        """Return a certificate for the names (DNS names or IP addresses); with negative `days` it is over."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder(self._name, _subject(common_name), key.public_key(), x509.random_serial_number())
            .not_valid_before(now - 9 * DAY)
            .not_valid_after(now + days * DAY)
            .add_extension(x509.ExtendedKeyUsage([USES[use] for use in uses]), critical=False)
        )
        if names:
            builder = builder.add_extension(_names(names), critical=False)
        made = Certificate(self.folder / f"{stem}.crt", self.folder / f"{stem}.key", self.file)
        made.certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return made
