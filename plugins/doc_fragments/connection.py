# SPDX-License-Identifier: GPL-3.0-or-later
"""How modules reach the server, in words; plugins/module_utils/_connection.py has the argument specification."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of the connection."""

    DOCUMENTATION = r"""
options:
  server_url:
    description:
      - Where the server is, without a path, as V(https://aen.example.org). Needed.
      - Else the environment variable E(AEN_SERVER_URL).
    type: str
  token:
    description:
      - An API token of the person the module acts as. The command C(wk-server-admin issue-token) prints one.
      - Else the environment variable E(AEN_TOKEN).
    type: str
  username:
    description:
      - The person the module acts as, where there is no O(token). A token for ten minutes is made, and revoked at the
        end; in check mode too, since nothing can be read without.
      - Else the environment variable E(AEN_USERNAME).
    type: str
  password:
    description:
      - The password of O(username).
      - Else the environment variable E(AEN_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the server's certificate must be one that is trusted.
      - Else the environment variable E(AEN_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificates of the authorities that are trusted, in PEM, where the server's own is not among
        those of the operating system.
      - Else the environment variable E(AEN_CA_PATH).
    type: path
  timeout:
    description:
      - Seconds to wait for an answer.
      - Else the environment variable E(AEN_TIMEOUT).
    type: int
    default: 30
  retries:
    description:
      - How often a request that found the server away or busy is sent again, after 0.5, 1, 2 ... seconds. What would do
        something twice is only sent again where the server cannot have seen it.
      - Else the environment variable E(AEN_RETRIES).
    type: int
    default: 3
notes:
  - Acts with the rights of the person who signs in; most changes need a superuser.
  - Warns where the token would travel unencrypted to another host.
"""
