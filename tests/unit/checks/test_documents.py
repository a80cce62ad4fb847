# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages say is there: commands, links, messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.checks import _documents as documents
from tools.checks import doc_commands, doc_links, doc_runs, troubleshooting


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with a target, a playbook, a program, a message, and an empty page."""
    (tmp_path / "Makefile").write_text("PATH := x\nbundle: venv\n\ttrue\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project.scripts]\nwk-apps = "a:b"\n', encoding="utf-8")
    for folder in ("docs", "playbooks", "roles", "plugins", "services/wakari"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "playbooks" / "site.yml").touch()
    said = 'raise X(\n    "The node is away, "\n    f"and {name} waits."\n)\n'
    (tmp_path / "services" / "wakari" / "a.py").write_text(said, encoding="utf-8")
    return tmp_path


def page(checkout: Path, text: str, name: str = "page.md") -> None:
    (checkout / "docs" / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("make bundle BUNDLE='--suite bookworm'", ""),
        ("make bundel", "no target bundel"),
        ("ansible-playbook wakari.aen.site -i hosts.yml", ""),
        ("ansible-playbook playbooks/site.yml -i hosts.yml # all of it", ""),
        ("ansible-playbook wakari.aen.syte -i hosts.yml", "no playbook wakari.aen.syte"),
        ("wk-apps list", ""),
        ("sudo /opt/wakari/bin/wk-apps list", ""),
        ("wk-app list", "wk-app is no program of the product"),
        ("python3 -m tools.nothing", "no module tools.nothing"),
    ],
)
def test_a_command_that_does_not_exist_is_found(checkout: Path, line: str, said: str) -> None:
    page(checkout, f"# Page\n\n```sh\n{line}\n```\n\n```text\nmake nothing\n```\n")
    found = list(doc_commands.problems(checkout))
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_link_leads_to_a_file_and_a_heading(checkout: Path) -> None:
    page(checkout, "# Other\n\n## What lands, where\n", "other.md")
    page(checkout, "# Page\n\n[a](other.md#what-lands-where) [b](https://example.org/x) [c](#page)\n")
    assert list(doc_links.problems(checkout)) == []
    page(checkout, "# Page\n\n[a](other.md#nowhere) [b](gone.md)\n")
    assert list(doc_links.problems(checkout)) == [
        "docs/page.md: other.md#nowhere leads to no heading",
        "docs/page.md: gone.md leads to no file",
    ]


def test_a_message_is_one_that_the_product_says(checkout: Path) -> None:
    table = (
        "| message | why |\n| --- | --- |\n| `{}` | it is |\n\n| symptom | see |\n| --- | --- |\n| `not one` | x |\n"
    )
    page(checkout, table.format("The node is away, and"), "troubleshooting.md")
    assert list(troubleshooting.problems(checkout)) == []
    page(checkout, table.format("The node has gone"), "troubleshooting.md")
    assert len(list(troubleshooting.problems(checkout))) == 1


@pytest.mark.parametrize(
    ("comment", "tag", "said"),
    [
        ("", "text", ""),
        ("", "", "say above it what runs it"),
        ("", "sh", "say above it what runs it"),
        ("<!-- run by x.sh -->\n", "text", "nothing runs a block tagged text"),
        (f"<!-- run by {doc_runs.HERE} -->\n", "sh", ""),
        ("<!-- run by gone.sh -->\n", "sh", "there is no gone.sh"),
        ("<!-- run by x.sh -->\n", "sh", ""),
        ("<!-- run by tests -->\n", "sh", ""),
        ("<!-- run by y.sh -->\n", "sh", "y.sh does not run 'aen_node' of it"),
        ("<!-- run by x.sh -->\n", "yaml", "x.sh takes no blocks from pages"),
    ],
)
def test_a_block_is_run_by_somebody_or_is_output(checkout: Path, comment: str, tag: str, said: str) -> None:
    here = checkout / doc_runs.HERE
    here.parent.mkdir(parents=True)
    here.write_text("play('drain', aen_node='n')\n", encoding="utf-8")
    (checkout / "x.sh").write_text("ansible-playbook playbooks/drain.yml -e aen_node=$1\n", encoding="utf-8")
    (checkout / "y.sh").write_text("ansible-playbook playbooks/drain.yml -e aen_nodes=$1\n", encoding="utf-8")
    page(checkout, f"# Page\n\n{comment}```{tag}\nansible-playbook wakari.aen.drain -e aen_node=n1\n```\n")
    found = list(doc_runs.problems(checkout))
    assert len(found) == bool(said), found
    assert said in "".join(found)


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("ansible-playbook playbooks/drift.yml -i inventory -e aen_drift_report=/x", ["drift", "aen_drift_report"]),
        ("make bundle BUNDLE='--suite trixie'", ["make bundle"]),
        ("python3 -m tools.hosts up a=11 --memory 2G", ["tools.hosts", "up", "--memory"]),
        ("sudo P/bin/wk-apps list --json < file", ["wk-apps", "--json"]),
    ],
)
def test_what_of_a_command_its_runner_must_say(command: str, needed: list[str]) -> None:
    (words,) = next(documents.blocks(f"```sh\n{command} # why\n```\n")).commands()
    assert list(doc_runs.essence(words)) == needed


def test_a_block_says_its_file_and_what_it_ends_with() -> None:
    first = "<!-- run by a.py, status 1 -->\n```console\n$ wk-apps a \\\n  b\nsaid\n$ wk-apps c\n```\n"
    console, yaml = documents.blocks(first + "\n```yaml\n# x.yml\na: 1\n```\n")
    assert (console.runner, console.status, console.line) == ("a.py", 1, 1)
    assert list(console.commands()) == [["wk-apps", "a", "b"], ["wk-apps", "c"]]
    assert (console.file, yaml.file) == ("", "x.yml")
