# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a gateway (docs/gateway.md): the site's `config.json`, then the registration."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from wakari.core import tokens
from wakari.core.http import Peer
from wakari.core.messages import NodeName
from wakari.core.settings import Loaded, Settings, SettingsError, build, read_files
from wakari.core.tls import Identity

REGISTRATION = "wk-gateway-config.json"
DRAINING = "draining"  # the file whose presence beside the registration says so


def base_url(value: str) -> str:
    """Return an http(s) URL without a trailing `/`; raise ValueError for anything but scheme, host and port."""
    parts = urlsplit(value.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ValueError("give a URL of scheme, host and port: http://host.example.org:8089")
    if parts.username is not None or parts.password is not None:
        raise ValueError("leave user name and password out of the URL")
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


BaseUrl = Annotated[str, AfterValidator(base_url)]


class Registration(Settings):
    """What `wk-gateway-configure` writes: who this gateway is to the server and to people."""

    WAKARI_SERVER: BaseUrl
    CDN: BaseUrl | None = None
    EXTERNAL_GATEWAY_URL: BaseUrl
    port: int = Field(default=8089, ge=1, le=65535)
    NAME: NodeName
    SUMMARY: str = ""
    DATA_CENTER_ID: str = Field(min_length=1)
    CLIENT_ID: str = Field(min_length=1)
    CLIENT_SECRET: str = Field(min_length=43, repr=False)

    @property
    def identity(self) -> str:
        """Return the name this gateway signs with and is the audience of."""
        return f"gateway:{self.CLIENT_ID}"

    @property
    def callback_url(self) -> str:
        """Return the redirect URI of the OAuth client."""
        return f"{self.EXTERNAL_GATEWAY_URL}/_wakari/callback"

    def server(self) -> Peer:
        """Return the server as this gateway calls it."""
        return Peer("The server", self.WAKARI_SERVER, self.CLIENT_SECRET, self.identity, "server")


class GatewaySettings(Registration):
    """All settings of `wk-gateway`; paths are absolute once read by `read`."""

    cookie_keys_file: Path = Path("etc/wakari/cookie-keys")
    draining_file: Path = Path("etc/wakari") / DRAINING
    nodes_dir: Path = Path("etc/wakari/nodes.d")
    socket: Path = Path("var/run/wk-gateway.sock")
    processes: int = Field(default=2, ge=1, le=32)
    threads: int = Field(default=32, ge=1, le=512)
    session_hours: float = Field(default=12.0, gt=0.0, le=24.0)
    # One second at most: docs/architecture.md, "One access model".
    decision_ttl: float = Field(default=1.0, ge=0.0, le=1.0)
    route_ttl: float = Field(default=10.0, ge=0.0, le=300.0)
    # Longer than a node gives an app (its app_start_timeout): it is the node that knows why one does not answer.
    open_timeout: float = Field(default=240.0, gt=0.0, le=600.0)
    # All three or none: what this gateway shows its nodes, and who vouches for theirs.
    node_certificate: Path | None = None
    node_certificate_key: Path | None = None
    node_authorities: Path | None = None

    # Below it each project has an origin of its own (wakari.gateway.origins).
    project_domain: str | None = Field(
        default=None, max_length=189, pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]+$"
    )

    @model_validator(mode="after")
    def _origins_over_tls(self) -> GatewaySettings:
        # Only over TLS a cookie can be one that no other origin of the site can set (__Host-).
        if self.project_domain and not self.EXTERNAL_GATEWAY_URL.startswith("https:"):
            raise ValueError("leave project_domain out, or register the gateway with an address that begins with https")
        return self

    @model_validator(mode="after")
    def _whole_identity(self) -> GatewaySettings:
        given = [self.node_certificate, self.node_certificate_key, self.node_authorities]
        if None in given and any(given):
            raise ValueError("give node_certificate, node_certificate_key and node_authorities together, or none")
        return self

    def identity_for_nodes(self) -> Identity | None:
        """Return who this gateway is to nodes that speak TLS; None where it has no certificate."""
        if self.node_certificate is None or self.node_certificate_key is None or self.node_authorities is None:
            return None
        return Identity(self.node_certificate, self.node_certificate_key, self.node_authorities)


def load_files(registration: Path) -> Loaded:
    """Return what `config.json` beside the registration and the registration itself say; the latter wins."""
    return read_files([registration.parent / "config.json", registration], required=[registration])


def read(registration: Path) -> GatewaySettings:
    """Return the settings, with relative paths below the prefix (`<prefix>/etc/wakari/<registration>`).

    Raises:
        SettingsError: a file is missing or wrong; the message says what to do.
    """
    if not registration.exists():
        raise SettingsError(f"{registration}: no such file. Register this gateway first: wk-gateway-configure --help.")
    settings = build(GatewaySettings, load_files(registration))
    prefix = registration.resolve().parent.parent.parent
    paths = {
        name: prefix / getattr(settings, name) for name in ("cookie_keys_file", "draining_file", "nodes_dir", "socket")
    }
    return settings.model_copy(update=paths)


def cookie_keys(path: Path) -> Sequence[str]:
    """Return the keys of session cookies, the signing one first.

    Raises:
        SettingsError: the file is missing, empty, or holds a key of fewer than 256 bits.
    """
    try:
        keys = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}). wk-gateway-configure makes it.") from error
    for key in keys:
        try:
            enough = len(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))) >= tokens.KEY_BYTES
        except ValueError:
            enough = False
        if not enough:
            raise SettingsError(
                f"{path}: holds a key of fewer than 256 bits. Remove the file; configure makes it anew."
            )
    if not keys:
        raise SettingsError(f"{path}: holds no key. Remove the file; wk-gateway-configure makes it anew.")
    return keys
