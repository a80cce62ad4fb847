#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay out folders and whole trees of small files in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tree
short_description: Lay out folders and trees of small files in one call
version_added: 0.1.0
description:
  - Makes folders, and copies folders of the controller with all their files, in one connection to the host.
    M(ansible.builtin.copy) needs one or two for each file.
  - Files that the controller's folder does not have stay as they are.
author: The Wakari AEN maintainers (@wakari)
options:
  folders:
    description: Folders to make, in this order.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The folder.
        type: path
        required: true
      owner:
        description: Its owner.
        type: str
        required: true
      group:
        description: Its group.
        type: str
        required: true
      mode:
        description: Its mode.
        type: raw
        required: true
  trees:
    description: Folders of the controller to copy. Folders that are missing on the way to a file get the mode 0755.
    type: list
    elements: dict
    default: []
    suboptions:
      src:
        description: The folder on the controller.
        type: path
        required: true
      dest:
        description: The folder on the host that gets its content.
        type: path
        required: true
  owner:
    description: Owner of files, and of the folders made on the way to them.
    type: str
    default: root
  group:
    description: Their group.
    type: str
    default: root
  mode:
    description: Mode of the files.
    type: raw
    default: "0644"
  files:
    description: Filled from O(trees) on the controller; not for playbooks.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file on the host.
        type: path
        required: true
      content:
        description: What it holds, in base64.
        type: str
        required: true
attributes:
  check_mode:
    description: Says what it would do.
    support: full
  diff_mode:
    description: Shows the change of each text file.
    support: full
"""

EXAMPLES = r"""
- name: The skeleton of projects
  wakari.aen.tree:
    folders:
      - {path: /srv/skeleton, owner: root, group: root, mode: "0755"}
    trees:
      - {src: "{{ role_path }}/files/skeleton", dest: /srv/skeleton}
"""

RETURN = r"""
paths:
  description: What was made or changed.
  returned: always
  type: list
  elements: str
"""

import base64
import os
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

FOLDER_MODE = "0755"


class Tree:
    """What was asked for, carried out piece by piece; remembers what changed."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.changed: list[str] = []
        self.diffs: list[dict[str, str]] = []

    def folder(self, path: Path, attributes: dict[str, Any]) -> None:
        """Make the folder where it is missing, and bring its attributes in line."""
        if not path.is_dir():
            self.changed.append(str(path))
            if self.module.check_mode:
                return
            path.mkdir()
        self._attributes(path, attributes)

    def file(self, path: Path, content: bytes, attributes: dict[str, Any]) -> None:
        """Write the file where it differs, and bring its attributes in line."""
        before = path.read_bytes() if path.is_file() else None
        if before == content:
            self._attributes(path, attributes)
            return
        self.changed.append(str(path))
        self.diffs.append(
            {
                "before_header": str(path),
                "after_header": str(path),
                "before": (before or b"").decode(errors="replace"),
                "after": content.decode(errors="replace"),
            }
        )
        if self.module.check_mode:
            return
        for missing in [parent for parent in reversed(path.parents) if not parent.is_dir()]:
            self.folder(missing, {**attributes, "mode": FOLDER_MODE})
        # Complete, with owner and mode, before it has its name: a service that reads it meets the old or the new one.
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            self.module.set_fs_attributes_if_different(self._arguments(Path(temporary), attributes), changed=False)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _attributes(self, path: Path, attributes: dict[str, Any]) -> None:
        if self.module.set_fs_attributes_if_different(self._arguments(path, attributes), changed=False):
            self.changed.append(str(path))

    def _arguments(self, path: Path, attributes: dict[str, Any]) -> dict[str, Any]:
        given = {**attributes, "path": str(path), "attributes": None}
        arguments: dict[str, Any] = self.module.load_file_common_arguments(given)
        return arguments


def main() -> None:
    """Run the module."""
    named = {name: {"type": "str", "required": True} for name in ("owner", "group")}
    place = {"path": {"type": "path", "required": True}}
    module = AnsibleModule(
        argument_spec={
            "folders": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {**place, **named, "mode": {"type": "raw", "required": True}},
            },
            # Read by the action plugin on the controller, which puts `files` in its place.
            "trees": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "src": {"type": "path", "required": True},
                    "dest": {"type": "path", "required": True},
                },
            },
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {**place, "content": {"type": "str", "required": True}},
            },
            "owner": {"type": "str", "default": "root"},
            "group": {"type": "str", "default": "root"},
            "mode": {"type": "raw", "default": "0644"},
        },
        supports_check_mode=True,
    )
    tree = Tree(module)
    common = {name: module.params[name] for name in ("owner", "group", "mode")}
    for folder in module.params["folders"]:
        tree.folder(Path(folder["path"]), {name: folder[name] for name in ("owner", "group", "mode")})
    for file in module.params["files"]:
        tree.file(Path(file["path"]), base64.b64decode(file["content"]), common)
    paths = sorted(set(tree.changed))
    module.exit_json(changed=bool(paths), paths=paths, diff=tree.diffs)


if __name__ == "__main__":
    main()
