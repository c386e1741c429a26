"""What git knows of a directory, without trusting it: commit, web address, tracked files, changes.

The repository's own configuration is only read as text: git itself runs with an empty configuration and no
hooks or filters, because a crafted `.git/config` could otherwise start programs.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from analyzer.records.errors import UserError

CLONE_SECONDS = 600
QUERY_SECONDS = 60
URL = re.compile(r"^(?:https?|git|ssh|file)://|^[\w.-]+@[\w.-]+:(?!//)")
SAFE = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=true",
    "-c", "protocol.ext.allow=never", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=",
    "-c", "filter.lfs.required=false",
)  # fmt: skip


@dataclass(frozen=True)
class WorkTree:
    """Identity of the root of a work tree."""

    commit: str | None
    remote: str | None
    dirty: bool
    tracked: frozenset[str]


def is_git_url(location: str) -> bool:
    """True for an address that git can clone."""
    return URL.match(location) is not None


@contextmanager
def cloned(url: str) -> Iterator[Path]:
    """A shallow clone in a directory that is removed afterwards."""
    if shutil.which("git") is None:
        raise UserError("git is not installed", url, "install git, or download the repository and name its directory")
    with tempfile.TemporaryDirectory(prefix="deepdive-") as directory:
        target = Path(directory, "work")
        command = ["git", *SAFE, "clone", "--quiet", "--depth", "1", "--no-tags", "--template=", "--", url, str(target)]
        try:
            done = subprocess.run(command, env=_environment(), capture_output=True, timeout=CLONE_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise UserError("the repository could not be cloned in time", without_credentials(url)) from error
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = without_credentials(lines[-1]) if lines else "git failed"
            raise UserError(
                f"the repository cannot be cloned: {reason}",
                without_credentials(url),
                "check the address and the network",
            )
        yield target


def read_work_tree(root: Path) -> WorkTree | None:
    """Commit, remote and tracked files where `root` is the root of a work tree, else None."""
    git = _git_directory(root)
    if git is None:
        return None
    common = _common_directory(git)
    commit = _head_commit(git, common)
    remote = _remote(common / "config")
    if commit is None or shutil.which("git") is None:
        return WorkTree(commit, remote, True, frozenset())
    try:
        return WorkTree(commit, remote, *_compared(root, git, common, commit))
    except (OSError, subprocess.SubprocessError):
        return WorkTree(commit, remote, True, frozenset())


def _git_directory(root: Path) -> Path | None:
    """`.git`, or where the `.git` file of a linked work tree or submodule points."""
    git = root / ".git"
    if git.is_dir():
        return git if (git / "HEAD").is_file() else None
    if git.is_file():
        text = git.read_text("utf-8", "replace").strip()
        target = (root / text.removeprefix("gitdir:").strip()) if text.startswith("gitdir:") else None
        return target if target is not None and (target / "HEAD").is_file() else None
    return None


def _common_directory(git: Path) -> Path:
    shared = git / "commondir"
    return (git / shared.read_text("utf-8").strip()) if shared.is_file() else git


def _head_commit(git: Path, common: Path) -> str | None:
    head = (git / "HEAD").read_text("utf-8", "replace").strip()
    if not head.startswith("ref:"):
        return head if re.fullmatch(r"[0-9a-f]{40,64}", head) else None
    name = head.removeprefix("ref:").strip()
    for place in (git / name, common / name):
        if place.is_file():
            return place.read_text("utf-8", "replace").strip() or None
    packed = common / "packed-refs"
    lines = packed.read_text("utf-8", "replace").splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)


def _remote(config: Path) -> str | None:
    """Web address of `origin`, else of the first remote."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True, delimiters=("=",))
    try:
        lines = config.read_text("utf-8", "replace").splitlines()
        parser.read_string("\n".join(line.strip() for line in lines))
    except (OSError, configparser.Error):
        return None
    remotes = {name: parser[name].get("url") for name in parser.sections() if name.startswith("remote ")}
    url = remotes.get('remote "origin"') or next(filter(None, remotes.values()), None)
    return web_address(url) if url else None


def web_address(url: str) -> str | None:
    """`https://host/owner/name` of a remote, without user, password, port of ssh and `.git`; None for local paths."""
    match = re.match(r"^(?:[\w.-]+@)?([\w-]+\.[\w.-]+):(?!/)(.+)$", url)
    if match is not None:
        host, path = match.group(1), match.group(2)
    else:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "ssh", "git") or not parts.hostname:
            return None
        port = f":{parts.port}" if parts.port and parts.scheme.startswith("http") else ""
        host, path = parts.hostname + port, parts.path
    path = path.strip("/").removesuffix(".git")
    return f"https://{host}/{path}" if path else None


def without_credentials(text: str) -> str:
    """The text with user and password of addresses removed."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1", text)


def _compared(root: Path, git: Path, common: Path, commit: str) -> tuple[bool, frozenset[str]]:
    """Whether tracked files that are there differ from the commit, and which files are tracked."""
    with tempfile.TemporaryDirectory(prefix="deepdive-") as directory:
        own = Path(directory)
        (own / "refs").mkdir()
        (own / "HEAD").write_text(f"{commit}\n", "utf-8")
        (own / "config").write_text(_own_config(commit), "utf-8")
        objects = {"GIT_DIR": str(own), "GIT_WORK_TREE": str(root), "GIT_OBJECT_DIRECTORY": str(common / "objects")}
        environment = {**_environment(), **objects}
        _read_commit(root, git / "index", own / "index", commit, environment)
        tracked = _lines(["ls-files", "-z"], root, environment)
        _lines(["update-index", "-q", "--refresh"], root, environment, check=False)
        changed = _lines(
            ["diff-files", "-z", "--name-only", "--diff-filter=d", "--ignore-submodules"], root, environment
        )
        return bool(changed), frozenset(tracked)


def _read_commit(root: Path, theirs: Path, own: Path, commit: str, environment: dict[str, str]) -> None:
    """An index of the commit; a copy of the work tree's own saves reading every file where it can be merged."""
    if theirs.is_file():
        shutil.copyfile(theirs, own)
        try:
            _lines(["read-tree", "-m", commit], root, environment)
            return
        except subprocess.CalledProcessError:
            own.unlink()
    _lines(["read-tree", commit], root, environment)


def _own_config(commit: str) -> str:
    kind = "[extensions]\n\tobjectFormat = sha256\n" if len(commit) == 64 else ""
    version = 1 if kind else 0
    return f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n{kind}"


def _lines(arguments: list[str], root: Path, environment: dict[str, str], check: bool = True) -> list[str]:
    command = ["git", *SAFE, *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=QUERY_SECONDS, check=check)
    return [line for line in done.stdout.decode("utf-8", "surrogateescape").split("\0") if line]


def _environment() -> dict[str, str]:
    """The caller's environment without git's own variables, with nothing that asks or runs on its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
    return {**kept, **quiet, "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
