# SPDX-License-Identifier: GPL-3.0-or-later
"""The loops of one worker process: claim and run, renew leases, look after health, end cleanly."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from wakari.fleet.runner import FleetRunner
from wakari.mail import Postman
from wakari.projects import Sites
from wakari.store import Store, StoreUnavailable
from wakari.worker.health import HealthCheck
from wakari.worker.jobs import Jobs
from wakari.worker.runner import LEASE, Runner

log = logging.getLogger(__name__)
IDLE_PAUSE = 0.5  # seconds between two looks into an empty queue
FLEET_PAUSE = 2.0  # seconds between two looks for a job over all machines
MAIL_PAUSE = 2.0  # seconds between two looks into an empty outbox
AWAY_PAUSE = 3.0  # seconds to wait while MongoDB is away
BEAT = LEASE / 3  # seconds between two signs of life, with which leases are renewed
GRACE = 10.0  # seconds tasks may still take after SIGTERM before they are given back


class Worker:
    """One worker with `threads` tasks at once."""

    def __init__(
        self,
        store: Store,
        sites: Sites,
        *,
        threads: int,
        health_interval: float,
        fleet: FleetRunner | None = None,
        postman: Postman | None = None,
    ) -> None:
        self.store = store
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.jobs = Jobs(store, sites)
        self.runner = Runner(store, self.jobs, self.name)
        self.health = HealthCheck(store, self.jobs, health_interval)
        self.fleet = fleet
        self.postman = postman
        self.stop = threading.Event()
        self._ended = threading.Event()
        self._threads = threads

    def run(self) -> None:
        """Work until `stop` is set; then wait for what is at work and give back what does not end in time."""
        log.info("worker begins", extra={"worker": self.name, "threads": self._threads})
        renewing = threading.Thread(target=self._renew, name="leases", daemon=True)
        watching = threading.Thread(target=self._watch, name="health", daemon=True)
        posting = threading.Thread(target=self._post, name="mail", daemon=True)
        workers = [
            threading.Thread(target=self._work, name=f"task-{number}", daemon=True) for number in range(self._threads)
        ]
        if self.fleet is not None:
            workers.append(threading.Thread(target=self._fleet, args=(self.fleet,), name="fleet", daemon=True))
        for thread in (renewing, watching, posting, *workers):
            thread.start()
        self.stop.wait()
        log.info("worker ends", extra={"worker": self.name, "at_work": len(self.runner.claimed)})
        if self.fleet is not None:
            self.fleet.stopping.set()
        deadline = time.monotonic() + GRACE
        for thread in workers:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._ended.set()
        renewing.join(GRACE)  # a beat after the farewell would make this worker live again
        self.runner.release()
        self._leave()

    def _leave(self) -> None:
        try:
            self.store.workers.leave(self.name)
        except StoreUnavailable as error:
            log.warning("this worker is not signed off", extra={"reason": str(error)})

    def _work(self) -> None:
        while not self.stop.is_set():
            try:
                task = self.store.tasks.claim(self.name, LEASE)
                if task is None:
                    self.stop.wait(IDLE_PAUSE)
                else:
                    self.runner.run(task)
            except StoreUnavailable as error:
                self._away(error)
            except Exception:
                log.exception("unexpected error in the worker")
                self.stop.wait(AWAY_PAUSE)

    def _fleet(self, fleet: FleetRunner) -> None:
        while not self.stop.is_set():
            try:
                if not fleet.turn():
                    self.stop.wait(FLEET_PAUSE)
            except StoreUnavailable as error:
                self._away(error)
            except Exception:
                log.exception("unexpected error while a fleet job was run")
                self.stop.wait(AWAY_PAUSE)

    def _renew(self) -> None:
        # Goes on while the process waits for its last tasks.
        while not self._ended.is_set():
            try:
                self.store.workers.beat(self.name, threads=self._threads, at_work=len(self.runner.claimed))
                self.runner.renew()
            except StoreUnavailable as error:
                log.warning("leases cannot be renewed", extra={"reason": str(error)})
            except Exception:
                log.exception("unexpected error while leases were renewed")
            self._ended.wait(BEAT)

    def _watch(self) -> None:
        with ThreadPoolExecutor(4, "health") as pool:
            while not self.stop.wait(1.0):
                try:
                    list(pool.map(self.health.check, self.health.due()))
                except StoreUnavailable as error:
                    self._away(error)
                except Exception:
                    log.exception("unexpected error while health was looked after")

    def _post(self) -> None:
        while self.postman is not None and not self.stop.is_set():
            try:
                if not self.postman.deliver():
                    self.stop.wait(MAIL_PAUSE)
            except StoreUnavailable as error:
                self._away(error)
            except Exception:
                log.exception("unexpected error while mail was sent")
                self.stop.wait(AWAY_PAUSE)

    def _away(self, error: Exception) -> None:
        log.warning("waiting for MongoDB", extra={"reason": str(error)})
        self.stop.wait(AWAY_PAUSE)
