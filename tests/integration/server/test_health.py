# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of each dependency and the figures for Prometheus, over a real MongoDB and a worker that runs and ends."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.gatewaystand import wait_for
from tests.serverkit import Api, Kit
from wakari.store.base import now
from wakari.worker.worker import Worker

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}  # as NGINX tells of somebody on another machine


def status(api: Api) -> dict[str, Any]:
    answer = api.client.get("/_wakari/v1/status")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json or {}
    return found


def figures(api: Api) -> dict[tuple[str, str], float]:
    answer = api.client.get("/_wakari/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_worker_is_seen_while_it_lives(kit: Kit, api: Api) -> None:
    assert status(api)["dependencies"]["worker"]["status"] == "down"
    worker = Worker(kit.services.store, kit.services.sites, threads=3, health_interval=1000)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait_for(lambda: status(api)["status"] == "ok")
        assert figures(api)["wakari_worker_threads", ""] == 3
    finally:
        worker.stop.set()
        thread.join(20)
    assert status(api)["dependencies"]["worker"]["status"] == "down", "it signed off"


def test_a_worker_that_was_killed_is_missed(kit: Kit, api: Api) -> None:
    store = kit.services.store
    store.workers.beat("w", threads=1, at_work=0)
    assert status(api)["status"] == "ok"
    store.database.workers.update_one({}, {"$set": {"at": now() - timedelta(seconds=60)}})
    assert status(api)["dependencies"]["worker"]["status"] == "down"
    assert figures(api)["wakari_workers", ""] == 0


def test_a_gateway_counts_by_its_last_answer(kit: Kit, api: Api) -> None:
    place, _ = kit.place("east", "e1")
    centers = kit.services.store.data_centers
    assert status(api)["dependencies"]["gateway:east"]["status"] == "unknown"
    centers.set_health(place.id, "ok", [])
    assert status(api)["dependencies"]["gateway:east"]["status"] == "ok"
    assert figures(api)["wakari_dependency_up", "gateway:east"] == 1
    centers.set_health(place.id, "down", ["It cannot be reached."])
    told = status(api)["dependencies"]["gateway:east"]
    assert (told["status"], told["message"]) == ("down", "It cannot be reached.")
    centers.set_health(place.id, "ok", [])
    kit.services.store.database.data_centers.update_one({}, {"$set": {"health.checked_at": now() - timedelta(hours=1)}})
    assert status(api)["dependencies"]["gateway:east"]["status"] == "unknown", "nobody asks any more"
    assert figures(api)["wakari_gateway_seen_seconds", "east"] >= 3600


def test_figures_follow_the_database(kit: Kit, api: Api) -> None:
    alice = kit.user("alice")
    kit.place("east", "e1")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    kit.services.store.database.tasks.update_one({}, {"$set": {"run_after": now() - timedelta(seconds=90)}})
    found = figures(api)
    assert found["wakari_tasks", "queued"] == 1
    assert found["wakari_tasks", "failed"] == 0
    assert 90 <= found["wakari_task_oldest_due_seconds", ""] < 600
    assert found["wakari_projects", "starting"] == 1
    assert found["wakari_users", ""] == 1
    assert found["wakari_node_reporting", "e1"] == 0
    assert found["wakari_security_log_entries", ""] >= 3
    assert found["wakari_mongodb_ping_seconds", ""] > 0


def test_requests_are_counted_by_area_method_and_status(kit: Kit, api: Api) -> None:
    staff = kit.api(kit.user("sue", "staff"))
    for _ in range(3):
        assert staff.get("/users").status_code == 200
    assert api.get("/users").status_code == 401
    assert api.client.get("/login").status_code == 200
    assert api.client.get("/no/such/page/at/all").status_code == 404
    own = {"Sec-Fetch-Site": "same-origin"}
    assert api.client.open("/login", method="BREW", headers=own).status_code == 405
    found = figures(api)
    assert found["wakari_http_requests_total", "api,GET,2xx"] == 3
    assert found["wakari_http_requests_total", "api,GET,4xx"] == 1
    assert found["wakari_http_requests_total", "pages,GET,2xx"] == 1
    assert found["wakari_http_requests_total", "other,GET,4xx"] == 1
    assert found["wakari_http_requests_total", "other,other,4xx"] == 1
    assert found["wakari_http_request_seconds_count", "api"] == 4
    assert found["wakari_http_request_seconds_bucket", "api,+Inf"] == 4
    assert 0 < found["wakari_http_request_seconds_sum", "api"] < 60


def test_others_need_a_token_of_staff(kit: Kit, api: Api) -> None:
    staff, plain = kit.token(kit.user("sue", "staff")), kit.token(kit.user("bob"))
    for path in ("/_wakari/metrics", "/_wakari/v1/status"):

        def get(path: str = path, **headers: str) -> int:
            return api.client.get(path, headers={**ELSEWHERE, **headers}).status_code

        assert get() == 401
        assert get(Authorization=f"Bearer {plain}") == 403
        assert get(Authorization=f"Bearer {staff}") == 200
    assert api.client.get("/_wakari/health", headers=ELSEWHERE).status_code == 200
