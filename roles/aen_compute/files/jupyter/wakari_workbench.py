# SPDX-License-Identifier: GPL-3.0-or-later
"""What Workbench looks like at a person's first visit: files on the left, a terminal beside them.

Runs inside the root distribution's Python, as the person.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from jupyterlab_server.workspaces_handler import WorkspacesManager

log = logging.getLogger(__name__)
NAME = "workbench"


def lay_out() -> None:
    """Write the first layout where the person has none yet; later ones are what the person made of it."""
    folder = Path(os.environ["JUPYTERLAB_WORKSPACES_DIR"])
    try:
        if not any(folder.glob("*.jupyterlab-workspace")):
            WorkspacesManager(str(folder)).save(NAME, json.dumps(_first_layout()))
    except OSError as error:  # a full disk: Workbench opens with JupyterLab's own layout
        log.warning("no first layout: %s", error)


def _first_layout() -> dict[str, Any]:
    main = {"type": "tab-area", "currentIndex": 0, "widgets": ["terminal:1"]}
    layout = {
        "main": {"dock": main, "current": "terminal:1"},
        "left": {"collapsed": False, "visible": True, "current": "filebrowser", "widgets": ["filebrowser"]},
        "right": {"collapsed": True, "visible": True, "widgets": []},
    }
    data = {
        "layout-restorer:data": layout,
        "file-browser-filebrowser:cwd": {"path": ""},
        "terminal:1": {"data": {"name": "1"}},
    }
    return {"data": data, "metadata": {"id": NAME}}
