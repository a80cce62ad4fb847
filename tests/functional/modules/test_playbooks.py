# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's playbooks on a running platform, by their names in the collection."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functional.modules.playbook import Ansible, total
from tests.functional.platform import Site


@pytest.fixture
def people(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A file of variables with people of its own."""
    tag = secrets.token_hex(3)
    wanted: dict[str, Any] = {
        "aen_users": [
            {"name": f"{name}{tag}", "full_name": "It's: {{ nobody }}", "initial_password": secrets.token_urlsafe(12)}
            for name in ("mona", "nils")
        ],
        "aen_groups": [{"name": f"physics{tag}", "members": [f"mona{tag}", f"nils{tag}"]}],
        "aen_projects": [
            {
                "owner": f"mona{tag}",
                "name": "ice",
                "members": [{"user": f"nils{tag}", "role": "viewer"}],
                "groups": [{"group": f"physics{tag}"}],
            }
        ],
    }
    file = tmp_path / "people.yml"
    file.write_text(yaml.safe_dump(wanted).replace("'It''s: {{ nobody }}'", '!unsafe "It\'s: {{ nobody }}"'))
    return file, wanted


@pytest.mark.alone  # puts the whole site back as it was exported, what another test changes meanwhile too
def test_people_groups_and_projects_from_variables_and_back(
    ansible: Ansible, site: Site, people: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    file, wanted = people
    foretold, output = ansible.collection("manage_projects", "-e", f"@{file}", "--check", "--diff", token=False)
    assert (foretold, total(output, "changed")) == (0, 3), output["stats"]
    for changed in (3, 0):
        status, output = ansible.collection("manage_projects", "-e", f"@{file}", token=False)
        assert (status, total(output, "changed")) == (0, changed), output["stats"]
    project = wanted["aen_projects"][0]
    shown = site.admin().call("GET", f"/projects/{project['owner']}/ice")
    assert (shown["members"], shown["groups"][0]["role"]) == (project["members"], "member")
    for password in (person["initial_password"] for person in wanted["aen_users"]):
        assert password not in json.dumps(output)

    exported = tmp_path / "exported.yml"
    status, _ = ansible.collection("export", "-e", f"aen_export_file={exported}")
    assert status == 0
    assert any(
        person["name"] == project["owner"]
        for person in yaml.load(exported.read_text(), Loader=Marked)["aen_users"]  # noqa: S506 - a SafeLoader
    )
    status, output = ansible.collection("manage_projects", "-e", f"@{exported}")
    assert (status, total(output, "changed")) == (0, 0), output["stats"]


class Marked(yaml.SafeLoader):
    """Reads what Ansible marks as no template."""


Marked.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.mark.alone
def test_verify_says_that_all_is_well_and_what_is_not(ansible: Ansible, site: Site) -> None:
    status, output = ansible.collection("verify", token=False)
    assert (status, total(output, "changed")) == (0, 0), said(output)
    site.supervise(ansible.node, "compute", "stop", "wk-compute")
    try:
        status, output = ansible.collection("verify", token=False)
    finally:
        site.supervise(ansible.node, "compute", "start", "wk-compute")
    assert status == 2
    assert "Of the compute these programs do not run: wk-compute." in said(output)


def test_a_node_is_drained_and_removed(ansible: Ansible, site: Site) -> None:
    admin = site.admin()
    center = admin.call("GET", "/data-centers")["items"][0]["id"]
    name = f"n{secrets.token_hex(4)}"
    admin.call("POST", "/nodes", {"name": name, "data_center": center, "url": f"http://{name}.test:5002"})
    for changed in (1, 0):
        status, output = ansible.collection("drain", "-e", f"aen_node={name}")
        assert (status, total(output, "changed")) == (0, changed), said(output)
    assert admin.call("GET", f"/nodes/{name}")["drained"] is True
    for changed in (1, 0):
        status, output = ansible.collection("remove_node", "-e", f"aen_node={name}")
        assert (status, total(output, "changed")) == (0, changed), said(output)
    status, output = ansible.collection("drain", "-e", f"aen_node={name}")
    assert status == 2
    assert "Check its name" in said(output)
    status, output = ansible.collection("drain")
    assert (status, "-e aen_node=compute7" in said(output)) == (2, True)


def test_a_node_with_projects_is_not_removed(ansible: Ansible, site: Site) -> None:
    owner = site.new_account("own")
    node = next(item for item in site.admin().call("GET", "/nodes")["items"] if item["name"] == ansible.node)
    owner.call("POST", "/projects", {"name": "demo", "data_center": node["data_center"], "nodes": [ansible.node]})
    status, output = ansible.collection("remove_node", "-e", f"aen_node={ansible.node}")
    assert status == 2
    assert "Delete them first" in said(output)
    assert total(output, "changed") == 0


def said(output: dict[str, Any]) -> str:
    """All messages of a run."""
    results = [result for play in output["plays"] for task in play["tasks"] for result in task["hosts"].values()]
    return "\n".join(str(result.get("msg", "")) for result in results)
