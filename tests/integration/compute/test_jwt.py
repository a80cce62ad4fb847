# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of NGINX (Lua) and of the services (Python) are the same tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.compute import nginx_process
from wakari.core import tokens

LUA = Path(__file__).parents[3] / "roles/aen_common/files/lua"
KEY = "k" * 43
OTHER_KEY = "o" * 43
CONFIG = """
load_module modules/ndk_http_module.so;
load_module modules/ngx_http_lua_module.so;
worker_processes 1;
pid {root}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  lua_package_path "{lua}/?.lua;;";
  server {{
    listen 127.0.0.1:{port};
    location /verify {{ content_by_lua_block {{
      local jwt = require "wakari_jwt"
      ngx.req.read_body()
      local arg = require("cjson").decode(ngx.req.get_body_data())
      local claims, reason = jwt.verify(arg.token, arg.key, arg.aud, arg.iss)
      ngx.say(require("cjson").encode({{claims = claims, reason = reason}}))
    }} }}
    location /sign {{ content_by_lua_block {{
      local jwt = require "wakari_jwt"
      ngx.req.read_body()
      local arg = require("cjson").decode(ngx.req.get_body_data())
      ngx.print(jwt.sign(arg.claims, arg.key))
    }} }}
  }}
}}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("jwt")
    port = nginx_process.free_port()
    config = root / "nginx.conf"
    config.write_text(CONFIG.format(root=root, lua=LUA, port=port))
    with nginx_process.running(config, port, root / "error.log"):
        yield f"http://127.0.0.1:{port}"


def verify(address: str, token: str, **changed: Any) -> dict[str, Any]:
    body = {"token": token, "key": KEY, "aud": "node:compute1", "iss": "gateway:dc1"} | changed
    return dict(requests.post(f"{address}/verify", json=body, timeout=5).json())


def signed(**changed: Any) -> str:
    now = int(time.time())
    return tokens.sign(
        KEY, {"iss": "gateway:dc1", "aud": "node:compute1", "iat": now, "exp": now + 60, "jti": "x"} | changed
    )


def forged(header: dict[str, Any], claims: dict[str, Any], key: str = KEY) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    text = b".".join(parts)
    mac = hmac.new(key.encode(), text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def test_token_of_the_services_is_accepted(address: str) -> None:
    token = tokens.sign_request(KEY, "gateway:dc1", "node:compute1")
    for _ in range(2):  # the second time from the cache
        assert verify(address, token)["claims"]["iss"] == "gateway:dc1"


def test_token_of_nginx_is_accepted_by_the_services(address: str) -> None:
    claims = {"iss": "gateway:dc1", "aud": "node:compute1", "exp": int(time.time()) + 60}
    token = requests.post(f"{address}/sign", json={"claims": claims, "key": KEY}, timeout=5).text
    assert tokens.verify(KEY, token, "node:compute1", "gateway:dc1") == claims


@pytest.mark.parametrize(
    ("make", "changed", "reason"),  # made when the test runs: a token lives for a minute
    [
        (signed, {"aud": "node:compute2"}, "another audience"),
        (signed, {"iss": "gateway:dc2"}, "another issuer"),
        (signed, {"key": OTHER_KEY}, "wrong signature"),
        (signed, {"key": "short"}, "no key of 256 bits"),
        (lambda: signed(exp=int(time.time()) - 31), {}, "expired"),
        (lambda: signed(iat=int(time.time()) + 300), {}, "issued in the future"),
        (lambda: signed(nbf=int(time.time()) + 300), {}, "not valid yet"),
        (lambda: signed()[:-2] + "AA", {}, "wrong signature"),
        (lambda: "", {}, "no token"),
        (lambda: "a.b", {}, "not a token"),
        (lambda: "x" * 5000, {}, "a token too long"),
        (lambda: forged({"alg": "none"}, {"exp": 9e9}), {}, "another algorithm than HS256"),
        (lambda: forged({"alg": "HS256", "crit": ["x"]}, {"exp": 9e9}), {}, "another algorithm than HS256"),
        (lambda: forged({"alg": "HS256"}, {"exp": "9999999999", "aud": "node:compute1"}), {}, "expired"),
    ],
)
def test_bad_token_is_refused_with_the_reason(
    address: str, make: Callable[[], str], changed: dict[str, Any], reason: str
) -> None:
    assert verify(address, make(), **changed) == {"reason": reason}


def test_good_signature_in_the_cache_does_not_outlive_its_expiry(address: str) -> None:
    now = int(time.time())
    token = signed(exp=now - 28)  # inside the skew of 30 s for one or two seconds more
    assert "claims" in verify(address, token)
    time.sleep(3)
    assert verify(address, token) == {"reason": "expired"}


def test_cached_token_does_not_verify_with_another_key(address: str) -> None:
    token = signed()
    assert "claims" in verify(address, token)
    assert verify(address, token, key=OTHER_KEY) == {"reason": "wrong signature"}
