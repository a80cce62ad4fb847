# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle that is not whole stops the run before any host is touched, with the name of the file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.integration.inventory.runs import good
from tests.integration.release.installed import ROOT, Installed, install
from tools.release import bundle, debian, sbom, wanted
from tools.wheelhouse import bundle as archives


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Return a bundle's folder with files of two kinds."""
    folder = tmp_path / "bundle"
    (folder / "channel").mkdir(parents=True)
    (folder / "channel" / "manifest.json").write_text("{}", encoding="utf-8")
    (folder / "apt").mkdir()
    archives.write(folder / "apt" / "bookworm.tar", {"Packages": b""})
    (folder / "manifest.json").write_text(bundle.manifest(folder, "0.1.0"), encoding="utf-8")
    return folder


def site(installed: Installed, folder: Path, tmp_path: Path) -> tuple[str, bool]:
    """Return what `wakari.aen.site` printed, and whether it tried to reach a host."""
    inventory = good()
    variables = inventory["all"]["vars"]
    del variables["aen_conda_method"]  # with a bundle it need not be said
    variables["aen_bundle"] = str(folder)
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho called >>{tmp_path}/calls\nexit 255\n", encoding="utf-8")
    ssh.chmod(0o755)
    command = ("ansible-playbook", "wakari.aen.site", "-i", str(tmp_path / "hosts.yml"))
    done = installed.run(*command, ANSIBLE_SSH_EXECUTABLE=str(ssh))
    return done.stdout, (tmp_path / "calls").is_file()


def damage(folder: Path) -> None:
    with (folder / "apt" / "bookworm.tar").open("r+b") as file:
        file.write(b"?")


def take_away(folder: Path) -> None:
    (folder / "channel" / "manifest.json").unlink()


def cut_manifest(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:40])


def lead_out(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"files": {"../../etc/passwd": "0"}}), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damage, "apt/bookworm.tar is damaged"),
        (take_away, "channel/manifest.json is missing"),
        (cut_manifest, "manifest.json is damaged"),
        (lead_out, "its manifest names ../../etc/passwd"),
        (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
    ],
)
def test_a_bundle_that_is_not_whole_is_refused_with_the_files_name(
    installed: Installed, unpacked: Path, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(unpacked)
    output, reached = site(installed, unpacked, tmp_path)
    assert said in " ".join(output.split())
    assert not reached


def test_a_whole_bundle_is_enough_for_the_inventory(installed: Installed, unpacked: Path, tmp_path: Path) -> None:
    output, reached = site(installed, unpacked, tmp_path)
    assert "The inventory must change" not in output, output
    assert reached


def test_the_packages_are_those_that_the_roles_ask_for() -> None:
    found = wanted.packages(ROOT)
    assert {"nginx-light", "libnginx-mod-http-lua", "python3-venv", "acl", "ca-certificates", "libcurl4"} <= found
    assert not [name for name in found if "{" in name or name.startswith("__")]


def test_apt_takes_the_repository_and_refuses_a_package_that_was_changed(tmp_path: Path) -> None:
    tree, repository = tmp_path / "tree", tmp_path / "repository"
    (tree / "DEBIAN").mkdir(parents=True)
    control = (
        "Package: aen-sample\nVersion: 1.2\nArchitecture: all\nMaintainer: nobody\nDescription: a sample\n of one\n"
    )
    (tree / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    repository.mkdir()
    file = repository / "aen-sample_1.2_all.deb"
    subprocess.run(["dpkg-deb", "--build", tree, file], check=True, capture_output=True)
    package = debian.read(file)
    assert (package.name, package.version, package.architecture) == ("aen-sample", "1.2", "all")
    index = debian.repository([package])["Packages"]
    assert isinstance(index, bytes)
    (repository / "Packages").write_bytes(index)

    assert download(repository, tmp_path / "first").returncode == 0
    file.write_bytes(file.read_bytes() + b"?")
    changed = download(repository, tmp_path / "second")
    assert changed.returncode != 0
    assert "unexpected size" in changed.stderr or "Hash Sum mismatch" in changed.stderr


def download(repository: Path, state: Path) -> subprocess.CompletedProcess[str]:
    """Ask apt for the sample, with that repository as its only source."""
    for folder in ("lists/partial", "archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [trusted=yes] file:{repository} ./\n", encoding="utf-8")
    settings = {
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    subprocess.run(["apt-get", *options, "update", "-q"], check=True, capture_output=True)
    command = ["apt-get", *options, "install", "-q", "-y", "--download-only", "aen-sample"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_bill_of_materials_names_each_wheel_once_and_each_package_with_its_hash(tmp_path: Path) -> None:
    for tier in ("server", "gateway"):
        archives.write(tmp_path / f"{tier}-cp311.tar", {"wheels/flask-3.1.3-py3-none-any.whl": b""})
    package = debian.Package(tmp_path, "acl", "2.3.1-3", "amd64", "0" * 64, "")
    components = [*sbom.wheels(sorted(tmp_path.glob("*.tar"))), *sbom.debian([package], "bookworm")]
    said = json.loads(sbom.document("wakari.aen", "0.1.0", components))
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6")
    assert [component["purl"] for component in said["components"]] == [
        "pkg:deb/debian/acl@2.3.1-3?arch=amd64&distro=bookworm",
        "pkg:pypi/flask@3.1.3",
    ]
    assert said["components"][0]["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
