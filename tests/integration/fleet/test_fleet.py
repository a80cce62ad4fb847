# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs over all machines, by the real ansible-runner and Ansible, on hosts that are this machine under other names."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gatewaystand import wait_for
from tests.serverkit import Api, Kit
from wakari.fleet import Fleet
from wakari.fleet.runner import FleetRunner
from wakari.server.services import EXTENSION
from wakari.store import Store
from wakari.store.base import now
from wakari.store.fleet import FleetJob
from wakari.worker.worker import Worker

SECRET = "the-secret-of-the-site"
ANSIBLE = Path(sys.executable).parent / "ansible-playbook"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What an administrator lays down: inventory, settings, and a collection with two playbooks of the right names."""
    made = tmp_path / "fleet"
    for part in ("env", "project", "collections/ansible_collections/wakari/aen/playbooks"):
        (made / part).mkdir(parents=True)
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"e1": local | {"target": str(tmp_path / "e1")}, "e2": local | {"target": str(tmp_path / "e2")}}
    (made / "inventory").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(made / "collections"), "ANSIBLE_HOME": str(tmp_path / "home")}
    (made / "env/envvars").write_text(json.dumps(environment))
    playbooks = made / "collections/ansible_collections/wakari/aen/playbooks"
    tasks: list[dict[str, Any]] = [
        {"name": "secret | Write a secret", "copy": {"dest": "{{ target }}.key", "content": SECRET}, "no_log": True},
        {"name": "files | Write", "copy": {"dest": "{{ target }}", "content": f"{SECRET} too"}},
        {"name": "files | Look", "stat": {"path": "{{ target }}"}},
    ]
    play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    (playbooks / "site.yml").write_text(yaml.safe_dump([play]))
    fail = {
        "name": "inventory | Judge",
        "fail": {"msg": "e1 has no data center."},
        "when": "inventory_hostname == 'e1'",
    }
    (playbooks / "validate.yml").write_text(yaml.safe_dump([{**play, "tasks": [fail]}]))
    return made


@pytest.fixture
def fleet(kit: Kit, folder: Path) -> Fleet:
    made = Fleet(kit.services.store, folder)
    kit.app.extensions[EXTENSION] = replace(kit.services, fleet=made)
    return made


@pytest.fixture
def root(kit: Kit, fleet: Fleet) -> Api:
    assert fleet
    kit.place("east", "e1", "e2")
    return kit.api(kit.user("wakari", "superuser"))


@pytest.fixture
def runner(store: Store, folder: Path, tmp_path: Path) -> FleetRunner:
    return FleetRunner(store, folder, tmp_path / "artifacts", ANSIBLE, "worker-1")


def ended(store: Store, job: str) -> FleetJob:
    found = store.fleet_jobs.get(job)
    assert found is not None
    return found


def run(root: Api, runner: FleetRunner, **body: str) -> FleetJob:
    answer = root.post("/fleet-jobs", body)
    assert answer.status_code == 202, answer.text
    assert runner.turn()
    return ended(runner.store, answer.json["id"])


def test_a_drift_report_tells_what_would_change_and_changes_nothing(
    root: Api, runner: FleetRunner, store: Store, tmp_path: Path
) -> None:
    job = run(root, runner, kind="drift")
    assert (job.state, job.reason) == ("done", "")
    assert job.counts == {"changed": 4, "ok": 2}
    assert not (tmp_path / "e1").exists()
    events = root.get(f"/fleet-jobs/{job.id}/events").json["items"]
    assert {(one["host"], one["task"], one["status"]) for one in events} == {
        (host, task, "changed") for host in ("e1", "e2") for task in ("files | Write", "")
    }
    assert {one["message"] for one in events if not one["task"]} == {
        "1 result of tasks that tell nothing of themselves (no_log)."
    }
    paths = {one["message"] for one in events if one["task"] == "files | Write"}
    assert paths == {str(tmp_path / "e1"), str(tmp_path / "e2")}
    assert {event.event for event in store.audit.latest(4)} >= {"fleet.ask", "fleet.done"}


def test_nothing_of_what_ansible_handled_is_kept(root: Api, runner: FleetRunner, kit: Kit, tmp_path: Path) -> None:
    first, second = run(root, runner, kind="drift"), run(root, runner, kind="converge", node="e1")
    assert (tmp_path / "e1.key").read_text() == SECRET
    browser = kit.browser(kit.services.accounts.get("wakari"))
    database = kit.services.store.database
    told = [str(list(database[name].find())) for name in database.list_collection_names()]
    for job in (first, second):
        told += [root.get(f"/fleet-jobs/{job.id}/events").text, browser.get(f"/admin/fleet/{job.id}").text]
        assert "files | Write" in told[-1]
    told += [path.read_text(errors="replace") for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert not [text for text in told if SECRET in text]


def test_one_node_is_brought_in_line_and_no_other_touched(root: Api, runner: FleetRunner, tmp_path: Path) -> None:
    job = run(root, runner, kind="converge", node="e2")
    assert (job.state, job.counts) == ("done", {"changed": 2, "ok": 1})
    assert (tmp_path / "e2").exists()
    assert not (tmp_path / "e1").exists()
    again = run(root, runner, kind="converge", node="e2")
    assert again.counts == {"ok": 3}
    assert again.events == 0


def test_a_failure_is_told_with_its_host_and_reason(root: Api, runner: FleetRunner) -> None:
    job = run(root, runner, kind="validate")
    assert job.state == "failed"
    (event,) = root.get(f"/fleet-jobs/{job.id}/events").json["items"]
    assert (event["host"], event["status"], event["message"]) == ("e1", "failed", "e1 has no data center.")


def test_what_cannot_begin_says_why(root: Api, runner: FleetRunner, folder: Path) -> None:
    (folder / "collections").rename(folder / "gone")
    job = run(root, runner, kind="validate")
    assert job.state == "failed"
    assert "before it did anything" in job.reason
    assert any(
        "wakari.aen.validate" in one["message"] for one in root.get(f"/fleet-jobs/{job.id}/events").json["items"]
    )
    (folder / "env/ssh_key").write_text("key")
    (folder / "env/ssh_key").chmod(0o644)
    assert "can be read by others" in run(root, runner, kind="validate").reason
    (folder / "env/ssh_key").unlink()
    (folder / "inventory").unlink()
    assert "holds no inventory" in run(root, runner, kind="validate").reason


def test_there_is_one_job_at_a_time_and_no_other_than_those_of_the_list(kit: Kit, root: Api) -> None:
    assert root.post("/fleet-jobs", {"kind": "converge"}).json["error"]["code"] == "node_missing"
    assert root.post("/fleet-jobs", {"kind": "converge", "node": "e9"}).status_code == 404
    for pattern in ("all:!e1", "~e.*", "e1,e2", "*", "@file", "e1 --become", "../x"):
        answer = root.post("/fleet-jobs", {"kind": "converge", "node": pattern})
        assert answer.status_code in {404, 422}, pattern
    assert root.post("/fleet-jobs", {"kind": "drift", "node": "e1"}).json["error"]["code"] == "node_needless"
    assert root.post("/fleet-jobs", {"kind": "shell"}).status_code == 422
    assert root.post("/fleet-jobs", {"kind": "drift", "extra_vars": "x=1"}).status_code == 422
    job = root.post("/fleet-jobs", {"kind": "drift"}).json
    assert root.post("/fleet-jobs", {"kind": "validate"}).json["error"]["code"] == "fleet_busy"
    assert root.post(f"/fleet-jobs/{job['id']}/cancel").json["state"] == "cancelled"
    assert root.post(f"/fleet-jobs/{job['id']}/cancel").json["error"]["code"] == "fleet_job_ended"
    assert root.post("/fleet-jobs", {"kind": "validate"}).status_code == 202
    for other in (kit.api(kit.user("helga", "staff")), kit.api(kit.user("alice"))):
        assert other.get("/fleet-jobs").status_code == 403
        assert other.post("/fleet-jobs", {"kind": "validate"}).status_code == 403


def slow(folder: Path, seconds: int) -> None:
    tasks = [{"name": "wait | Long", "command": f"sleep {seconds}"}, {"name": "wait | After", "command": "true"}]
    play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    path = folder / "collections/ansible_collections/wakari/aen/playbooks/site.yml"
    path.write_text(yaml.safe_dump([play]))


@pytest.fixture
def worker(kit: Kit, runner: FleetRunner) -> Iterator[Worker]:
    services = kit.services
    made = Worker(services.store, services.sites, threads=1, health_interval=1000, fleet=runner)
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_running_job_is_watched_and_cancelled_on_its_page(
    kit: Kit, root: Api, folder: Path, store: Store, worker: Worker
) -> None:
    assert root
    assert worker
    slow(folder, 300)
    browser = kit.browser(kit.services.accounts.get("wakari"))
    job = browser.submit("/admin/fleet", {"kind": "converge", "node": "e1"}, "/admin/fleet").location.rpartition("/")[2]
    wait_for(lambda: ended(store, job).current == "wait | Long", 90)
    live = browser.get(f"/admin/fleet/{job}/live").text
    assert "wait | Long" in live
    assert 'hx-trigger="every 2s"' in live
    browser.submit(f"/admin/fleet/{job}/cancel", {}, f"/admin/fleet/{job}")
    wait_for(lambda: ended(store, job).finished_at is not None, 90)
    assert (ended(store, job).state, ended(store, job).reason) == ("cancelled", "Cancelled by wakari.")
    assert "hx-trigger" not in browser.get(f"/admin/fleet/{job}/live").text


def test_a_job_ends_with_its_worker_and_is_not_begun_again(
    root: Api, folder: Path, store: Store, runner: FleetRunner
) -> None:
    slow(folder, 300)
    job = root.post("/fleet-jobs", {"kind": "converge", "node": "e1"}).json["id"]
    thread = threading.Thread(target=runner.turn)
    thread.start()
    wait_for(lambda: ended(store, job).current == "wait | Long", 90)
    runner.stopping.set()
    thread.join(60)
    assert (ended(store, job).state, ended(store, job).reason) == ("failed", "Its worker was stopped.")
    # One that was killed says nothing: whoever comes next buries its job.
    killed = store.fleet_jobs.add("validate", None, "wakari")
    assert store.fleet_jobs.claim("killed", 30)
    assert store.fleet_jobs.bury("Its worker ended in the middle.") is None
    store.database.fleet_jobs.update_one({"_id": killed.id}, {"$set": {"lease.until": now()}})
    assert not runner.turn(), "nothing waits"
    assert ended(store, killed.id).state == "failed"
    assert not store.fleet_jobs.finish(killed.id, "killed", "done", "", {}), "a former worker has no word"


def test_it_is_off_until_an_administrator_sets_it_up(kit: Kit) -> None:
    assert kit.services.fleet.folder is None
    root = kit.api(kit.user("wakari", "superuser"))
    assert root.post("/fleet-jobs", {"kind": "drift"}).json["error"]["code"] == "fleet_off"
    assert (
        "This site runs no jobs from here" in kit.browser(kit.services.accounts.get("wakari")).get("/admin/fleet").text
    )
