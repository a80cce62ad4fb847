# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tools.up`: boot, build, install, and say where it is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.up import description
from tools.up.inventory import Inventory, read
from tools.up.steps import Step, StepError, run_one, run_together

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "inventories" / "local"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 a step failed (it has said why)."""
    parser = argparse.ArgumentParser(prog="python -m tools.up", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--down", action="store_true", help="remove the hosts and all that belongs to them")
    what.add_argument("--describe", action="store_true", help="write .aen/local.json of the running hosts")
    options = parser.parse_args(arguments)
    # Ansible's commands stand beside the interpreter, whether or not the environment is activated.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        if options.down:
            _down()
            return 0
        inventory = read(INVENTORY)
        if not options.describe:
            _up(inventory)
        _say(description.write(ROOT / description.FILE, inventory))
    except StepError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _up(inventory: Inventory) -> None:
    specs = [f"{host.name}={host.octet}" for host in inventory.hosts]
    run_one(Step("machine", [sys.executable, "-m", "tools.hosts", "deps"]))
    run_one(Step("packages", ["tools/bootstrap/debian.sh", "channel"]))
    run_together(
        Step("hosts", [sys.executable, "-m", "tools.hosts", "up", *specs]),
        Step("wheelhouse", [sys.executable, "-m", "tools.wheelhouse"]),
        Step("channel", [sys.executable, "-m", "tools.channel", "build"]),
    )
    run_one(
        Step(
            "install",
            ["ansible-playbook", "site.yml", "-i", str(INVENTORY.relative_to(ROOT))],
            hint="The hosts go on running: `python3 -m tools.hosts ssh NAME` opens one. `make up` goes on from here; "
            "`make down` removes them.",
        )
    )


def _down() -> None:
    run_one(Step("hosts", [sys.executable, "-m", "tools.hosts", "destroy"]))
    (ROOT / description.FILE).unlink(missing_ok=True)


def _say(described: description.Description) -> None:
    print(f"\nWakari AEN is up.\n\n  address   {described['server_url']}")
    print(f"  user      {described['admin_user']}\n  password  {described['admin_password']}\n")
    for name, url in described["gateway_urls"].items():
        print(f"  {name:9} {url}")
    print(f"\nThe same for programs: {description.FILE}. `make down` removes everything.")
