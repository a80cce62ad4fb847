# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in by the server (OAuth 2.1 authorization code with PKCE) and sign-out of this gateway."""

from __future__ import annotations

import logging
import secrets
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, request

from wakari.core.errors import AppError
from wakari.gateway.calls import Calls
from wakari.gateway.entry import ENTER_PATH, ENTRY_COOKIE, HOST_COOKIE, LOGIN_PATH, Entry
from wakari.gateway.messages import PageRequest
from wakari.gateway.pages import MAX_NEXT, Pages
from wakari.gateway.sessions import LOGIN_SECONDS, Sessions, challenge
from wakari.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

SESSION_COOKIE = "wk_gateway"
LOGIN_COOKIE = "wk_gateway_login"
CALLBACK_PATH = "/_wakari/callback"
AGAIN = "Open the app again."
COOKIES = "Allow cookies for this address and try again."


def local_path(value: str | None) -> str:
    """Return a path of this gateway to return to after sign-in; `/` for anything that might lead elsewhere."""
    if not value or len(value) > MAX_NEXT or not value.isascii() or not value.isprintable():
        return "/"
    parts = urlsplit(value)
    if not value.startswith("/") or value.startswith("//") or "\\" in value or parts.scheme or parts.netloc:
        return "/"
    if parts.path.startswith("/_wakari"):
        return "/"
    return value


class SignIn:
    """The pages of sign-in and sign-out."""

    def __init__(self, settings: GatewaySettings, keys: list[str], calls: Calls, pages: Pages) -> None:
        self._settings = settings
        self._calls = calls
        self._pages = pages
        self._sessions = Sessions(settings, keys)
        self._entry = Entry(settings, self._sessions)
        self._secure = settings.EXTERNAL_GATEWAY_URL.startswith("https:")

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("sign_in", __name__)
        routes.add_url_rule("/", "home", self.home, methods=["GET"])
        routes.add_url_rule(LOGIN_PATH, "login", self.login, methods=["GET"])
        routes.add_url_rule(ENTER_PATH, "enter", self.enter, methods=["GET"])
        routes.add_url_rule(CALLBACK_PATH, "callback", self.callback, methods=["GET"])
        routes.add_url_rule("/_wakari/logout", "logout", self.logout, methods=["POST"])
        return routes

    def home(self) -> Response:
        """Send a person who has no app's address to the server."""
        return _to(self._settings.WAKARI_SERVER + "/")

    def login(self) -> Response:
        """Send the browser to the server, which sends it back to `callback`."""
        own = self._settings.EXTERNAL_GATEWAY_URL
        next_path = local_path(request.args.get("next"))
        label = self._entry.label()
        if label is not None:
            address, secret = self._entry.begin(label, next_path)
            response = _to(address)
            self._set_cookie(response, ENTRY_COOKIE, secret, "/", LOGIN_SECONDS)
            return response
        entry = request.args.get("entry", "")
        if entry and not self._entry.is_note(entry):
            return self._failed("This sign-in took too long, or was not begun here.", AGAIN, "/", 400)
        if request.host != urlsplit(own).netloc:
            # The cookies must belong to the address the server returns to.
            return _to(f"{own}{LOGIN_PATH}?{urlencode({'entry': entry} if entry else {'next': next_path})}")
        binding = secrets.token_urlsafe(32)
        state, verifier = self._sessions.new_state(next_path, binding, entry)
        query = {
            "response_type": "code",
            "client_id": self._settings.CLIENT_ID,
            "redirect_uri": self._settings.callback_url,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
            "scope": "gateway",
        }
        response = _to(f"{self._settings.WAKARI_SERVER}/oauth/authorize?{urlencode(query)}")
        self._set_cookie(response, LOGIN_COOKIE, binding, CALLBACK_PATH, LOGIN_SECONDS)
        return response

    def callback(self) -> Response:  # noqa: PLR0911 - one return a refusal
        """Take the server's code, set the session cookie, go where the person wanted to go."""
        try:
            claims, key = self._sessions.read_state(request.args.get("state", ""))
        except AppError:
            return self._failed("This sign-in took too long, or was not begun here.", AGAIN, "/", 400)
        next_path = local_path(str(claims.get("next", "/")))
        verifier = self._sessions.verifier_of(claims, key, request.cookies.get(LOGIN_COOKIE, ""))
        if verifier is None:
            if self._sessions.read_cookie(request.cookies.get(SESSION_COOKIE, "")):
                return _to(next_path)  # two tabs signed in at once; the other one was first
            return self._failed("This sign-in was not begun by this browser.", COOKIES, next_path, 403)
        if "code" not in request.args:
            why = "The server refused: " + request.args.get("error", "no reason given")[:100]
            return self._failed(why, "Try again, or ask an administrator.", next_path, 403)
        try:
            answer = self._calls.exchange_code(request.args["code"], verifier)
        except AppError as error:
            return self._failed(error.message, error.hint, next_path, error.status)
        entry = str(claims.get("entry", ""))
        back = self._entry.back(entry, answer.user.name, answer.sid) if entry else next_path
        if back is None:
            return self._failed("This sign-in took too long, or was not begun here.", AGAIN, "/", 400)
        response = _to(back)
        if not entry:
            log.info("signed in", extra={"user": answer.user.name})
            cookie = self._sessions.new_cookie(answer.user.name, answer.sid)
            self._set_cookie(response, SESSION_COOKIE, cookie, "/", int(self._settings.session_hours * 3600))
        response.delete_cookie(LOGIN_COOKIE, path=CALLBACK_PATH)
        return response

    def enter(self) -> Response:
        """Take the ticket of `callback` at a project's origin: set its cookie, go where the person wanted to."""
        taken = self._entry.take(request.args.get("ticket", ""))
        if taken is None:
            if self._entry.session(SESSION_COOKIE):
                return _to("/")  # two tabs signed in at once; the other one was first
            return self._failed("This sign-in was not begun by this browser.", COOKIES, "/", 403)
        cookie, next_path = taken
        response = _to(next_path)
        self._set_cookie(response, HOST_COOKIE, cookie, "/", int(self._settings.session_hours * 3600))
        response.delete_cookie(ENTRY_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    def logout(self) -> Response:
        """Sign out of this gateway; the data plane refuses the cookie from then on (`X-Wakari-Revoke`), the server too.

        Where the server cannot be told, the data plane's own memory has to do.
        """
        claims = self._entry.session(SESSION_COOKIE)
        if "text/html" in request.headers.get("Accept", ""):
            response = _to(self._settings.WAKARI_SERVER + "/", 303)
        else:
            response = jsonify(status="signed_out")
        if claims is not None:
            log.info("signed out", extra={"user": str(claims.get("sub"))})
            response.headers["X-Wakari-Revoke"] = str(claims.get("jti", ""))
            try:
                self._calls.sign_out(str(claims.get("sid", "")))
            except AppError as error:
                log.warning("the server was not told of a sign-out", extra={"code": error.code, "why": error.message})
        name = HOST_COOKIE if self._entry.label() else SESSION_COOKIE
        response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="Lax")
        return response

    def _set_cookie(self, response: Response, name: str, value: str, path: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path=path, secure=self._secure, httponly=True, samesite="Lax")

    def _failed(self, message: str, hint: str, next_path: str, status: int) -> Response:
        error = {"code": "sign_in_failed", "message": message, "hint": hint}
        # Back at the root there is nothing to try again.
        path = next_path if next_path != "/" else ""
        response = make_response(self._pages.of(PageRequest(path=path, status=status, error=error)), status)
        response.headers.update(Pages.headers())
        return response


def _to(location: str, code: int = 302) -> Response:
    response = make_response(redirect(location, code))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
