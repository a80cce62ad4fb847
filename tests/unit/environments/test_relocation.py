# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wakari.environments.errors import EnvironmentsError
from wakari.environments.relocation import Relocation, check_prefix, shebang

SOURCE = "/opt/root"


def test_paths_with_the_same_beginning_are_left_alone() -> None:
    text = b"/opt/root/bin /opt/root2/bin /opt/root-old /opt/root.old '/opt/root' /opt/root:/opt/root."
    assert Relocation(SOURCE, "/p").text(text) == b"/p/bin /opt/root2/bin /opt/root-old /opt/root.old '/p' /p:/p."


def test_short_first_line_names_the_new_interpreter() -> None:
    assert Relocation(SOURCE, "/p/x").text(b"#!/opt/root/bin/python -I\nbody\n") == b"#!/p/x/bin/python -I\nbody\n"


@pytest.mark.parametrize("name", ["n" * 140, "with space"])
def test_script_with_unusable_first_line_runs_through_a_shell(tmp_path: Path, name: str) -> None:
    program = tmp_path / name / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    script = tmp_path / "script"
    content = b"#!/opt/root/bin/python -E\nimport sys\nprint(sys.flags.ignore_environment, sys.argv[1:])\n"
    script.write_bytes(Relocation(SOURCE, str(tmp_path / name)).text(content))
    script.chmod(0o755)
    done = subprocess.run([str(script), "a b", "c"], capture_output=True, text=True, check=True)
    assert done.stdout == "1 ['a b', 'c']\n"
    assert all(len(line) <= 128 for line in script.read_bytes().splitlines()[:1])


def test_other_interpreters_are_found_by_the_search_path() -> None:
    long = b"/" + b"n" * 140 + b"/bin/perl"
    assert shebang(long, b"") == b"#!/usr/bin/env perl\n"
    assert shebang(long, b"-w") == b"#!/usr/bin/env -S perl -w\n"


def test_binary_keeps_its_size_and_what_follows() -> None:
    content = b"\x01/opt/root/lib:/opt/root/lib2" + b"\0" * 43 + b"next\0"
    for destination in ("/p", "/longer/than/the/source"):
        changed = Relocation(SOURCE, destination).binary(content, placeholder_length=30)
        assert len(changed) == len(content)
        assert changed.startswith(b"\x01" + f"{destination}/lib:{destination}/lib2".encode() + b"\0")
        assert changed.endswith(b"\0next\0")


def test_binary_without_room_is_refused() -> None:
    relocation = Relocation(SOURCE, "/a/destination/beyond/the/placeholder")
    with pytest.raises(EnvironmentsError) as refused:
        relocation.binary(b"/opt/root/lib" + b"\0" * 60, placeholder_length=20)
    assert refused.value.code == "prefix_too_long"


def test_binary_never_eats_bytes_that_are_not_padding() -> None:
    with pytest.raises(EnvironmentsError):
        Relocation(SOURCE, "/opt/root/longer").binary(b"/opt/root/lib\0data" + b"\0" * 60, placeholder_length=200)


@pytest.mark.parametrize("prefix", ["relative", "/a'b", '/a"b', "/a$b", "/a`b", "/a\\b", "/a\nb", ""])
def test_prefix_that_a_script_cannot_hold_is_refused(prefix: str) -> None:
    with pytest.raises(EnvironmentsError, match="place of an environment"):
        check_prefix(prefix)


def test_links_that_lead_out_stay() -> None:
    relocation = Relocation(SOURCE, "/p")
    assert [relocation.link(target) for target in ("/opt/root/bin/x", "/opt/root", "/opt/root2", "../y", "/etc")] == [
        "/p/bin/x",
        "/p",
        "/opt/root2",
        "../y",
        "/etc",
    ]
