# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway asks of the server and of its nodes."""

from __future__ import annotations

import logging
import threading
from urllib.parse import quote, urlencode

import requests

from wakari.core import logs, tokens
from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import CONNECT_TIMEOUT, Client, new_session
from wakari.core.messages import Level
from wakari.gateway.messages import (
    Changes,
    ChangesRequest,
    Credential,
    Decision,
    Instance,
    OpenRequest,
    OwnDataCenter,
    Starting,
    TokenAnswer,
    of_answer,
)
from wakari.gateway.nodes import Node, Nodes
from wakari.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

DECISION_TIMEOUT = 5.0  # seconds; the data plane goes on with what it knows after six
SERVER_ERROR = 500
LEVELS: tuple[Level, ...] = ("none", "read", "write", "admin")


class Calls:
    """Calls to server and nodes. Thread-safe: each thread has a client of its own."""

    def __init__(self, settings: GatewaySettings, nodes: Nodes) -> None:
        self.settings = settings
        self.nodes = nodes
        self._local = threading.local()

    @property
    def client(self) -> Client:
        """Return this thread's client for the server."""
        client = getattr(self._local, "client", None)
        if not isinstance(client, Client):
            client = self._local.client = Client()
        return client

    @property
    def node_client(self) -> Client:
        """Return this thread's client for nodes: it shows them the gateway's certificate, where there is one."""
        client = getattr(self._local, "node_client", None)
        if not isinstance(client, Client):
            client = self._local.node_client = Client(self.settings.identity_for_nodes())
        return client

    def decide(self, credential: Credential, owner: str, project: str) -> Decision:
        """Return what the server says this credential may do in the project.

        Raises:
            AppError: 401 where the credential is dead.
            UnavailableError: `server_away` where the server cannot be reached; `no_decision` where it answers but fails
                to decide, or refuses this gateway: that concerns this question and not yet everybody.
        """
        body = {"credential": credential.body(), "owner": owner, "project": project}
        server = self.settings.server()
        try:
            answer = self.client.call(server, "POST", "/api/internal/v1/decisions", body, DECISION_TIMEOUT)
        except AppError as error:
            if error.status == requests.codes.service_unavailable:
                log.warning("server away", extra={"code": error.code, "why": error.message})
                raise server_away() from error
            # A cookie's session ends with `session_ended`; `token_invalid` then speaks of our own signature.
            refused_us = error.code == "token_invalid" and credential.token is None
            if error.status >= SERVER_ERROR or error.status == requests.codes.too_many_requests or refused_us:
                log.warning("no decision", extra={"code": error.code, "why": error.message})
                raise no_decision() from error
            raise
        return of_answer(Decision, answer, "The server")

    def data_center(self) -> OwnDataCenter:
        """Return what the server says of this gateway. Raises AppError, UnavailableError."""
        answer = self.client.call(
            self.settings.server(), "GET", "/api/internal/v1/data-center", timeout=DECISION_TIMEOUT
        )
        return of_answer(OwnDataCenter, answer, "The server")

    def changes(self, asked: ChangesRequest) -> Changes:
        """Return what changed at the server after a position; may take `asked.wait` seconds.

        Raises:
            UnavailableError: the server cannot be reached, or does not tell this gateway.
        """
        query = {"wait": f"{asked.wait:g}"} | ({"after": asked.after} if asked.after else {})
        path = f"/api/internal/v1/changes?{urlencode(query)}"
        try:
            answer = self.client.call(self.settings.server(), "GET", path, timeout=asked.wait + DECISION_TIMEOUT)
        except AppError as error:
            log.warning("no changes from the server", extra={"code": error.code, "why": error.message})
            raise server_away() from error
        return of_answer(Changes, answer, "The server")

    def starting(self, credential: Credential, owner: str, project: str, start: str, address: str) -> Starting:
        """Return how far a project is that does not run. `start`: from which states it is started (no, stopped, any).

        Raises:
            AppError: the credential is dead, the project not to be seen, or the start refused.
            UnavailableError: the server cannot be reached.
        """
        body = {"credential": credential.body(), "owner": owner, "project": project, "start": start, "address": address}
        answer = self.client.call(self.settings.server(), "POST", "/api/internal/v1/starting", body, DECISION_TIMEOUT)
        return of_answer(Starting, answer, "The server")

    def exchange_code(self, code: str, verifier: str) -> TokenAnswer:
        """Return who signed in, for an authorization code (RFC 6749, section 4.1.3; RFC 7636; RFC 7523).

        Raises:
            AppError: `sign_in_refused` where the server does not accept the code.
            UnavailableError: the server cannot be reached.
        """
        server = self.settings.server()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.callback_url,
            "code_verifier": verifier,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": tokens.sign_request(server.key, server.issuer, server.audience),
        }
        try:
            with new_session() as session:
                answer = session.post(
                    f"{server.url}/oauth/token",
                    data=form,
                    headers={"X-Request-Id": logs.request_id()},
                    timeout=(CONNECT_TIMEOUT, DECISION_TIMEOUT),
                    allow_redirects=False,
                )
                content = answer.json()
        except (requests.RequestException, ValueError) as error:
            log.warning("no token from the server", extra={"why": type(error).__name__})
            raise server_away() from error
        if answer.status_code >= SERVER_ERROR:
            raise server_away()
        if answer.status_code != requests.codes.ok:
            log.warning("sign-in refused", extra={"status": answer.status_code, "why": str(content)[:300]})
            raise AppError(
                "sign_in_refused",
                "The server did not accept this sign-in.",
                hint="Try again. If it happens every time, register the gateway again (wk-gateway-configure).",
                status=403,
            )
        return of_answer(TokenAnswer, content, "The server")

    def sign_out(self, sid: str) -> None:
        """Tell the server that somebody signed out here: what it gave for that sign-in ends.

        Raises:
            AppError: the server refuses it.
            UnavailableError: the server cannot be reached.
        """
        path = f"/api/internal/v1/authorizations/{quote(sid, safe='')}"
        self.client.call(self.settings.server(), "DELETE", path, timeout=DECISION_TIMEOUT)

    def open(self, request: OpenRequest) -> tuple[Node, Instance, Decision]:
        """Return node and instance once the app answers; may take `open_timeout` seconds.

        Raises:
            AppError: the credential is dead, the level too low, the project not running, or the node's own reason.
            UnavailableError: the server, or every node of the project, cannot be reached.
        """
        decision = self.decide(request.credential, request.owner, request.project)
        visitor = request.credential.anonymous is True
        if (decision.user is None) is not visitor or decision.level == "none" or decision.project is None:
            raise AppError("project_not_found", "There is no such project, or you have no access to it.", status=404)
        if decision.state != "running":
            raise AppError(
                "project_not_running",
                "The project is not running.",
                hint="Start it on its page.",
                status=409,
                detail={"state": decision.state, "reason": decision.reason, "project_page": decision.project_page},
            )
        body = {
            "project": decision.project.sent(),
            "user": decision.user.sent() if decision.user else None,
            "level": decision.level,
            "app": request.app,
        }
        away: AppError | None = None
        for node in self._of(decision):
            try:
                answer = self.node_client.call(
                    node.peer(self.settings.identity),
                    "POST",
                    "/_wakari/v1/apps/open",
                    body,
                    self.settings.open_timeout + 5.0,
                )
            except UnavailableError as error:
                log.warning("node away", extra={"node": node.name, "why": error.message})
                away = error if error.code == "peer_untrusted" else node_away(node, error.message)
                continue
            except AppError as error:
                if error.status == requests.codes.unauthorized:  # us, not the person, who is not to sign in again
                    log.warning("refused by a node", extra={"node": node.name, "why": error.message})
                    error.status = requests.codes.bad_gateway
                # What an app wrote may quote what its readers must not see.
                if LEVELS.index(decision.level) < LEVELS.index("write"):
                    error.detail.pop("log", None)
                raise
            return node, of_answer(Instance, answer, f"The compute node {node.name}"), decision
        raise away or AppError(
            "node_unknown",
            f"This gateway knows no compute node of the project ({', '.join(decision.nodes) or 'none given'}).",
            hint="Tell an administrator: the node is missing in nodes.d on the gateway.",
            status=503,
        )

    def _of(self, decision: Decision) -> list[Node]:
        known = self.nodes.all()
        return [known[name] for name in decision.nodes if name in known]


def server_away() -> UnavailableError:
    """Return the error for "no decision could be had"."""
    return UnavailableError(
        "server_away",
        "The server cannot be reached, so nobody can enter right now.",
        hint="Who is inside already can go on. Try again in a moment.",
    )


def no_decision() -> UnavailableError:
    """Return the error for a server that is there, but did not decide."""
    return UnavailableError(
        "no_decision",
        "The server could not say whether you may enter.",
        hint="Try again in a moment; if it happens again, tell an administrator the request id.",
    )


def node_away(node: Node, why: str) -> AppError:
    """Return the error for a node that gave no answer."""
    return AppError(
        "node_away",
        f"The compute node {node.name} does not answer.",
        hint="Try again in a moment; files are safe.",
        status=502,
        detail={"node": node.name, "why": why},
    )
