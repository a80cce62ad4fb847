# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights of a project's files, through the node's own engine: what the module says is what the launcher does."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from ._client import Json
from ._node import command, project_of, run_json

GOOD, WRONG = 0, 1  # exit statuses of wk-permissions, docs/permissions.md


def repair(module: AnsibleModule) -> Json:
    """Return what the module answers after the rights are right; in check mode, what is wrong.

    What is shown are the first `examples` files; all are counted.
    """
    owner, name = project_of(module)
    program = command(module, "wk-permissions")
    limit = ["--diff", "--max", str(module.params["examples"]), "--json"]
    verb = "check" if module.check_mode else "repair"
    _, report = run_json(module, [program, verb, *limit, f"{owner}/{name}"], good=(GOOD, WRONG))
    left = report["wrong"] - report["changed"]
    if not module.check_mode and left:
        module.fail_json(
            msg=f"{left} of {report['wrong']} wrong files could not be put right: {_skipped(report)}.",
            changed=report["changed"] > 0,
            report=report,
        )
    return {
        "changed": report["wrong"] > 0,
        "report": report,
        "diff": [_part(problem) for problem in report["problems"]],
    }


def check(module: AnsibleModule) -> list[Json]:
    """Return the report of what is wrong, one entry a project."""
    owner, name = project_of(module)
    program = command(module, "wk-permissions")
    words = [program, "check", "--diff", "--max", str(module.params["examples"]), "--json", f"{owner}/{name}"]
    _, report = run_json(module, words, good=(GOOD, WRONG))
    return [{"project": f"{owner}/{name}", **report}]


def _part(problem: Json) -> Json:
    return {
        "before_header": problem["path"],
        "after_header": problem["path"],
        "before": "\n".join(problem["before"]) + "\n",
        "after": "\n".join(problem["after"]) + "\n",
    }


def _skipped(report: Json) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in report["skipped"].items() if number) or "see the report"
