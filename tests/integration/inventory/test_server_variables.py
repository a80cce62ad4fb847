# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role makes of an inventory's variables is what the server reads: each account backend, and mail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.inventory.runs import ROOT
from wakari.server.settings import ServerSettings

ROLE = ROOT / "roles" / "aen_server"
ETC = "/opt/wakari/wakari-server/etc/wakari"
LDAP: dict[str, Any] = {"URI": "ldaps://dc1.example.org", "BIND_DN": "cn=w", "USER_SEARCH": {"base": "dc=example"}}
OIDC: dict[str, Any] = {"ISSUER": "https://id.example.org", "CLIENT_ID": "wakari"}
MAIL: dict[str, Any] = {"server": "smtp.example.org", "port": 25, "sender": "w@example.org", "username": "w"}


def settings_of(folder: Path, **variables: object) -> ServerSettings:
    """Return the settings that the role's template gives, as the server reads them."""
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROLE / part / "main.yml") for part in ("defaults", "vars")],
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": "{{ __aen_server_config['wk-server-config'] | to_json }}",
                    "dest": str(folder / "wk-server-config.json"),
                    "mode": "0600",
                }
            }
        ],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    (folder / "given.json").write_text(json.dumps({"aen_server_url": "http://aen.example.org", **variables}))
    command = [Path(sys.executable).with_name("ansible-playbook"), folder / "play.yml", "-e", f"@{folder}/given.json"]
    done = subprocess.run([*command, "-i", "localhost,"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    written = json.loads((folder / "wk-server-config.json").read_text())
    return ServerSettings.model_validate({"WAKARI_SERVER": "http://aen.example.org", "prefix": str(folder), **written})


def test_without_a_word_accounts_are_local_and_no_mail_is_sent(tmp_path: Path) -> None:
    made = settings_of(tmp_path)
    assert (made.accounts, made.ldap, made.oidc, made.mail) == ("local", None, None, None)


@pytest.mark.parametrize("given", [True, False])
def test_a_directory_comes_with_its_secret_and_authorities(tmp_path: Path, given: bool) -> None:
    more = {"aen_server_ldap_password": "hunter2", "aen_server_accounts_ca": "/ca.pem"} if given else {}
    section = LDAP if given else {**LDAP, "BIND_AUTH_FILE": "/own", "TLS_CACERT": "/own.pem"}
    made = settings_of(tmp_path, aen_server_accounts="ldap", aen_server_ldap=section, **more)
    assert made.ldap
    wanted = ("etc/wakari/ldap-password", f"{ETC}/accounts-ca.pem") if given else ("/own", "/own.pem")
    assert (str(made.ldap.bind_auth_file), str(made.ldap.tls_cacert)) == wanted
    assert "hunter2" not in (tmp_path / "wk-server-config.json").read_text()


def test_a_provider_comes_with_its_secret_and_authorities(tmp_path: Path) -> None:
    secrets = {"aen_server_oidc_secret": "hunter2", "aen_server_accounts_ca": "/ca.pem"}
    made = settings_of(tmp_path, aen_server_accounts="oidc", aen_server_oidc=OIDC, **secrets)
    assert made.oidc
    assert str(made.oidc.client_secret_file) == "etc/wakari/oidc-secret"
    assert str(made.oidc.tls_cacert) == f"{ETC}/accounts-ca.pem"
    assert "hunter2" not in (tmp_path / "wk-server-config.json").read_text()


def test_mail_comes_with_its_secret_and_authorities(tmp_path: Path) -> None:
    secrets = {"aen_server_mail_password": "hunter2", "aen_server_mail_ca": "/ca.pem"}
    made = settings_of(tmp_path, aen_server_mail=MAIL, **secrets).mail
    assert made
    assert (made.server, made.port, made.security, made.username) == ("smtp.example.org", 25, "starttls", "w")
    assert str(made.password_file) == "etc/wakari/mail-password"
    assert str(made.ca_file) == f"{ETC}/mail-ca.pem"
    assert "hunter2" not in (tmp_path / "wk-server-config.json").read_text()
