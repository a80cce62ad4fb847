# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in by the server (OAuth 2.1 authorization code with PKCE) and the gateway's own session cookie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, request

from wakari.core import tokens
from wakari.core.errors import AppError
from wakari.gateway.calls import Calls
from wakari.gateway.messages import PageRequest
from wakari.gateway.pages import Pages
from wakari.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

SESSION_COOKIE = "wk_gateway"
LOGIN_COOKIE = "wk_gateway_login"
CALLBACK_PATH = "/_wakari/callback"
LOGIN_SECONDS = 600  # a person may type a password and look up a code meanwhile
MAX_NEXT = 1024  # characters; `state` carries it through the server's address line


class Sessions:
    """Makes and reads what a browser carries: the session cookie, and `state` while a sign-in is under way."""

    def __init__(self, settings: GatewaySettings, keys: list[str]) -> None:
        self._settings = settings
        self._keys = keys
        self._login_audience = f"login:{settings.CLIENT_ID}"

    def new_state(self, next_path: str, binding: str) -> tuple[str, str]:
        """Return `state` and the PKCE verifier of a sign-in begun by the browser that holds `binding`."""
        now = int(time.time())
        jti = secrets.token_urlsafe(12)
        claims = {
            "aud": self._login_audience,
            "iat": now,
            "exp": now + LOGIN_SECONDS,
            "jti": jti,
            "next": next_path,
            "browser": _digest(binding),
        }
        return tokens.sign(self._keys[0], claims), self._verifier(self._keys[0], jti, binding)

    def read_state(self, state: str) -> tuple[dict[str, Any], str]:
        """Return the claims of a `state` of ours and the key it was signed with; raise AppError for another."""
        return self._verify(state, self._login_audience)

    def verifier_of(self, claims: dict[str, Any], key: str, binding: str) -> str | None:
        """Return the PKCE verifier where the sign-in was begun by the browser that holds `binding`; None otherwise."""
        if not hmac.compare_digest(str(claims.get("browser", "")), _digest(binding)):
            return None
        return self._verifier(key, str(claims.get("jti", "")), binding)

    def new_cookie(self, user: str, sid: str) -> str:
        """Return the value of a session cookie."""
        now = int(time.time())
        life = int(self._settings.session_hours * 3600)
        claims = {"sub": user, "sid": sid, "jti": secrets.token_urlsafe(12), "iat": now, "exp": now + life}
        return tokens.sign(self._keys[0], {**claims, "aud": self._settings.identity})

    def read_cookie(self, value: str) -> dict[str, Any] | None:
        """Return the claims of a session cookie; None where it is not one of ours, or too old."""
        try:
            return self._verify(value, self._settings.identity)[0]
        except AppError:
            return None

    def _verify(self, token: str, audience: str) -> tuple[dict[str, Any], str]:
        for key in self._keys[:-1]:
            try:
                return tokens.verify(key, token, audience), key
            except AppError:
                continue
        return tokens.verify(self._keys[-1], token, audience), self._keys[-1]

    @staticmethod
    def _verifier(key: str, jti: str, binding: str) -> str:
        # Derived, not stored: 43 characters as RFC 7636, section 4.1, asks for.
        raw = hmac.digest(key.encode(), f"pkce:{jti}:{binding}".encode(), "sha256")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


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


def blueprint(settings: GatewaySettings, keys: list[str], calls: Calls, pages: Pages) -> Blueprint:
    """Return the routes of sign-in and sign-out."""
    sign_in = Blueprint("sign_in", __name__)
    sessions = Sessions(settings, keys)
    secure = settings.EXTERNAL_GATEWAY_URL.startswith("https:")

    def set_cookie(response: Response, name: str, value: str, path: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="Lax")

    def failed(code: str, message: str, hint: str, next_path: str, status: int = 400) -> Response:
        error = {"code": code, "message": message, "hint": hint}
        path = next_path if next_path != "/" else settings.WAKARI_SERVER
        response = make_response(pages.of(PageRequest(path=path, status=status, error=error)), status)
        response.headers.update(Pages.headers())
        return response

    @sign_in.get("/")
    def home() -> Response:
        return _to(settings.WAKARI_SERVER + "/")

    @sign_in.get("/_wakari/login")
    def login() -> Response:
        next_path = local_path(request.args.get("next"))
        if request.host != urlsplit(settings.EXTERNAL_GATEWAY_URL).netloc:
            # The cookies must belong to the address the server returns to.
            return _to(f"{settings.EXTERNAL_GATEWAY_URL}/_wakari/login?{urlencode({'next': next_path})}")
        binding = secrets.token_urlsafe(32)
        state, verifier = sessions.new_state(next_path, binding)
        query = {
            "response_type": "code",
            "client_id": settings.CLIENT_ID,
            "redirect_uri": settings.callback_url,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
            "scope": "gateway",
        }
        response = _to(f"{settings.WAKARI_SERVER}/oauth/authorize?{urlencode(query)}")
        set_cookie(response, LOGIN_COOKIE, binding, CALLBACK_PATH, LOGIN_SECONDS)
        return response

    @sign_in.get(CALLBACK_PATH)
    def callback() -> Response:
        try:
            claims, key = sessions.read_state(request.args.get("state", ""))
        except AppError:
            return failed(
                "sign_in_failed", "This sign-in took too long, or was not begun here.", "Open the app again.", "/"
            )
        next_path = local_path(str(claims.get("next", "/")))
        verifier = sessions.verifier_of(claims, key, request.cookies.get(LOGIN_COOKIE, ""))
        if verifier is None:
            if sessions.read_cookie(request.cookies.get(SESSION_COOKIE, "")):
                return _to(next_path)  # two tabs signed in at once; the other one was first
            hint = "Allow cookies for this address and try again."
            return failed("sign_in_failed", "This sign-in was not begun by this browser.", hint, next_path, 403)
        if "code" not in request.args:
            why = "The server refused: " + request.args.get("error", "no reason given")[:100]
            return failed("sign_in_failed", why, "Try again, or ask an administrator.", next_path, 403)
        try:
            answer = calls.exchange_code(request.args["code"], verifier)
        except AppError as error:
            return failed(error.code, error.message, error.hint, next_path, error.status)
        log.info("signed in", extra={"user": answer.user.name})
        response = _to(next_path)
        lifetime = int(settings.session_hours * 3600)
        set_cookie(response, SESSION_COOKIE, sessions.new_cookie(answer.user.name, answer.sid), "/", lifetime)
        response.delete_cookie(LOGIN_COOKIE, path=CALLBACK_PATH)
        return response

    @sign_in.post("/_wakari/logout")
    def logout() -> Response:
        claims = sessions.read_cookie(request.cookies.get(SESSION_COOKIE, ""))
        if "text/html" in request.headers.get("Accept", ""):
            response = _to(settings.WAKARI_SERVER + "/", 303)
        else:
            response = jsonify(status="signed_out")
        if claims is not None:
            log.info("signed out", extra={"user": str(claims.get("sub"))})
            response.headers["X-Wakari-Revoke"] = str(claims.get("jti", ""))
        response.delete_cookie(SESSION_COOKIE, path="/", secure=secure, httponly=True, samesite="Lax")
        return response

    return sign_in


def _digest(binding: str) -> str:
    return hashlib.sha256(binding.encode()).hexdigest()


def _to(location: str, code: int = 302) -> Response:
    response = make_response(redirect(location, code))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
