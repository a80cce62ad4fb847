# SPDX-License-Identifier: GPL-3.0-or-later
"""What a team sets for its project's Jupyter: `.jupyter/`, and what a person sets above it: `.jupyter_<user>/`.

Both can be written by the team, so neither is ever run: JSON alone is read, keys and types of a short list alone are
taken. Whatever is wrong in a file is said, in the log and in the page, and the rest of it counts.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traitlets.config import Config

log = logging.getLogger("wakari")
problems: list[str] = []
SETTINGS = "jupyter_server_config.json"
OVERRIDES = "overrides.json"
_MAX = 1 << 20  # bytes of one file
_NAME = 200  # characters
_LAB_ALONE = ("@jupyterlab/git",)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_rate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _NAME and "/" not in value and value.isprintable()


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_page(value: object) -> bool:
    pages = r"/(lab|tree|doc|notebooks|edit|terminals|consoles)(/[\w .%@+-]+)*"
    return isinstance(value, str) and re.fullmatch(pages, value) is not None


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


# What may be set, and how a right value looks. Nothing here names a program, a class, an address or a file to run.
SAFE: dict[str, dict[str, tuple[Callable[[object], bool], str]]] = {
    "ContentsManager": {
        "hide_globs": (_is_texts, "a list of patterns"),
        "untitled_notebook": (_is_text, "a name"),
        "untitled_file": (_is_text, "a name"),
        "untitled_directory": (_is_text, "a name"),
    },
    "FileContentsManager": {"max_copy_folder_size_mb": (_is_count, "megabytes")},
    "MappingKernelManager": {
        "cull_idle_timeout": (_is_count, "seconds"),
        "cull_interval": (_is_count, "seconds"),
        "cull_connected": (_is_bool, "true or false"),
        "default_kernel_name": (_is_text, "a kernel's name"),
    },
    "ZMQChannelsWebsocketConnection": {
        "iopub_data_rate_limit": (_is_rate, "bytes a second"),
        "iopub_msg_rate_limit": (_is_rate, "messages a second"),
        "rate_limit_window": (_is_rate, "seconds"),
    },
    "LabApp": {"default_url": (_is_page, "an address such as /lab/tree/start.ipynb")},
    "JupyterNotebookApp": {"default_url": (_is_page, "an address such as /tree or /notebooks/start.ipynb")},
}


def attempt(what: str, work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401 - what the work returns
    """Return what the work returns; where it fails, None, and the reason is a problem that is said.

    What reads a project meets whatever people left there, and none of it may stop the server.
    """
    try:
        return work(*arguments)
    except Exception as error:
        log.exception("%s", what)
        problems.append(f"{what}: {error}")
        return None


def apply(config: Config, project: Path, person: Path) -> None:
    """Put what team and person set into the configuration, the person's above the team's."""
    for folder in (project / ".jupyter", person):
        for section, values in _read(folder / SETTINGS).items():
            allowed = SAFE.get(section)
            if allowed is None or not isinstance(values, dict):
                _problem(folder / SETTINGS, f"{section} cannot be set here; what can: {', '.join(SAFE)}.")
                continue
            for key, value in values.items():
                if key not in allowed:
                    _problem(folder / SETTINGS, f"{section}.{key} cannot be set here; what can: {', '.join(allowed)}.")
                elif not allowed[key][0](value):
                    _problem(folder / SETTINGS, f"{section}.{key} must be {allowed[key][1]}.")
                else:
                    config[section][key] = value


def lab_settings(base: Path, project: Path, runtime: Path) -> Path:
    """Return a folder with the overrides of the platform and above them the team's, and the platform's page_config."""
    merged = json.loads((base / OVERRIDES).read_text(encoding="utf-8"))
    file = project / ".jupyter" / OVERRIDES
    for plugin, values in _read(file).items():
        if isinstance(values, dict):
            merged[plugin] = merged.get(plugin, {}) | values
        else:
            _problem(file, f"{plugin} must be an object with that plugin's settings.")
    folder = runtime / "lab-settings"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / OVERRIDES).write_text(json.dumps(merged), encoding="utf-8")
    if (base / "page_config.json").exists():
        (folder / "page_config.json").write_bytes((base / "page_config.json").read_bytes())
    return folder


def extensions_of_notebook(installed: Path, runtime: Path) -> Path:
    """Return a folder with links to the installed page extensions that work in Notebook's pages.

    The others need parts that JupyterLab's page alone has; Notebook would log errors and lose settings over them.
    """
    folder = runtime / "labextensions"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for package in [*installed.glob("[!@]*/package.json"), *installed.glob("@*/*/package.json")]:
        name = package.parent.relative_to(installed)
        if str(name) not in _LAB_ALONE and not (folder / name).is_symlink():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).symlink_to(package.parent)
    return folder


def set_broken_aside(person: Path) -> None:
    """Rename JSON files of the person's that Jupyter would stop at; each keeps its content as `<name>.broken`."""
    for pattern in ("*.json", "*.d/*.json", "labconfig/*.json", "serverconfig/*.json", "nbconfig/**/*.json"):
        for file in person.glob(pattern):
            try:
                right = isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
            except OSError:
                continue
            except ValueError:
                right = False
            if not right and file.name != SETTINGS:
                broken = file.with_name(f"{file.name}.broken")
                try:
                    file.rename(broken)
                except OSError:
                    continue
                _problem(file, f"it is not a JSON object. It is set aside as {broken.name}; mend it and rename it.")


def _read(file: Path) -> dict[str, Any]:
    """Return the file's object; nothing where there is none, or what is there cannot be read (which is then said)."""
    try:
        if not file.is_file():
            return {}
        content = json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size <= _MAX else None
    except (OSError, ValueError, RecursionError) as error:
        _problem(file, f"{error}. Nothing of it counts.")
        return {}
    if not isinstance(content, dict):
        _problem(file, "it is not a JSON object of at most 1 MiB. Nothing of it counts.")
        return {}
    return content


def _problem(file: Path, what: str) -> None:
    text = f"{file.parent.name}/{file.name}: {what}"
    if text not in problems:
        problems.append(text)
        log.warning("%s", text)
