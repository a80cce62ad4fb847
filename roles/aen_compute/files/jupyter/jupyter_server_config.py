# SPDX-License-Identifier: GPL-3.0-or-later
"""Jupyter of this platform: behind the gateway, on a Unix socket, as the person. For every Jupyter app (--config)."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import wakari_git  # noqa: E402 - found through the path above
import wakari_team  # noqa: E402 - likewise
from wakari_team import attempt  # noqa: E402 - likewise

c = get_config()  # noqa: F821 - given by traitlets

PROJECT = Path(os.environ["WAKARI_PROJECT_HOME"])
PERSON = Path(os.environ["JUPYTER_CONFIG_DIR"])
RUNTIME = Path(os.environ["JUPYTER_RUNTIME_DIR"])

# The only way in is the socket, through the gateway, which says who asks.
c.ServerApp.ip = ""
c.ServerApp.sock_mode = "0660"
c.ServerApp.open_browser = False
c.ServerApp.allow_remote_access = True  # the Host is the gateway's; it checked who asks before
c.ServerApp.trust_xheaders = True  # http or https is what the gateway was asked with
c.ServerApp.identity_provider_class = "wakari_jupyter.GatewayIdentityProvider"
c.ServerApp.quit_button = False
c.PasswordIdentityProvider.token = ""

# Kernels are the project's environments; connections between server and kernel never touch the network.
c.ServerApp.kernel_spec_manager_class = "wakari_kernels.ProjectKernelSpecManager"
c.KernelManager.transport = "ipc"

# Not a login shell: /etc/profile would take the project's environment out of PATH; the file puts it first.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash", "--rcfile", str(HERE / "bashrc")]}

# Locks, shown directories, permissions.
c.ContentsManager.allow_hidden = True  # dot files are reached; the page shows them where a person asks it to
c.ServerApp.contents_manager_class = "wakari_contents.ProjectContentsManager"
c.ServerApp.jpserver_extensions = {"wakari_extension": True}
# The trash is in the home, on another file system perhaps, and nobody else of the team could empty it.
c.FileContentsManager.delete_to_trash = False
# Deleting a folder asks once, in the page; it need not be empty.
c.FileContentsManager.always_delete_dir = True
# A lock file or notebook signature is written by one person at a time; the project's disk may be NFS.
c.NotebookNotary.db_file = ":memory:"
# The key to them is of use for as long as they are, and nobody else's: Jupyter closes it against the team.
c.NotebookNotary.secret_file = str(RUNTIME / "notebook_secret")
# Jupyter would make it 0700, and the team's rights (docs/permissions.md) would be wrong until the next start.
Path(os.environ["JUPYTER_DATA_DIR"]).mkdir(parents=True, exist_ok=True)

# Packages and extensions are the administrator's, never the project's.
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
EXTENSIONS = Path(sys.prefix) / "share/jupyter/labextensions"
c.LabServerApp.labextensions_path = [str(EXTENSIONS)]
c.LabServerApp.extra_labextensions_path = [str(HERE / "labextensions")]
c.JupyterNotebookApp.labextensions_path = [str(wakari_team.extensions_of_notebook(EXTENSIONS, RUNTIME))]
# overrides.json: what the settings of everybody begin with.
c.LabServerApp.app_settings_dir = str(HERE / "lab")

# Last, for it reads what people wrote: what the team, then the person, set for this project, and a name for commits.
attempt("settings of the person", wakari_team.set_broken_aside, PERSON)
attempt("settings of the project", wakari_team.apply, c, PROJECT, PERSON)
if merged := attempt("settings of the page", wakari_team.lab_settings, HERE / "lab", PROJECT, RUNTIME):
    c.LabServerApp.app_settings_dir = str(merged)
attempt("git", wakari_git.prepare, PROJECT, RUNTIME, os.environ.get("WAKARI_SERVER", ""))
