# SPDX-License-Identifier: GPL-3.0-or-later
"""A conda environment of a project, through the node's wk-environment and as the project's owner."""

from __future__ import annotations

import re
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ._client import Json
from ._node import ENVIRONMENT, account, command, project_of, run_json


class Environment:
    """What a module asks of one environment."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.owner, self.project = project_of(module)
        self.name = module.params["name"]
        if not ENVIRONMENT.fullmatch(self.name):
            module.fail_json(msg=f"{self.name!r} is no name of an environment. Use letters, digits, '.', '-' and '_'.")
        self.program = command(module, "wk-environment")
        account(module, self.owner)
        folder = Path(module.params["project_root"]) / self.owner / self.project
        if not folder.is_dir():
            module.fail_json(msg=f"There is no {folder}. The project was never started on this node: start it first.")
        self.prefix = folder / "envs" / self.name

    @property
    def present(self) -> bool:
        """Return whether it is there."""
        found: bool = (self.prefix / "conda-meta").is_dir()
        return found

    def packages(self) -> list[str]:
        """Return name and version of each package that conda installed there; empty where it is not there."""
        if not self.present:
            return []
        _, answer = self._ask("packages", str(self.prefix))
        return sorted(f"{package['name']} {package['version']}" for package in answer["packages"])

    def ensure(self) -> Json:
        """Return what the module answers after the packages are there."""
        before, existed = self.packages(), self.present
        # What the team added to an environment stays; a new one is made of what is asked for alone.
        words = ["install", "--name", str(self.prefix)] if existed else ["create", "--prefix", str(self.prefix)]
        for channel in self.module.params["channels"] or []:
            words += ["--channel", channel]
        dry = ["--dry-run"] if self.module.check_mode else []
        _, answer = self._ask(*words, *dry, "--", *self.module.params["packages"])
        changed = bool(answer["changed"])
        after = self.packages() if not self.module.check_mode else self._foretold(before) if changed else before
        return {
            "changed": changed,
            "prefix": str(self.prefix),
            "packages": before if self.module.check_mode else after,
            "diff": _diff(self.prefix, before if existed else None, after),
        }

    def remove(self) -> Json:
        """Return what the module answers after the environment is gone."""
        existed, before = self.present, self.packages()
        if existed and not self.module.check_mode:
            self._ask("remove", *(["--force"] if self.module.params["force"] else []), "--", str(self.prefix))
        return {
            "changed": existed,
            "prefix": str(self.prefix),
            "packages": [],
            "diff": _diff(self.prefix, before if existed else None, None),
        }

    def _foretold(self, before: list[str]) -> list[str]:
        """Return the packages with what is asked for besides; which versions come, only the solver knows."""
        there = {package.split()[0] for package in before}
        asked = self.module.params["packages"]
        missing = [spec for spec in asked if re.split(r"[ =<>!~\[]", spec, maxsplit=1)[0] not in there]
        return before + [f"{spec} (asked for)" for spec in missing or asked]

    def _ask(self, *words: str) -> tuple[int, Json]:
        verb, *rest = words
        return run_json(self.module, [self.program, verb, "--json", *rest], run_as=self.owner)


def run_environment(module: AnsibleModule) -> None:
    """Bring one environment in line and end the module."""
    asked = Environment(module)
    if module.params["state"] == "absent":
        module.exit_json(**asked.remove())
    module.exit_json(**asked.ensure())


def list_environments(module: AnsibleModule) -> list[Json]:
    """Return the environments of a project, or of all projects on this node."""
    program = command(module, "wk-environment")
    root = Path(module.params["project_root"])
    if module.params["project"]:
        owner, name = project_of(module)
        folders = [root / owner / name]
    else:
        folders = sorted(path for path in root.glob("*/*") if path.is_dir() and not path.is_symlink())
    found: list[Json] = []
    for folder in folders:
        if not (folder / "envs").is_dir():
            continue
        owner = folder.parent.name
        # As the owner: what root follows a link to may be nobody's business.
        _, answer = run_json(module, [program, "list", "--json", str(folder)], run_as=owner)
        found += [
            {"project": f"{owner}/{folder.name}", **{name: one[name] for name in ("name", "prefix", "python")}}
            for one in answer["environments"]
        ]
    return found


def _diff(prefix: Path, before: list[str] | None, after: list[str] | None) -> Json:
    """Return what differs in the packages; None: there is no environment."""
    return {
        "before": {"present": before is not None, "packages": before or []},
        "after": {"present": after is not None, "packages": after or []},
        "before_header": str(prefix),
        "after_header": str(prefix),
    }
