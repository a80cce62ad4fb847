#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a file with a random secret once, on the host that owns it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_file
short_description: Make a file with a random secret, once
version_added: 0.1.0
description:
  - Writes a new random secret to a file where there is none. A secret that is there is never changed.
  - The secret is made on the host and never leaves it; no output, log or diff holds it.
  - Owner, group and mode are brought in line on every run.
author: The Wakari AEN maintainers (@wakari)
options:
  path:
    description: The file. Its folder must exist.
    type: path
    required: true
  bytes:
    description: Random bytes of a new secret.
    type: int
    default: 32
  encoding:
    description: How they are written, in one line. V(base64url) is without padding.
    type: str
    choices: [base64url, base64]
    default: base64url
extends_documentation_fragment:
  - ansible.builtin.files
attributes:
  check_mode:
    description: Says whether the file would be made or its attributes changed, and changes nothing.
    support: full
  diff_mode:
    description: Says which attributes change; never the secret.
    support: partial
"""

EXAMPLES = r"""
- name: The key that the gateway and this node share
  wakari.aen.secret_file:
    path: /opt/wakari/wakari-compute/etc/wakari/node-key
    owner: root
    group: wakari
    mode: "0640"
"""

RETURN = r"""
created:
  description: Whether a new secret was made.
  returned: always
  type: bool
"""

import base64
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

SMALLEST = 16  # bytes: RFC 4086 asks for 128 bits against a determined search


def new_secret(size: int, encoding: str) -> str:
    """Return so many random bytes, encoded (RFC 4648), without a line end."""
    content = secrets.token_bytes(size)
    if encoding == "base64":
        return base64.b64encode(content).decode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _write(path: Path, secret: str) -> None:
    """Put the secret in place in one step, readable by its owner alone; FileExistsError where one came in between.

    Not with AnsibleModule.atomic_move, which gives a new file the modes of the umask.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret + "\n")
        path.hardlink_to(temporary)
    finally:
        Path(temporary).unlink()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "bytes": {"type": "int", "default": 32},
            "encoding": {"type": "str", "choices": ["base64url", "base64"], "default": "base64url"},
        },
        add_file_common_args=True,
        supports_check_mode=True,
    )
    path, size = Path(module.params["path"]), module.params["bytes"]
    if size < SMALLEST:
        module.fail_json(msg=f"bytes: {size} is too short for a secret; take {SMALLEST} or more")
    result: dict[str, Any] = {"changed": False, "created": False, "path": str(path)}
    if not path.exists():
        shown = {"before_header": str(path), "before": "absent\n", "after": "a new secret\n"}
        result |= {"changed": True, "created": True, "diff": shown}
        if module.check_mode:
            module.exit_json(**result)
        if not path.parent.is_dir():
            module.fail_json(msg=f"{path.parent}: no such folder. Make it first.")
        _write(path, new_secret(size, module.params["encoding"]))
    elif path.stat().st_size == 0:
        module.fail_json(msg=f"{path}: the file is empty. Remove it, so that a new secret can be made.")
    arguments = module.load_file_common_arguments(module.params)
    result["changed"] = module.set_fs_attributes_if_different(arguments, result["changed"])
    module.exit_json(**result)


if __name__ == "__main__":
    main()
