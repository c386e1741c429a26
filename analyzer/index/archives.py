"""Files of a `.zip`, `.whl` or tar archive, read in memory; nothing is ever extracted to the disk.

Paths that would leave the archive and links are refused; how much a member may unpack to is bounded by reading.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from analyzer.index.directories import SKIPPED
from analyzer.index.entries import Entry, Limits, Reader
from analyzer.records.errors import UserError
from analyzer.records.evidence import Gap

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_UNPACKED = 2_000_000_000
"""A compressed tar must be unpacked up to the member that is read; beyond this it is taken for a bomb."""
DAMAGED = (
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def is_archive(path: Path) -> bool:
    """True for a file that can be read as an archive."""
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def read_archive(path: Path) -> list[Entry | Gap]:
    """Entries in path order, without the single directory that all of them may share."""
    try:
        found = list(_of_zip(path) if zipfile.is_zipfile(path) else _of_tar(path))
    except DAMAGED as error:
        message = "the archive is damaged"
        raise UserError(message, str(path), f"unpack it yourself and name the directory ({error})") from error
    return _without_top(sorted(found, key=lambda item: item.path if isinstance(item, Entry) else item.where))


def _of_zip(path: Path) -> Iterator[Entry | Gap]:
    archive = zipfile.ZipFile(path)
    seen: set[str] = set()
    for info in archive.infolist():
        problem = _problem(info.filename, info.external_attr >> 16 & 0o170000 == 0o120000)
        if problem is not None:
            yield Gap(info.filename, problem)
        elif not info.is_dir() and _is_wanted(info.filename) and info.filename not in seen:
            seen.add(info.filename)
            yield Entry(str(PurePosixPath(info.filename)), info.file_size, _zip_reader(archive, info))


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Reader:
    def read(limit: int) -> bytes:
        try:
            with archive.open(info) as stream:
                return stream.read(limit)
        except DAMAGED as error:
            raise OSError(0, str(error) or type(error).__name__) from error

    return read


class _Bounded(io.RawIOBase):
    """An unpacked stream that refuses to go on for ever."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self._count += len(data)
        if self._count > MOST_UNPACKED:
            raise tarfile.ReadError("it unpacks to more than the limit")
        return len(data)


OPENERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))


def _unpacked(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        start = stream.read(6)
    opener = next((opener for mark, opener in OPENERS if start.startswith(mark)), open)
    return cast(IO[bytes], opener(path, "rb"))


def _of_tar(path: Path) -> Iterator[Entry | Gap]:
    """A tar is read once from front to back; the members that matter are kept in memory."""
    with _unpacked(path) as stream, tarfile.open(fileobj=cast(IO[bytes], _Bounded(stream)), mode="r|") as archive:
        for member in archive:
            problem = _problem(member.name, member.issym() or member.islnk())
            if problem is not None:
                yield Gap(member.name, problem)
            elif member.isfile() and _is_wanted(member.name):
                yield _tar_entry(member, archive.extractfile(member))


def _tar_entry(member: tarfile.TarInfo, stream: IO[bytes] | None) -> Entry:
    data = stream.read() if stream is not None and member.size <= Limits().bytes_of(member.name) else b""
    return Entry(str(PurePosixPath(member.name)), member.size, lambda limit: data[:limit])


def _problem(name: str, is_link: bool) -> str | None:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or (parts.parts and parts.parts[0].endswith(":")):
        return "path_leaves_archive"
    return "link_in_archive" if is_link else None


def _is_wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") and part != "." for part in parts)
    return not hidden and not SKIPPED & set(parts) and not any(part.endswith(".egg-info") for part in parts)


def _without_top(found: list[Entry | Gap]) -> list[Entry | Gap]:
    entries = [item for item in found if isinstance(item, Entry)]
    tops = {entry.path.split("/")[0] for entry in entries}
    if len(tops) != 1 or any("/" not in entry.path for entry in entries):
        return found
    top = tops.pop()
    if any(entry.path == f"{top}/__init__.py" for entry in entries):
        return found
    shorter = len(top) + 1
    return [Entry(item.path[shorter:], item.size, item.read) if isinstance(item, Entry) else item for item in found]
