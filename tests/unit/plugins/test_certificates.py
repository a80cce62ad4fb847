# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's certificates, looked at before any host is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from cryptography.hazmat.primitives import serialization

from plugins.plugin_utils._certificates import problems
from tests.authority import Authority, Certificate
from tests.unit.plugins.conftest import Change

NAME = "gateway1.example.org"


@dataclass
class Site:
    """The good inventory with certificates for a gateway, and what is said of them."""

    change: Change
    authority: Authority
    folder: Path

    def said(self, made: Certificate, host: str = "gateway1", **values: object) -> str:
        files = {"aen_tls_certificate": made.certificate, "aen_tls_key": made.key, "aen_tls_ca": made.authority}
        address = {
            "gateway1": {"aen_gateway_url": f"https://{NAME}:8089"},
            "server1": {"aen_server_url": f"https://{NAME}"},
        }
        given = {"aen_tls": "files", **{name: str(file) for name, file in files.items()}, **address.get(host, {})}
        inventory = self.change(host, None, **given | values)
        found = list(problems(inventory, DataLoader().get_real_file))
        assert len(found) <= 1, found
        return "".join(found)


@pytest.fixture
def site(change: Change, tmp_path: Path) -> Site:
    return Site(change, Authority(tmp_path), tmp_path)


@pytest.mark.parametrize("host", ["server1", "gateway1", "compute1"])
def test_a_good_certificate_is_taken(site: Site, host: str) -> None:
    good = site.authority.issue("good", NAME, "compute1")
    assert site.said(good, host, aen_compute_tls_name="compute1") == ""
    assert site.said(good, host, aen_compute_tls_name="compute1", aen_tls_ca=None) == ""
    by_address = site.authority.issue("address", "192.0.2.9", "192.0.2.9")
    urls = {"aen_server_url": "https://192.0.2.9", "aen_gateway_url": "https://192.0.2.9:8089"}
    assert site.said(by_address, "gateway1", **urls) == ""


@pytest.mark.parametrize("host", ["server1", "gateway1", "compute1"])
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda site: site.authority.issue("bad", NAME, "compute1", days=-1), "certificate has expired"),
        (lambda site: site.authority.issue("bad", "another.example.org"), "ostname mismatch"),
        (lambda site: site.authority.issue("bad", NAME, "compute1", uses=("client",)), "certificate purpose"),
    ],
    ids=["over", "another name", "another use"],
)
def test_a_certificate_that_would_be_refused_is_named(
    site: Site, host: str, spoil: Callable[[Site], Certificate], why: str
) -> None:
    made = spoil(site)
    for authority in (str(made.authority), None):
        said = site.said(made, host, aen_compute_tls_name="compute1", aen_tls_ca=authority)
        assert said.startswith(f"Have {made.certificate} (aen_tls_certificate of {host}) made anew, for ")
        assert why in said


def test_one_of_another_authority_is_refused(site: Site) -> None:
    made = site.authority.issue("bad", NAME)
    said = site.said(made, aen_tls_ca=str(Authority(site.folder, "another").file))
    assert "unable to get local issuer certificate" in said


def test_a_gateway_whose_nodes_have_certificates_shows_its_own_as_a_client(site: Site) -> None:
    made = site.authority.issue("bad", NAME, uses=("server",))
    assert site.said(made) == ""
    inventory = site.change("compute1", None, aen_tls_certificate="/x.crt")
    gateway = {"aen_tls": "files", "aen_tls_certificate": str(made.certificate), "aen_tls_key": str(made.key)}
    hosts = [host for host in inventory.hosts if host.name != "gateway1"]
    changed = site.change("gateway1", None, aen_gateway_url=f"https://{NAME}:8089", **gateway)
    hosts.append(next(host for host in changed.hosts if host.name == "gateway1"))
    found = list(problems(type(inventory)(tuple(hosts), inventory.groups), DataLoader().get_real_file))
    assert ["clientAuth" in one for one in found] == [True]


def test_origins_of_projects_need_the_wildcard(site: Site) -> None:
    without = site.said(site.authority.issue("a", NAME), aen_gateway_project_domain="apps.example.net")
    assert "for project--owner.apps.example.net" in without
    made = site.authority.issue("b", NAME, "*.apps.example.net")
    assert site.said(made, aen_gateway_project_domain="apps.example.net") == ""


def test_the_key_is_the_certificates_own(site: Site) -> None:
    made, other = site.authority.issue("a", NAME), site.authority.issue("b", NAME)
    said = site.said(made, aen_tls_key=str(other.key))
    assert said.startswith(f"Give gateway1 the key of its certificate: {other.key} (aen_tls_key) is of another than")


def test_a_key_with_a_passphrase_is_refused_without_a_question(site: Site) -> None:
    made = site.authority.issue("a", NAME)
    key = serialization.load_pem_private_key(made.key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    assert site.said(made).startswith(f"Give gateway1 a key in PEM without a passphrase: {made.key}")


@pytest.mark.parametrize("variable", ["aen_tls_certificate", "aen_tls_key", "aen_tls_ca"])
def test_what_is_not_there_or_something_else_is_named(site: Site, variable: str) -> None:
    made = site.authority.issue("a", NAME)
    assert f"correct {variable} of gateway1: /nowhere/x.pem cannot be read" in site.said(
        made, **{variable: "/nowhere/x.pem"}
    )
    other = site.folder / "other.pem"
    other.write_text("hello", encoding="ascii")
    assert f"{other}" in site.said(made, **{variable: str(other)})


def test_a_key_in_ansible_vault_is_taken(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [("default", VaultSecret(b"password"))]
    made = site.authority.issue("a", NAME)
    made.key.write_bytes(VaultLib(secrets).encrypt(made.key.read_bytes()))
    assert "cannot be read" in site.said(made)
    begin = DataLoader.__init__

    def with_secrets(loader: DataLoader) -> None:
        begin(loader)
        loader.set_vault_secrets(secrets)

    monkeypatch.setattr(DataLoader, "__init__", with_secrets)
    assert site.said(made) == ""
