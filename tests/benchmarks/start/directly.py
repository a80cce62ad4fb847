# SPDX-License-Identifier: GPL-3.0-or-later
"""What Jupyter itself takes to start: the same command line, environment and person, without the platform."""

from __future__ import annotations

import base64

from tests.functional.platform import Site
from wakari.core.messages import instance_of

# Run by root on the node: reads the command of the running app, and starts it again on a socket in another folder.
_PROGRAM = """
import os, shutil, signal, socket, subprocess, sys, tempfile, time
unit, folder, name, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
show = ["systemctl", "show", "-P", "MainPID", unit]
pid = subprocess.run(show, capture_output=True, text=True, check=True).stdout.strip()
words = [os.fsdecode(word) for word in open(f"/proc/{pid}/cmdline", "rb").read().split(bytes(1))[:-1]]
pairs = [os.fsdecode(one) for one in open(f"/proc/{pid}/environ", "rb").read().split(bytes(1))]
variables = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
home = os.readlink(f"/proc/{pid}/cwd")
for _ in range(rounds):
    place = tempfile.mkdtemp(dir="/run")
    shutil.chown(place, name)
    argv = [word.replace(folder, place) for word in words]
    environment = {key: value.replace(folder, place) for key, value in variables.items()}
    began = time.monotonic()
    process = subprocess.Popen(argv, env=environment, cwd=home, user=name, group=name, stdout=-3, stderr=-3, umask=7)
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.connect(place + "/app.sock")
                asked.sendall(b"GET / HTTP/1.0" + bytes([13, 10, 13, 10]))
                if asked.recv(5):
                    break
        except OSError:
            if process.poll() is not None:
                sys.exit(f"{argv[0]} ended with {process.returncode}")
            time.sleep(0.01)
    print(time.monotonic() - began)
    process.send_signal(signal.SIGKILL)
    process.wait()
    shutil.rmtree(place)
"""


def seconds(site: Site, node: str, person: str, project: str, rounds: int) -> list[float]:
    """Return how many seconds it took each time until Jupyter answered; the person's Notebook must run."""
    instance = instance_of(person, project, person, "notebook")
    program = base64.b64encode(_PROGRAM.encode()).decode()
    arguments = f"wakari-app-{instance}.service /run/wakari/apps/{instance} {person} {rounds}"
    said = site.run(node, f"echo {program} | base64 -d | python3 - {arguments}")
    return [float(line) for line in said.splitlines()]
