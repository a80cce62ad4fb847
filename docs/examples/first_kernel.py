# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing but `.aen/local.json` to a kernel that answers."""

import json
import pathlib
import secrets
import time

import requests
import websocket

site = json.loads(pathlib.Path(".aen/local.json").read_text())
api = site["server_url"] + "/api/v1"
name, password = "u" + secrets.token_hex(4), secrets.token_urlsafe(16)


def sign_in(user: str, secret: str) -> requests.Session:
    session = requests.Session()
    token = session.post(f"{api}/tokens", json={"username": user, "password": secret}).json()["token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


admin = sign_in(site["admin_user"], site["admin_password"])
admin.post(f"{api}/users", json={"name": name, "password": password}).raise_for_status()
me = sign_in(name, password)
me.post(f"{api}/projects", json={"name": "first"}).raise_for_status()
me.post(f"{api}/projects/{name}/first/start").raise_for_status()
while (project := me.get(f"{api}/projects/{name}/first").json())["state"] == "starting":
    time.sleep(0.5)
notebook = project["urls"]["apps"]["notebook"]
kernel = me.post(notebook + "api/kernels").json()["id"]
channel = websocket.create_connection(
    notebook.replace("http", "ws", 1) + f"api/kernels/{kernel}/channels",
    header={"Authorization": me.headers["Authorization"]},
)
header = {"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": name, "version": "5.3"}
content = {"code": "6*7", "silent": False}
message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
channel.send(json.dumps(message))
while (answer := json.loads(channel.recv()))["msg_type"] != "execute_result":
    pass
print(answer["content"]["data"]["text/plain"])
