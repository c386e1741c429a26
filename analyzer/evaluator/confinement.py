"""Nets that Linux offers an ordinary process against itself: resource limits, Landlock, seccomp.

Each is tried and answers whether it holds; a system without one runs without it, and says so. The policy of
the interpreter does not rely on any of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
from collections.abc import Callable

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT, _BELOW_A_PATH = 444, 445, 446, 1
_WRITES_BY_ABI = ((1, 0x1FF2), (2, 0x2000), (3, 0x4000))
"""Rights to write, remove, make and (abi 2) refer or (abi 3) truncate files; reading stays free."""

_X86_64 = ("x86_64", 0xC000003E, (41, 42, 49, 59, 101, 322, 425))
_ARM_64 = ("aarch64", 0xC00000B7, (198, 203, 200, 221, 117, 281, 425))
"""Machine, its audit number, and its numbers of socket, connect, bind, execve, ptrace, execveat, io_uring_setup."""
_FORKS = {"x86_64": (57, 58, 56, 435), "aarch64": (-1, -1, 220, 435)}
"""Numbers of fork, vfork, clone and clone3; where there is none, one that no call has."""
_THREAD = 0x10000
"""The flag of clone that asks for a thread of this process."""


def apply_nets(cpu_seconds: int, address_bytes: int, workplace: str = "") -> tuple[str, ...]:
    """Put up every net the system offers; the identifiers of those that hold.

    With a `workplace`, files may be written below that directory, and no other process may be started.
    """
    tries: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("cpu_limit", lambda: _limit("RLIMIT_CPU", cpu_seconds)),
        ("address_limit", lambda: _limit("RLIMIT_AS", address_bytes)),
        ("no_core_files", lambda: _limit("RLIMIT_CORE", 0)),
        ("no_file_writes", lambda: _forbid_writes(workplace)),
        ("no_network_no_programs", _forbid_calls),
        *((("no_processes", _forbid_processes),) if workplace else ()),
    )
    return tuple(name for name, put_up in tries if put_up())


def _limit(name: str, amount: int) -> bool:
    try:
        import resource
    except ImportError:
        return False
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(getattr(resource, name))
        allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(getattr(resource, name), (allowed, hard))
        return True
    return False


def _libc() -> ctypes.CDLL | None:
    if platform.system() != "Linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _forbid_writes(workplace: str) -> bool:
    """Landlock: a rule set that handles all writing rights and grants none, but for those below `workplace`."""
    libc = _libc()
    if libc is None:
        return False
    abi = libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if abi < 1:
        return False
    handled = 0
    for least, rights in _WRITES_BY_ABI:
        handled |= rights if abi >= least else 0
    attributes = ctypes.create_string_buffer(struct.pack("Q", handled), 8)
    rules = libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), attributes, ctypes.c_size_t(8), ctypes.c_uint32(0))
    if rules < 0 or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    if workplace and not _allow_below(libc, rules, handled, workplace):
        return False
    held: bool = libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    os.close(rules)
    return held


def _allow_below(libc: ctypes.CDLL, rules: int, rights: int, directory: str) -> bool:
    place = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
    numbers = (ctypes.c_int(rules), ctypes.c_int(_BELOW_A_PATH), rule, ctypes.c_uint32(0))
    added: bool = libc.syscall(ctypes.c_long(_LANDLOCK_ADD_RULE), *numbers) == 0
    os.close(place)
    return added


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _forbid_calls() -> bool:
    """Seccomp: opening sockets and starting programs answers EPERM, everything else is allowed."""
    libc = _libc()
    machine = next((m for m in (_X86_64, _ARM_64) if m[0] == platform.machine()), None)
    if libc is None or machine is None or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return _install(libc, _filter(machine[1], list(machine[2])))


def _forbid_processes() -> bool:
    """Seccomp: fork answers EPERM, and so does clone unless it makes a thread; clone3, whose flags a filter cannot
    see, answers ENOSYS, upon which the C library falls back to clone.
    """
    libc, numbers = _libc(), _FORKS.get(platform.machine())
    if libc is None or numbers is None:
        return False
    fork, vfork, clone, clone3 = numbers
    load, equal, has, answer = 0x20, 0x15, 0x45, 0x06
    allow, not_permitted, not_there = 0x7FFF0000, 0x00050001, 0x00050026
    lines = (
        (load, 0, 0, 0), (equal, 5, 0, fork & 0xFFFFFFFF), (equal, 4, 0, vfork & 0xFFFFFFFF),
        (equal, 5, 0, clone3), (equal, 0, 3, clone),
        (load, 0, 0, 16), (has, 1, 0, _THREAD), (answer, 0, 0, not_permitted), (answer, 0, 0, allow),
        (answer, 0, 0, not_there),
    )  # fmt: skip
    return _install(libc, b"".join(struct.pack("HBBI", *line) for line in lines))


def _install(libc: ctypes.CDLL, code: bytes) -> bool:
    program = _Program(len(code) // 8, code)
    held: bool = libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0
    return held


def _filter(architecture: int, forbidden: list[int]) -> bytes:
    """Berkeley packet filter over (number, architecture) of a system call."""
    load, equal, answer = 0x20, 0x15, 0x06
    allow, refuse, end = 0x7FFF0000, 0x00050001, 0x80000000
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, end), (load, 0, 0, 0)]
    for number, call in enumerate(forbidden):
        lines.append((equal, len(forbidden) - number, 0, call))
    lines += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
