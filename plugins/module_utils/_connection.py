# SPDX-License-Identifier: GPL-3.0-or-later
"""How modules reach the server: the options that go with the doc fragment `wakari.aen.connection`, and the client."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback

from ._client import Client
from ._transport import Address, TransportError

Spec = dict[str, dict[str, Any]]


def connection_options() -> Spec:
    """Return the argument specification; plugins/doc_fragments/connection.py says the same in words."""
    return {
        "server_url": {"type": "str", "fallback": (env_fallback, ["AEN_SERVER_URL"])},
        "token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["AEN_TOKEN"])},
        "username": {"type": "str", "fallback": (env_fallback, ["AEN_USERNAME"])},
        "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["AEN_PASSWORD"])},
        "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["AEN_VALIDATE_CERTS"])},
        "ca_path": {"type": "path", "fallback": (env_fallback, ["AEN_CA_PATH"])},
        "timeout": {"type": "int", "default": 30, "fallback": (env_fallback, ["AEN_TIMEOUT"])},
        "retries": {"type": "int", "default": 3, "fallback": (env_fallback, ["AEN_RETRIES"])},
    }


def connect(module: AnsibleModule) -> Client:
    """Return a client that is signed in. Fails the module for options that cannot be used.

    Raises:
        ApiError: the user name or password is wrong.
        TransportError: the server cannot be reached.
    """
    given = module.params
    if given["timeout"] < 1 or given["retries"] < 0:
        module.fail_json(msg="timeout is at least 1 second, and retries at least 0.")
    if not given["server_url"]:
        module.fail_json(msg="Say where the server is: set server_url (AEN_SERVER_URL), as https://aen.example.org.")
    if not given["token"] and not (given["username"] and given["password"]):
        module.fail_json(
            msg="Say who you are: set token (AEN_TOKEN), or username and password (AEN_USERNAME, AEN_PASSWORD)."
        )
    try:
        address = Address(
            given["server_url"], given["timeout"], given["retries"], given["validate_certs"], given["ca_path"]
        )
    except TransportError as error:
        module.fail_json(msg=str(error))
    if address.exposed:
        module.warn(f"{given['server_url']} is plain HTTP: whoever is on the way reads the token. Give the server TLS.")
    client = Client(address, token=given["token"] or "", read_only=module.check_mode)
    if not given["token"]:
        client.sign_in(given["username"], given["password"], f"ansible {module._name}")  # noqa: SLF001 - no other way to its name
    return client
