# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of the documentation that need no platform, as they stand there (tools/checks/doc_runs.py).

The commands of a page are one session of a shell that begins in the checkout, with a home of its own. A YAML block that
begins with the comment `# NAME.yml` is that file in the session. Benchmarks, which take minutes, only say which options
they have.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.inventory.runs import ROOT, good, play
from tools.checks._documents import Block, run_by
from tools.checks.doc_runs import HERE
from wakari.compute.settings import ComputeSettings
from wakari.core.settings import Settings, build, read_files
from wakari.helper.settings import HelperSettings
from wakari.server.settings import ServerSettings

PAGES = run_by(HERE, ROOT)
# What the pages leave to the reader: the copy of an inventory.
NAMES = {"inventories/mine": "inventories/example"}
BENCHMARK = re.compile(r"^python -m tests\.benchmarks\S*", re.MULTILINE)
TIERS = {"aen_server", "aen_gateway", "aen_compute"}
# Which program reads an object: the one that has its first key. What else it must be told is on no page.
SETTINGS: dict[str, tuple[type[Settings], dict[str, Any]]] = {
    "accounts": (ServerSettings, {"WAKARI_SERVER": "http://aen.example.org"}),
    "WAKARI_SERVER": (ComputeSettings, {"node_name": "compute1"}),
    "projectRoot": (ComputeSettings, {}),
    "service_account": (HelperSettings, {"prefix": "/opt/wakari/wakari-compute"}),
}


def of(tag: str) -> list[Any]:
    """Each block with the tag."""
    found = [(page, block) for page, blocks in PAGES.items() for block in blocks if block.tag == tag]
    return [pytest.param(block, id=f"{page}:{block.line}") for page, block in found]


def session(blocks: list[Block]) -> str:
    """Return the script of a page."""
    lines = ["set -eu"]
    for block in blocks:
        if block.tag == "sh":
            lines += ["set -x", BENCHMARK.sub(r"\g<0> --help", block.text), "set +x"]
        elif block.file:
            lines += [f"cat > {block.file} <<'END'", block.text.rstrip(), "END"]
    script = "\n".join(lines)
    for said, meant in NAMES.items():
        script = script.replace(said, meant)
    return script


@pytest.mark.parametrize("page", [page for page in PAGES if any(block.tag == "sh" for block in PAGES[page])])
def test_the_commands_of_a_page(page: str, tmp_path: Path) -> None:
    programs = Path(sys.executable).parent
    done = subprocess.run(
        ["sh", "-c", session(PAGES[page])],
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env={
            # The settings of Ansible are those of the folder one is in, not those that make names.
            **{name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG"},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'services'}",
            "ANSIBLE_NOCOLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    measured = [line for block in PAGES[page] for line in block.text.splitlines() if BENCHMARK.match(line)]
    for option in re.findall(r"--[a-z-]+", "\n".join(measured)):
        assert option in done.stdout, f"no benchmark of the page has {option}"


@pytest.mark.parametrize("block", of("yaml"))
def test_an_inventory_or_a_part_of_one_passes_the_check(block: Block, tmp_path: Path) -> None:
    """Parts: hosts of some tiers go beside those of a good inventory, variables into that of docs/install.md."""
    said = yaml.safe_load(block.text)
    if set(said) <= TIERS:
        said = merged(good(), {"all": {"children": said}})
    elif "all" not in said:
        (whole,) = (yaml.safe_load(other.text) for other in PAGES["docs/install.md"] if other.tag == "yaml")
        vault = dict.fromkeys(re.findall(r"\bvault_\w+", block.text), "secret")
        vault["vault_aen_mongodb_uri"] = "mongodb://wakari:secret@db.example.org"
        said = merged(whole, {"all": {"vars": {**vault, **said}}})
    run = play(tmp_path, "playbooks/validate.yml", said)
    assert run.status == 0, run.output


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return both, the values of the second where they are at odds."""
    both = dict(one)
    for key, value in other.items():
        both[key] = merged(one[key], value) if isinstance(value, dict) and isinstance(one.get(key), dict) else value
    return both


@pytest.mark.parametrize("block", of("json"))
def test_settings_are_taken_by_the_program_that_reads_them(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(block.text, encoding="utf-8")
    loaded = read_files([file])
    kind, more = SETTINGS[next(iter(loaded.values))]
    loaded.values.update(more)
    build(kind, loaded)


def test_every_block_is_taken_by_one_of_these() -> None:
    assert {block.tag for blocks in PAGES.values() for block in blocks} <= {"sh", "yaml", "json"}
