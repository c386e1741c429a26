"""What is read from a directory, what is left out, and what is said about it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.index import open_repository
from analyzer.index.entries import Entry, Limits, decoded, read_entries
from analyzer.records.errors import UserError


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def reasons(location: Path, limits: Limits | None = None) -> dict[str, str]:
    return {gap.where: gap.reason for gap in open_repository(str(location), limits=limits).gaps}


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda root: root / "nowhere", "does not exist"),
        (lambda root: root, "no files"),
        (lambda root: _file(root / "notes.txt", b"plain text"), "no archive"),
        (lambda root: _file(root / "broken.zip", b"PK\x03\x04 not really"), "no archive"),
        (lambda root: "package:surely-not-installed-anywhere", "not installed"),
        (lambda root: "package:../etc", "no package name"),
    ],
)
def test_wrong_input_is_a_user_error_that_says_what_to_do(tmp_path, make, what):
    with pytest.raises(UserError, match=what) as caught:
        open_repository(str(make(tmp_path)))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_files_come_in_one_order_whatever_the_disk_says(tmp_path):
    write(tmp_path, **{"b.py": "", "a__z.py": "", "a__b__c.py": "", "Z.py": ""})
    assert list(open_repository(str(tmp_path)).files) == ["Z.py", "a/b/c.py", "a/z.py", "b.py"]


def test_nested_gitignore_files_are_followed_and_can_take_files_back(tmp_path):
    write(
        tmp_path,
        **{
            ".gitignore": "*.txt\n/out/\n",
            "keep.py": "",
            "notes.txt": "",
            "out__x.py": "",
            "sub__.gitignore": "!notes.txt\nsecret.py\n",
            "sub__notes.txt": "",
            "sub__secret.py": "",
            "sub__out__y.py": "",
        },
    )
    assert set(open_repository(str(tmp_path)).files) == {"keep.py", "sub/notes.txt", "sub/out/y.py"}


def test_environments_and_hidden_directories_are_not_the_repository(tmp_path):
    write(
        tmp_path,
        **{
            "model.py": "",
            "env__pyvenv.cfg": "",
            "env__lib__site.py": "",
            ".hidden__x.py": "",
            "node_modules__y.py": "",
            "__pycache____z.py": "",
        },
    )
    (tmp_path / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / "__pycache__" / "z.py").write_text("")
    assert [path for path in open_repository(str(tmp_path)).files if not path.startswith("/")] == ["model.py"]


def test_a_huge_file_is_skipped_without_being_read(tmp_path):
    with open(tmp_path / "weights.json", "wb") as stream:
        stream.truncate(200_000_000)
    write(tmp_path, **{"model.py": "x = 1\n"})
    index = open_repository(str(tmp_path))
    assert list(index.files) == ["model.py"]
    assert [(gap.where, gap.reason, dict(gap.arguments)["bytes"]) for gap in index.gaps] == [
        ("weights.json", "file_too_large", "200000000")
    ]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(files=2), "too_many_files"),
        (Limits(total_bytes=10), "too_many_bytes"),
        (Limits(depth=1), "path_too_deep"),
        (Limits(file_bytes=4), "file_too_large"),
    ],
)
def test_a_limit_that_bites_is_stated(tmp_path, limits, reason):
    write(tmp_path, **{"a.py": "x = 1\n", "b.py": "y = 2\n", "deep__c.py": "z = 3\n"})
    assert reason in reasons(tmp_path, limits).values()
    assert not reasons(tmp_path)


def test_a_file_that_grows_beyond_its_stated_size_is_not_believed():
    reading = read_entries([Entry("a.py", 3, lambda limit: b"#" * limit)], Limits(file_bytes=10))
    assert [gap.reason for gap in reading.gaps] == ["file_too_large"]
    assert not reading.files


def test_links_never_lead_out_and_circles_end(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("password = 1\n")
    root = write(tmp_path / "repo", **{"real.py": "x = 1\n", "pkg__m.py": "y = 2\n"})
    (root / "inside.py").symlink_to("real.py")
    (root / "out.py").symlink_to(outside / "secret.py")
    (root / "up.py").symlink_to("../outside/secret.py")
    (root / "gone.py").symlink_to("nowhere.py")
    (root / "circle.py").symlink_to("circle.py")
    (root / "pkg" / "again").symlink_to(root)
    (root / "outdir").symlink_to(outside)
    index = open_repository(str(root))
    assert list(index.files) == ["inside.py", "pkg/m.py", "real.py"]
    assert {gap.where: gap.reason for gap in index.gaps} == {
        "circle.py": "link_in_a_circle",
        "gone.py": "link_without_target",
        "out.py": "link_leaves_repository",
        "outdir": "link_leaves_repository",
        "pkg/again": "link_to_directory",
        "up.py": "link_leaves_repository",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_and_directory_are_gaps(tmp_path):
    write(tmp_path, **{"a.py": "", "locked.py": "", "closed__b.py": ""})
    (tmp_path / "locked.py").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        assert reasons(tmp_path) == {"closed": "unreadable", "locked.py": "unreadable"}
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_an_error_of_the_disk_while_reading_is_a_gap():
    def fail(limit: int) -> bytes:
        raise OSError(5, "Input/output error")

    reading = read_entries([Entry("a.py", 1, fail)], Limits())
    assert [(gap.where, gap.reason) for gap in reading.gaps] == [("a.py", "unreadable")]


def test_what_is_no_regular_file_is_passed_over(tmp_path):
    write(tmp_path, **{"a.py": ""})
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(tmp_path)
        listener.bind("s.py")
        assert list(open_repository(".").files) == ["a.py"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\r\ny = 2\r", "x = 1\ny = 2\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        ("torch>=2\n".encode("utf-16"), "torch>=2\n"),
        (b"x = '\xff'\n", None),
        (b"x = 1\0\n", None),
        (b"# coding: no-such-encoding\nx = 1\n", "# coding: no-such-encoding\nx = 1\n"),
    ],
)
def test_text_is_decoded_as_python_would_or_not_at_all(data, text):
    assert decoded("python", data) == text


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.py", b"\xff\xfe\xfd bad", "not_utf8"),
        ("b.py", b"x\0y", "binary_content"),
        ("c.py", b"def f(:\n", "syntax_error"),
        ("d.py", b"x = 1\n  y = 2\n", "syntax_error"),
        ("e.py", b"print 'python two'\n", "syntax_error"),
        ("f.ipynb", b"{not json", "broken_notebook"),
        ("g.ipynb", b"[]", "broken_notebook"),
        ("h.py", b"(" * 5000 + b")" * 5000, ("syntax_error", "unparsable")),
    ],
)
def test_a_broken_file_is_a_gap_and_the_rest_is_read(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    write(tmp_path, **{"whole.py": "class A: pass\n"})
    index = open_repository(str(tmp_path))
    assert [definition.name for definition in index.symbols.classes()] == ["A"]
    (gap,) = index.gaps
    assert gap.where.startswith(name)
    assert gap.reason in (reason if isinstance(reason, tuple) else (reason,))


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_nothing_but_never_an_error(data):
    text = decoded("python", data)
    assert text is None or ("\0" not in text and "\r" not in text)


def test_a_nested_python_list_of_any_depth_does_not_stop_the_run(tmp_path):
    write(tmp_path, **{"deep.py": "x = " + "-" * 30_000 + "1\n"})
    index = open_repository(str(tmp_path))
    assert len(index.gaps) <= 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MIT License\n\nCopyright (c) 2022 A\n", "MIT"),
        ("The MIT License (MIT) Copyright (c) 2020 A\n", "MIT"),
        (
            "                                 Apache License\n                           Version 2.0, January 2004\n",
            "Apache-2.0",
        ),
        ("                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007\n", "GPL-3.0"),
        ("Attribution-NonCommercial 4.0 International\n\n=====\n", "CC-BY-NC-4.0"),
        ("BSD 3-Clause License\n", "BSD-3-Clause"),
        ("Copyright (c) 2020 A. All rights reserved.\n", None),
        ("You may do what MIT License people do.\n", None),
    ],
)
def test_the_licence_is_named_only_where_its_title_stands_first(tmp_path, text, name):
    write(tmp_path, **{"LICENSE": text, "a.py": ""})
    assert open_repository(str(tmp_path)).repository.license == name


def test_two_licences_are_no_licence(tmp_path):
    write(tmp_path, **{"LICENSE": "MIT License\n", "COPYING": "BSD 3-Clause License\n"})
    assert open_repository(str(tmp_path)).repository.license is None


def test_the_digest_depends_on_content_and_paths_alone(tmp_path):
    first = open_repository(str(write(tmp_path / "one", **{"a.py": "x = 1\n"}))).repository
    second = open_repository(str(write(tmp_path / "two", **{"a.py": "x = 1\n"}))).repository
    third = open_repository(str(write(tmp_path / "three", **{"b.py": "x = 1\n"}))).repository
    assert first.digest == second.digest != third.digest
    assert (first.files, first.lines, first.commit) == (1, 1, None)
