"""Archives, git repositories and installed packages as origins; nothing of them is unpacked, run or imported."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.index import open_repository
from analyzer.index.git import is_git_url, web_address, without_credentials
from analyzer.records.errors import UserError

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def work_tree(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "sub").mkdir(parents=True)
    (root / "model.py").write_text("x = 1\n")
    (root / "sub" / "data.py").write_text("y = 1\n")
    (root / ".gitignore").write_text("*.log\nsub/\n")
    git(root, "init", "-q")
    git(root, "add", "-f", ".")
    git(root, "commit", "-qm", "first")
    return root


def test_commit_and_remote_are_known_at_the_root_of_a_work_tree_only(work_tree):
    git(work_tree, "remote", "add", "origin", "git@example.org:owner/project.git")
    at_root = open_repository(str(work_tree)).repository
    assert at_root.commit == git(work_tree, "rev-parse", "HEAD")
    assert at_root.remote == "https://example.org/owner/project"
    assert not at_root.dirty
    below = open_repository(str(work_tree / "sub")).repository
    assert (below.commit, below.remote) == (None, None)


def test_tracked_files_are_read_although_they_are_ignored(work_tree):
    (work_tree / "run.log").write_text("x")
    assert list(open_repository(str(work_tree)).files) == ["model.py", "sub/data.py"]


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        (lambda root: (root / "model.py").write_text("x = 2\n"), True),
        (lambda root: (root / "new.py").write_text("x = 2\n"), False),
        (lambda root: (root / "model.py").touch(), False),
        (lambda root: (root / "sub" / "data.py").unlink(), False),
    ],
)
def test_dirty_means_that_a_tracked_file_reads_otherwise(work_tree, change, dirty):
    change(work_tree)
    assert open_repository(str(work_tree)).repository.dirty is dirty


def test_a_staged_change_is_a_difference_too(work_tree):
    (work_tree / "model.py").write_text("x = 3\n")
    git(work_tree, "add", "model.py")
    assert open_repository(str(work_tree)).repository.dirty


def test_programs_named_in_the_repository_are_not_started(work_tree, tmp_path):
    witness = tmp_path / "started"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {witness}\ncat\n")
    script.chmod(0o755)
    (work_tree / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    for name in ("filter.evil.clean", "filter.evil.smudge", "core.fsmonitor", "core.pager", "diff.evil.textconv"):
        git(work_tree, "config", name, str(script))
    hook = work_tree / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script.read_text())
    hook.chmod(0o755)
    (work_tree / "model.py").write_text("x = 1 \n")
    assert open_repository(str(work_tree)).repository.dirty
    assert not witness.exists()


def test_a_linked_work_tree_and_a_packed_reference_are_followed(work_tree, tmp_path):
    git(work_tree, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    git(work_tree, "pack-refs", "--all")
    linked = open_repository(str(tmp_path / "linked")).repository
    assert linked.commit == git(work_tree, "rev-parse", "HEAD")
    assert open_repository(str(work_tree)).repository.commit == linked.commit


@pytest.mark.parametrize("content", ["", "gitdir: nowhere\n", "junk"])
def test_a_git_file_that_points_nowhere_is_no_work_tree(tmp_path, content):
    (tmp_path / ".git").write_text(content)
    (tmp_path / "a.py").write_text("")
    assert open_repository(str(tmp_path)).repository.commit is None


def test_a_repository_without_a_commit_has_no_identity(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("")
    assert open_repository(str(tmp_path)).repository.commit is None


def test_a_git_url_is_cloned_and_named_after_its_last_part(work_tree):
    index = open_repository(work_tree.as_uri() + "/.git")
    assert index.repository.commit == git(work_tree, "rev-parse", "HEAD")
    assert index.repository.remote is None
    assert "model.py" in index.files


@pytest.mark.parametrize("url", ["file:///nowhere/at/all.git", "https://user:secret@127.0.0.1:9/x.git"])
def test_an_unreachable_url_is_one_clear_line_without_credentials(url):
    with pytest.raises(UserError, match="cannot be cloned") as caught:
        open_repository(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("ssh://git@host.org:2222/owner/name.git", "https://host.org/owner/name"),
        ("https://user:token@host.org/owner/name.git", "https://host.org/owner/name"),
        ("https://host.org:8443/owner/name/", "https://host.org:8443/owner/name"),
        ("http://host.org/name", "https://host.org/name"),
        ("git://host.org/name.git", "https://host.org/name"),
        ("../other", None),
        ("/srv/git/name.git", None),
        ("file:///srv/name.git", None),
        ("C:/work/name", None),
    ],
)
def test_remotes_become_web_addresses_or_nothing(url, address):
    assert web_address(url) == address


@given(st.text(alphabet="abc:@/.", max_size=30), st.sampled_from(["https", "ssh", "http"]))
def test_credentials_never_stay_in_an_address(rest, scheme):
    url = f"{scheme}://user:pass@{rest}"
    assert "user:pass" not in without_credentials(url)


@pytest.mark.parametrize(
    ("location", "is_url"),
    [("https://a.org/b", True), ("git@a.org:b", True), ("file:///b", True), ("ssh://a/b", True),
     ("./a", False), ("a/b", False), ("package:einops", False), ("C:\\x", False), ("ext::sh -c x", False)],
)  # fmt: skip
def test_addresses_are_told_from_paths(location, is_url):
    assert is_git_url(location) is is_url


# archives


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(("make", "suffix"), [(make_zip, ".zip"), (make_tar, ".tar.gz"), (make_zip, ".whl")])
def test_an_archive_is_read_like_a_directory(tmp_path, make, suffix):
    files = {"proj-main/b.py": b"x = 1\n", "proj-main/a/m.py": b"y = 2\n", "proj-main/.git/config": b""}
    index = open_repository(str(make(tmp_path / f"proj-main{suffix}", files)))
    assert list(index.files) == ["a/m.py", "b.py"]
    assert (index.repository.name, index.repository.commit) == ("proj-main", None)
    assert not index.gaps


def test_the_directory_of_a_wheel_is_its_package_and_stays(tmp_path):
    files = {"pkg/__init__.py": b"", "pkg/m.py": b"", "pkg-1.0.dist-info/METADATA": b"Name: pkg\n"}
    index = open_repository(str(make_zip(tmp_path / "pkg-1.0-py3-none-any.whl", files)))
    assert list(index.files) == ["pkg-1.0.dist-info/METADATA", "pkg/__init__.py", "pkg/m.py"]


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "a\\..\\..\\evil.py"])
def test_no_path_of_an_archive_escapes(tmp_path, make, name):
    index = open_repository(str(make(tmp_path / "x.archive", {name: b"x = 1\n", "good.py": b""})))
    assert list(index.files) == ["good.py"]
    assert [gap.reason for gap in index.gaps] == ["path_leaves_archive"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.archive"]


def test_links_in_an_archive_are_not_followed(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        link = tarfile.TarInfo("passwd.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        info = tarfile.TarInfo("a.py")
        archive.addfile(info, io.BytesIO(b""))
    index = open_repository(str(tmp_path / "x.tar"))
    assert list(index.files) == ["a.py"]
    assert [gap.reason for gap in index.gaps] == ["link_in_archive"]


def test_a_bomb_is_a_file_that_is_too_large(tmp_path):
    path = make_zip(tmp_path / "bomb.zip", {"bomb.json": b"0" * 50_000_000, "a.py": b"x = 1\n"})
    assert path.stat().st_size < 100_000
    index = open_repository(str(path))
    assert list(index.files) == ["a.py"]
    assert [gap.reason for gap in index.gaps] == ["file_too_large"]


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path):
    path = make_zip(tmp_path / "liar.zip", {"bomb.json": b"0" * 50_000_000})
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    index = open_repository(str(path))
    assert sum(file.size for file in index.files.values()) <= 10
    assert all(gap.reason in ("unreadable", "file_too_large") for gap in index.gaps)


def test_a_tar_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("analyzer.index.archives.MOST_UNPACKED", 1_000_000)
    path = make_tar(tmp_path / "bomb.tar.gz", {"a.py": b"", "big.bin": b"0" * 5_000_000, "z.py": b""})
    with pytest.raises(UserError, match="archive"):
        open_repository(str(path))


def test_a_damaged_archive_is_a_user_error(tmp_path):
    path = make_tar(tmp_path / "cut.tar.gz", {f"{n}.py": bytes(range(256)) * 40 for n in range(40)})
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(UserError):
        open_repository(str(path))


# installed packages


def test_an_installed_package_is_read_and_not_imported():
    sys.modules.pop("torchinfo", None)
    index = open_repository("package:torchinfo")
    assert "torchinfo" not in sys.modules
    assert "torchinfo/torchinfo.py" in index.files
    assert not any(path.endswith(".pyc") for path in index.files)
    assert (index.repository.name, index.repository.commit) == ("torchinfo", None)


def test_a_package_is_found_by_the_name_it_is_imported_by_as_well():
    assert open_repository("package:ruamel.yaml").files
    assert open_repository("package:yaml").files


def test_an_additional_package_is_readable_but_not_part_of_the_repository(tmp_path):
    (tmp_path / "m.py").write_text("from einops import rearrange\n")
    index = open_repository(str(tmp_path), packages=("einops",))
    assert index.files["site-packages/einops/einops.py"].package == "einops"
    assert list(index.trees()) == ["m.py"]
    assert index.repository.files == 1
    found = index.symbols.resolve("m.py", "rearrange")
    assert getattr(found, "qualified_name", None) == "site-packages/einops/einops.py:rearrange"
    assert all(not d.path.startswith("site-packages") for d in index.symbols.functions())
