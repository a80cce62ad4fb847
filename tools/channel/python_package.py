# SPDX-License-Identifier: GPL-3.0-or-later
"""The `python` package, from Debian's CPython."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.channel import debian_layout
from tools.channel.errors import ChannelError
from tools.channel.interpreter import Interpreter
from tools.channel.package import PLACEHOLDER, BuiltPackage, Metadata, write_package
from tools.channel.shared_libraries import bundle, set_search_path

# Tests, desktop parts and build leftovers: nothing a notebook imports.
_LEFT_OUT = (
    "__pycache__",
    "test",
    "idlelib",
    "tkinter",
    "turtledemo",
    "site-packages",
    "dist-packages",
    "*.pyc",
    "*.a",
)
# Extension modules that are tests, or bind the package to obsolete libraries (NIS, Berkeley DB).
_EXTENSIONS_LEFT_OUT = ("_test", "_xxtest", "xxlimited", "_ctypes_test", "nis.", "_dbm.", "_tkinter.")


def build_python_package(interpreter: Interpreter, destination: Path) -> BuiltPackage:
    """Stage, check and write the `python` package into `destination`."""
    with tempfile.TemporaryDirectory(prefix="channel-python-") as directory:
        staged = Path(directory)
        stage(interpreter, staged)
        compile_modules(interpreter, staged / "lib", staged)
        check(staged, interpreter.minor)
        metadata = Metadata(
            name="python",
            version=interpreter.version,
            build=f"0_debian_cp{interpreter.tag}",
            licence="PSF-2.0",
            summary="CPython, relocated from Debian's package",
            extra={"python_site_packages_path": f"lib/python{interpreter.minor}/site-packages"},
        )
        return write_package(staged, metadata, destination)


def stage(interpreter: Interpreter, staged: Path) -> None:
    """Lay out a prefix that needs nothing of the machine but the C library."""
    name = f"python{interpreter.minor}"
    library = staged / "lib"
    stdlib = library / name
    (staged / "bin").mkdir(parents=True)
    program = staged / "bin" / name
    shutil.copyfile(interpreter.executable, program)
    program.chmod(0o755)
    for alias in ("python3", "python"):
        (staged / "bin" / alias).symlink_to(name)
    # symlinks=False: Debian links to /etc and to multiarch directories, which are not in the package.
    shutil.copytree(interpreter.stdlib, stdlib, ignore=_ignored(interpreter))
    (stdlib / "site-packages").mkdir()
    (stdlib / "site-packages" / "README.txt").write_text("Packages installed in this environment are here.\n")
    debian_layout.apply(stdlib, interpreter.sysconfig_data, interpreter.minor)
    _stage_headers(interpreter, staged / "include" / name)
    _stage_ensurepip(interpreter, stdlib / "ensurepip" / "_bundled")
    extensions = sorted((stdlib / "lib-dynload").glob("*.so"))
    bundle([program, *extensions], library)
    set_search_path(program, "$ORIGIN/../lib")
    for extension in extensions:
        set_search_path(extension, "$ORIGIN/../..")


def compile_modules(interpreter: Interpreter, tree: Path, root: Path) -> None:
    """Write byte code for every module below `tree`, as if `root` were `/`.

    The caches check the source by its hash: file times, which installers do not keep alike, cannot make them stale.
    """
    command = [str(interpreter.executable), "-I", "-m", "compileall", "-q", "-q", "--invalidation-mode", "checked-hash"]
    # A file that does not compile (templates, Python 2 left-overs in packages) simply gets no cache.
    subprocess.run([*command, "-s", str(root), "-p", "/", str(tree)], check=False, stdout=subprocess.DEVNULL)
    for cache in tree.rglob("*.pyc"):
        # Its source is rewritten when the package is installed, which would leave a stale cache behind.
        if PLACEHOLDER.encode() in cache.read_bytes():
            cache.unlink()


_CHECK = """
import sys, sysconfig, site
import bz2, ctypes, curses, decimal, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib, ensurepip, distutils.sysconfig
prefix = sys.argv[1]
packages = f"{prefix}/lib/python%d.%d/site-packages" % sys.version_info[:2]
assert sys.prefix == prefix, sys.prefix
assert sysconfig.get_paths()["purelib"] == packages, sysconfig.get_paths()
assert sysconfig.get_paths()["scripts"] == f"{prefix}/bin", sysconfig.get_paths()
assert distutils.sysconfig.get_python_lib() == packages, distutils.sysconfig.get_python_lib()
assert packages in site.getsitepackages() and packages in sys.path, sys.path
assert not [p for p in sys.path if p.startswith("/usr")], sys.path
maps = open("/proc/self/maps").read()
foreign = {line.split()[-1] for line in maps.splitlines() if ".so" in line and not line.split()[-1].startswith(prefix)}
allowed = ("libc.so", "libm.so", "ld-linux", "libdl.so", "libpthread.so", "librt.so", "libutil.so", "libresolv.so")
foreign = {f for f in foreign if not f.rsplit("/", 1)[-1].startswith(allowed)}
assert not foreign, f"libraries from outside the package: {foreign}"
"""


def check(staged: Path, minor: str) -> None:
    """Run the staged interpreter where it stands.

    Raises:
        ChannelError: it uses a library, a path or a layout that is not its own.
    """
    command = [str(staged / "bin" / f"python{minor}"), "-I", "-B", "-c", _CHECK, str(staged.resolve())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChannelError(f"the relocated Python is not self-contained: {done.stderr.strip().splitlines()[-1]}")


def _ignored(interpreter: Interpreter) -> Callable[[str, list[str]], set[str]]:
    by_pattern = shutil.ignore_patterns(*_LEFT_OUT, f"config-{interpreter.minor}-*", *debian_layout.REMOVED)

    def ignored(directory: str, names: list[str]) -> set[str]:
        chosen = by_pattern(directory, names)
        if directory.endswith("lib-dynload"):
            chosen |= {name for name in names if name.startswith(_EXTENSIONS_LEFT_OUT)}
        return chosen

    return ignored


def _stage_headers(interpreter: Interpreter, include: Path) -> None:
    shutil.copytree(interpreter.include, include)
    # Debian's pyconfig.h only includes the one of the architecture, by a path that exists under /usr alone.
    of_machine = interpreter.include.parent / interpreter.multiarch / interpreter.include.name / "pyconfig.h"
    if interpreter.multiarch and of_machine.is_file():
        shutil.copyfile(of_machine, include / "pyconfig.h")


def _stage_ensurepip(interpreter: Interpreter, bundled: Path) -> None:
    bundled.mkdir(exist_ok=True)
    for name in ("pip", "setuptools"):
        shutil.copy(interpreter.bundled_wheel(name), bundled)
