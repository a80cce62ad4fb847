# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium before a site on loopback whose projects have origins of their own, with JupyterLab at one of them.

Real are the server over its mongod, both programs of the gateway, the node's data plane and JupyterLab. In the place of
`wk-compute`, which needs systemd, something says that each app runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, sync_playwright

from tests.authority import Authority, Certificate
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.integration.browser.launcher import launcher
from tests.integration.compute import jupyter_app
from tests.integration.compute import node as nodes
from tests.integration.compute.jupyter_app import PERSON
from tests.integration.environments.conftest import Root, channel, place, root
from tests.integration.gateway.proxy import Proxy, make_prefix
from tests.integration.gateway.site import Server, configure, server, start_control
from tests.mongod import Mongod
from tests.serverkit import PASSWORD, Kit
from wakari.environments.clone import Owner, clone
from wakari.server.services import EXTENSION

__all__ = ["channel", "place", "root"]

DOMAIN = "apps.example.net"
MEMBER = "grace"
LAB, OTHER = nodes.INSTANCE, "00000000000000000010"  # JupyterLab, and an app that tells what it was asked
PROJECTS = {"p1": LAB, "other": OTHER, "no_origin": OTHER}  # of alice; the name of the last fits no DNS label


@dataclass(frozen=True)
class Stand:
    """Where everything is. MEMBER of all PROJECTS signs in with PASSWORD."""

    server: Server
    proxy: Proxy
    project: Path
    certificate: Certificate

    @property
    def gateway(self) -> str:
        return f"https://127.0.0.1:{self.proxy.port}"

    def origin(self, project: str) -> str:
        return f"https://{project}--alice.{DOMAIN}:{self.proxy.port}"


@pytest.fixture(scope="module")
def project(root: Root, place: Path) -> Path:
    """Return a project's folder, with a notebook in it."""
    path = place / "projects/alice/p1"
    path.mkdir(parents=True)
    os.chown(path, PERSON.pw_uid, PERSON.pw_gid)
    clone(root.prefix, path / "envs/default", owner=Owner(PERSON.pw_uid, PERSON.pw_gid))
    cell = {"cell_type": "code", "id": "a", "source": "print(6 * 7)", "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {
        "cells": [cell | {"execution_count": None}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file = path / "answer.ipynb"
    file.write_text(json.dumps(content), encoding="utf-8")
    os.chown(file, PERSON.pw_uid, PERSON.pw_gid)
    return path


@pytest.fixture(scope="module")
def stand(mongod: Mongod, root: Root, project: Path) -> Iterator[Stand]:
    folder = Path(tempfile.mkdtemp(prefix="wakari-origins-", dir="/var/tmp"))
    folder.chmod(0o755)  # NGINX and the app are other accounts
    certificate = Authority(folder).issue("gateway", "127.0.0.1", f"*.{DOMAIN}")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        running = stack.enter_context(server(mongod, "own-origins"))
        kit = Kit(running.app, running.app.extensions[EXTENSION])
        proxy, client, data_center = gateway(running, kit, certificate)
        stack.callback(proxy.close)
        compute = stack.enter_context(nodes.running(client=client))
        url = f"http://127.0.0.1:{compute.port}"
        file = proxy.prefix / "etc/wakari/nodes.d/compute1.json"
        file.write_text(json.dumps({"name": nodes.NODE, "url": url, "key": compute.key}), encoding="utf-8")
        kit.services.sites.add_node(nodes.NODE, data_center, url, "", actor="test")
        people(kit)
        stack.enter_context(launcher(compute, PROJECTS))
        app = stack.enter_context(jupyter_app.running("lab", folder, root.prefix, project, called=MEMBER))
        os.chown(app.socket, PERSON.pw_uid, nodes.SERVICE)  # as the helper leaves it
        (compute.apps / LAB).symlink_to(app.socket.parent)
        stack.enter_context(nodes.app(compute.apps / OTHER / "app.sock"))
        control = start_control(proxy.prefix)
        stack.callback(control.wait, 30)
        stack.callback(control.terminate)
        yield Stand(running, proxy, project, certificate)


def gateway(running: Server, kit: Kit, certificate: Certificate) -> tuple[Proxy, str, str]:
    """Register a gateway that speaks TLS; return its data plane, its client id and its data center."""
    kit.user("wakari", "superuser")
    prefix = make_prefix()
    variables = {
        "__aen_gateway_certificate": certificate.certificate,
        "__aen_gateway_certificate_key": certificate.key,
        "__aen_gateway_node_authorities": certificate.authority,
    }
    proxy = Proxy(prefix, aen_gateway_project_domain=DOMAIN, __aen_gateway_tls=True, **variables)
    password = ("--password-file", "-", "--protocol", "https")
    done = configure(prefix, running.url, proxy.port, *password, stdin=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (prefix / "etc/wakari/config.json").write_text(json.dumps({"project_domain": DOMAIN}), encoding="utf-8")
    return proxy, told["client_id"], told["data_center"]


def people(kit: Kit) -> None:
    """Let alice be there, whose projects run, and a member of them."""
    alice = kit.user("alice")
    kit.user(MEMBER)
    for name in PROJECTS:
        made = kit.project(alice, name)
        kit.services.team.put(kit.caller(alice), made, MEMBER, "member")
        kit.services.store.projects.update(made.id, {"state": "running"})


@contextmanager
def chromium(stand: Stand) -> Iterator[BrowserContext]:
    """Run a browser that finds every origin of the site here, and trusts the gateway's key and no other."""
    made = x509.load_pem_x509_certificate(stand.certificate.certificate.read_bytes())
    key = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    arguments = [
        f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1",
        f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(key).digest()).decode()}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *arguments])
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(120_000)
        yield context
        browser.close()


@pytest.fixture(scope="module")
def context(stand: Stand) -> Iterator[BrowserContext]:
    """Return the browser of MEMBER, signed in at the server."""
    with chromium(stand) as context:
        page = context.new_page()
        page.goto(stand.server.url)
        page.get_by_label("User name").fill(MEMBER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{stand.server.url}/**")
        page.close()
        yield context
