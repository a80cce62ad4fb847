# SPDX-License-Identifier: GPL-3.0-or-later
"""Jupyter of this platform: behind the gateway, on a Unix socket, as the person. For every Jupyter app (--config)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

c = get_config()  # noqa: F821 - given by traitlets

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
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash", "--rcfile", str(Path(__file__).parent / "bashrc")]}

# The trash is in the home, on another file system perhaps, and nobody else of the team could empty it.
c.FileContentsManager.delete_to_trash = False
# A lock file or notebook signature is written by one person at a time; the project's disk may be NFS.
c.NotebookNotary.db_file = ":memory:"

# Packages are the administrator's and the environments', never the notebook server's own.
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
# overrides.json: what the settings of everybody begin with.
c.LabApp.app_settings_dir = str(Path(__file__).parent / "lab")
