# SPDX-License-Identifier: GPL-3.0-or-later
"""Workbench: JupyterLab with settings, page and first layout of its own, beside Lab's and not mixed with them."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from wakari_team import attempt, lab_settings  # noqa: E402 - found through the path above
from wakari_workbench import NAME, lay_out  # noqa: E402 - likewise

c = get_config()  # noqa: F821 - given by traitlets
load_subconfig("jupyter_server_config.py", path=str(HERE))  # noqa: F821 - likewise

# overrides.json: settings a person begins with; page_config.json: the page's name.
c.LabApp.app_settings_dir = str(HERE / "workbench")
PLACES = (Path(os.environ["WAKARI_PROJECT_HOME"]), Path(os.environ["JUPYTER_RUNTIME_DIR"]))
if merged := attempt("settings of the page", lab_settings, HERE / "workbench", *PLACES):
    c.LabApp.app_settings_dir = str(merged)

# Not the name "default": a browser tells layouts apart by name, and Lab on the same address has that one.
c.LabApp.default_url = f"/lab/workspaces/{NAME}"
lay_out()
