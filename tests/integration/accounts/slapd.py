# SPDX-License-Identifier: GPL-3.0-or-later
"""A real slapd: people, groups, TLS by the test's own authority, an attribute of Active Directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ldap3 import MODIFY_REPLACE, Connection, Server

BASE = "dc=example,dc=test"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "the directory's own"
SERVICE, SERVICE_PASSWORD = f"cn=wakari,{BASE}", "the service's own"
START_SECONDS = 20

# The attribute numbers are Microsoft's; OpenLDAP has no schema of that name.
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'testUser' SUP top AUXILIARY MAY ( userAccountControl $ sAMAccountName ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
TLSCertificateFile {folder}/server.crt
TLSCertificateKeyFile {folder}/server.key
TLSCACertificateFile {folder}/ca.crt
allow bind_anon_cred bind_anon_dn
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw "{admin_password}"
directory {folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by anonymous auth by users read by * none
"""


class Slapd:
    """One directory. `uri` speaks LDAP and StartTLS, `secure_uri` TLS from the first byte.

    `address`: where it listens; `name`: what those call it who ask it, and its certificate is for.
    """

    def __init__(self, address: str = "127.0.0.1", name: str = "localhost") -> None:
        self.address, self.name = address, name
        self.folder = Path(tempfile.mkdtemp(prefix="wakari-slapd-"))
        (self.folder / "data").mkdir()
        self.port, self.secure_port = _free_port(), _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._certificates()
        config = CONFIG.format(
            folder=self.folder, base=BASE, admin=ADMIN, admin_password=ADMIN_PASSWORD, service=SERVICE
        )
        (self.folder / "slapd.conf").write_text(config)

    @property
    def uri(self) -> str:
        return f"ldap://{self.name}:{self.port}"

    @property
    def secure_uri(self) -> str:
        return f"ldaps://{self.name}:{self.secure_port}"

    @property
    def authority(self) -> str:
        return str(self.folder / "ca.crt")

    def start(self) -> None:
        """Start it and wait until it answers."""
        listen = f"ldap://{self.address}:{self.port}/ ldaps://{self.address}:{self.secure_port}/"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/slapd", "-d", "0", "-f", self.folder / "slapd.conf", "-h", listen], stderr=log
            )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((self.address, self.port), 1).close()
            except OSError:
                assert time.monotonic() < end, (self.folder / "log").read_text()
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it; its data stay."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def remove(self) -> None:
        """Stop it and remove what it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fill(self) -> None:
        """Make the folders of the tree and the entry that the service binds as."""
        with self.connection() as directory:
            self._add(directory, BASE, ["dcObject", "organization"], dc="example", o="Example")
            for name in (PEOPLE, GROUPS):
                self._add(directory, name, "organizationalUnit")
            self._add(directory, SERVICE, ["organizationalRole", "simpleSecurityObject"], userPassword=SERVICE_PASSWORD)

    def person(self, name: str, password: str, **attributes: object) -> str:
        """Add a person; return the DN."""
        dn = f"uid={name},{PEOPLE}"
        values = {"cn": name.title(), "sn": name.title(), "mail": f"{name}@example.test", "sAMAccountName": name}
        with self.connection() as directory:
            self._add(
                directory, dn, ["inetOrgPerson", "testUser"], **{**values, "userPassword": password, **attributes}
            )
        return dn

    def group(self, name: str, *members: str, below: str = GROUPS) -> str:
        """Add a group of these DNs; return its own."""
        dn = f"cn={name},{below}"
        with self.connection() as directory:
            self._add(directory, dn, "groupOfNames", member=list(members))
        return dn

    def change(self, dn: str, **attributes: object) -> None:
        """Set attributes of an entry; an empty list removes one."""
        changes = {
            key: [(MODIFY_REPLACE, value if isinstance(value, list) else [value])] for key, value in attributes.items()
        }
        with self.connection() as directory:
            assert directory.modify(dn, changes), directory.result

    def delete(self, dn: str) -> None:
        """Remove an entry."""
        with self.connection() as directory:
            assert directory.delete(dn), directory.result

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Yield a connection of the directory's administrator."""
        made = Connection(Server(self.address, self.port), ADMIN, ADMIN_PASSWORD, auto_bind=True)
        try:
            yield made
        finally:
            made.unbind()

    @staticmethod
    def _add(directory: Connection, dn: str, kinds: object, **attributes: object) -> None:
        assert directory.add(dn, kinds, attributes), directory.result

    def _certificates(self) -> None:
        run(
            self.folder, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.crt"
        )
        run(self.folder, "req -newkey rsa:2048 -nodes -subj /CN=directory -keyout server.key -out server.csr")
        (self.folder / "names").write_text(f"subjectAltName=DNS:{self.name}\n")
        run(
            self.folder,
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt",
        )


def run(folder: Path, arguments: str) -> None:
    """Run openssl in a folder."""
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True, env=os.environ)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
