# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person on a node can see and touch of a neighbour and of the platform: nothing.

Each look has its counterpart, by the one who may, so that "nothing was seen" is never for want of something to see.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

import pytest

from tests.functional.neighbours import PREFIX, Neighbours, close_kernels, settle
from tests.functional.platform import Site
from wakari.core import tokens

pytestmark = pytest.mark.platform

REFUSED = {"PermissionError", "FileNotFoundError"}  # the latter where a private /tmp hides it
# Of the platform's settings people may read these: what their own apps are made of, where wk-environment finds
# environments, and the server's site of NGINX.
OPEN = ("*/etc/jupyter/*", "*/etc/wakari/apps/*.json", "*/etc/environments.json", "*/etc/conf.d/www.enterprise.conf")
# Everybody may connect: the kernel says who asks (test_monitor.py has what it refuses).
ASKED_BY_ALL = "/run/wakari/launcher/launcher.sock"
OURS = "/opt/wakari /etc/wakari /run/wakari /run/wakari-server /var/log/wakari /var/lib/wakari"


@pytest.fixture(scope="module")
def both(site: Site) -> Iterator[Neighbours]:
    yield settle(site)
    close_kernels()


@pytest.fixture(autouse=True)
def _close_kernels() -> None:
    """Keep the kernels of this module: they are the neighbours."""


@pytest.mark.parametrize(
    "place",
    [
        "project",
        "settings of Jupyter",
        "home",
        "temporary folder",
        "temporary folder, by a process",
        "runtime folder",
        "log",
        "environment of a process",
    ],
)
def test_a_neighbours_secrets_are_unreadable(both: Neighbours, place: str) -> None:
    path = both.places[place]
    assert both.thief.look(path) in REFUSED
    outside = both.as_thief(f"cat {path}")
    assert both.secret not in outside
    assert outside.endswith("status 1")


def test_a_neighbours_folders_cannot_be_listed(both: Neighbours) -> None:
    home = both.places["home"].rpartition("/")[0]
    for folder in (both.keeper.path, home, both.keeper.runtime, "/run/wakari/apps", f"/proc/{both.pid}/fd"):
        assert both.thief.look(folder) == "PermissionError", folder
    private = both.site.run(both.node, f"ls -d /tmp/systemd-private-*{both.keeper.instance}*/tmp")
    assert both.secret in both.site.run(both.node, f"cat {private}/secret.txt")
    assert "Permission denied" in both.as_thief(f"ls {private.rpartition('/')[0]}")


def test_a_neighbours_app_cannot_be_reached(both: Neighbours) -> None:
    sockets = both.keeper.value(f"[e.path for e in os.scandir({both.keeper.runtime!r}) if e.is_file() is False]")
    assert f"{both.keeper.runtime}/app.sock" in sockets
    for path in sockets:
        assert both.thief.value(f"meet({path!r})") == "PermissionError", path
    assert both.keeper.value(f"meet({both.keeper.runtime + '/app.sock'!r})") == "connected"


def test_apps_listen_on_no_port(both: Neighbours) -> None:
    unit = f"wakari-app-{both.keeper.instance}.service"
    server = both.site.run(both.node, f"systemctl show -P MainPID {unit}")
    assert "app.sock" in both.site.run(both.node, f"ss -lxpH | grep 'pid={server},'")
    assert both.site.run(both.node, f"ss -ltunpH | grep 'pid={server},' || true") == ""
    # ipykernel's own port on loopback, for the output of child processes, takes no message without its random secret.
    mine = both.keeper.value("os.getpid()")
    ports = both.site.run(both.node, f"ss -ltunpH | grep 'pid={mine},' || true").splitlines()
    assert len(ports) <= 1
    assert all("127.0.0.1:" in port for port in ports)


def test_a_neighbours_processes_cannot_be_touched(both: Neighbours) -> None:
    assert both.thief.value(f"look('/proc/{both.pid}/mem')") == "PermissionError"
    assert "PermissionError" in both.thief.value(
        f"said(sys.executable, '-c', 'import os, signal; os.kill({both.pid}, signal.SIGTERM)')[1]"
    )
    unit = f"wakari-app-{both.keeper.instance}.service"
    for words in (["stop", unit], ["kill", unit], ["set-property", "--runtime", unit, "TasksMax=16"]):
        status, told = both.thief.value(f"said('systemctl', '--no-ask-password', *{words!r})")
        assert status != 0, told
    assert both.thief.value("said('systemd-run', '--no-ask-password', 'true')[0]") != 0
    assert both.keeper.value(f"os.path.exists('/proc/{both.pid}')") is True


def test_the_journal_is_not_for_people(both: Neighbours) -> None:
    both.keeper.kernel.run(f"subprocess.run(['logger', {both.secret!r}], check=True)")
    both.site.run(
        both.node,
        f"for i in $(seq 50); do journalctl -q --since -5min | grep -q {both.secret} && exit 0; sleep .1; done; exit 1",
    )
    assert both.secret not in both.as_thief("journalctl -q --since -5min")
    assert both.secret not in both.thief.value("said('journalctl', '-q', '--since', '-5min')[1]")
    assert "wk-root-helper" in both.site.run(both.node, "journalctl -q -t wk-root-helper -n 1")
    assert "wk-root-helper" not in both.as_thief("journalctl -q -t wk-root-helper")


def test_keys_and_settings_of_the_platform_are_unreadable(both: Neighbours) -> None:
    find = "find /opt/wakari/wakari-*/etc /opt/wakari/wakari-*/var /etc/wakari -type f 2>/dev/null || true"
    everything = both.site.run(both.node, find).splitlines()
    assert {f"{PREFIX}/etc/wakari/node-key", f"{PREFIX}/etc/wakari/wk-compute-launcher-config.json"} <= set(everything)
    seen = _allowed(both, find, "R_OK")
    assert f"{PREFIX}/etc/jupyter/jupyter_server_config.py" in seen  # the question itself works
    assert [path for path in seen if not any(fnmatch.fnmatch(path, one) for one in OPEN)] == []
    assert both.thief.look(f"{PREFIX}/etc/wakari/node-key") == "PermissionError"


def test_people_can_write_nothing_of_the_platform(both: Neighbours) -> None:
    found = _allowed(both, f"find {OURS} ! -type l 2>/dev/null || true", "W_OK")
    thief = both.thief
    assert {thief.log, f"{thief.runtime}/app.sock"} <= set(found)  # what is theirs: the question itself works
    theirs = (thief.log, ASKED_BY_ALL)
    assert [path for path in found if path not in theirs and not path.startswith(thief.runtime)] == []
    tops = both.site.run(both.node, "ls -d /projects /projects/* /projects/.[a-z]*").splitlines()
    assert f"/projects/{thief.name}" in tops
    assert _allowed(both, "ls -d /projects /projects/* /projects/.[a-z]*", "W_OK") == []


def test_nobody_becomes_root(both: Neighbours) -> None:
    helper = f"{PREFIX}/bin/wk-root-helper"
    for command in ("sudo -n true", f"sudo -n {helper}", f"echo {{}} | {helper}"):
        told = both.as_thief(command)
        assert not told.endswith("status 0"), told
        assert '"result"' not in told
    assert both.thief.value("said('sudo', '-n', 'true')[0]") != 0
    assert both.thief.value("look('/proc/self/status')").split("NoNewPrivs:\t")[1][0] == "1"
    account = both.settings()["service_account"]
    allowed = both.site.run(both.node, f"runuser -u {account} -- sudo -n -l")
    assert allowed.splitlines()[-1].split() == ["(root)", "NOPASSWD:", helper, '""']


def test_the_launcher_and_forged_app_traffic_are_refused(both: Neighbours) -> None:
    socket = f"{PREFIX}/var/run/wk-compute.sock"
    assert both.site.run(both.node, f"test -S {socket} && echo there") == "there"
    assert both.thief.value(f"meet({socket!r})") == "PermissionError"

    address = f"http://{both.site.hosts[both.node]['address']}:5002"
    path = f"/{both.keeper.name}/private/notebook/api/status"
    config = f"{PREFIX}/etc/wakari/wk-compute-launcher-config.json"
    client = both.site.run(both.node, f'sed -n \'s/.*"gateway_client_id": "\\(.*\\)".*/\\1/p\' {config}')
    node_key = both.site.run(both.node, f"cat {PREFIX}/etc/wakari/node-key")
    headers = {"X-Wakari-App": both.keeper.instance, "X-Wakari-User": both.keeper.name, "X-Wakari-Level": "admin"}
    issuer, audience = f"gateway:{client}", f"node:{_node_name(both)}"
    forged = tokens.sign_request("A" * 43, issuer, audience)
    assert _status(both, address + path, headers) in {401, 403}
    assert _status(both, address + path, headers | {"X-Wakari-Gateway": forged}) in {401, 403}
    assert _status(both, f"{address}/_wakari/v1/apps", {"Authorization": f"Bearer {forged}"}) in {401, 403}
    # With the node's key the same request would pass: it is the key that is missing, not the form.
    signed = tokens.sign_request(node_key, issuer, audience)
    assert _status(both, address + path, headers | {"X-Wakari-Gateway": signed}) == 200


def _status(both: Neighbours, url: str, headers: dict[str, str]) -> int:
    both.thief.kernel.run(
        "def status(url, headers):\n"
        "    import urllib.request, urllib.error\n"
        "    try:\n"
        "        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20).status\n"
        "    except urllib.error.HTTPError as error:\n"
        "        return error.code\n"
    )
    return int(both.thief.value(f"status({url!r}, {headers!r})"))


def _node_name(both: Neighbours) -> str:
    config = f"{PREFIX}/etc/wakari/wk-compute-launcher-config.json"
    return both.site.run(both.node, f'sed -n \'s/.*"node_name": "\\(.*\\)".*/\\1/p\' {config}')


def _allowed(both: Neighbours, listing: str, mode: str) -> list[str]:
    """Return those of the paths that root lists which the thief may open in the mode, by access(2) as the thief."""
    ask = f"import os, sys; [print(p) for p in sys.stdin.read().splitlines() if os.access(p, os.{mode})]"
    return both.site.run(both.node, f"({listing}) | runuser -u {both.thief.name} -- python3 -c '{ask}'").splitlines()
