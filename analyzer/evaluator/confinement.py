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
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_WRITES_BY_ABI = ((1, 0x1FF2), (2, 0x2000), (3, 0x4000))
"""Rights to write, remove, make and (abi 2) refer or (abi 3) truncate files; reading stays free."""

_X86_64 = ("x86_64", 0xC000003E, (41, 42, 49, 59, 101, 322, 425))
_ARM_64 = ("aarch64", 0xC00000B7, (198, 203, 200, 221, 117, 281, 425))
"""Machine, its audit number, and its numbers of socket, connect, bind, execve, ptrace, execveat, io_uring_setup."""


def apply_nets(cpu_seconds: int, address_bytes: int) -> tuple[str, ...]:
    """Put up every net the system offers; the identifiers of those that hold."""
    tries: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("cpu_limit", lambda: _limit("RLIMIT_CPU", cpu_seconds)),
        ("address_limit", lambda: _limit("RLIMIT_AS", address_bytes)),
        ("no_core_files", lambda: _limit("RLIMIT_CORE", 0)),
        ("no_file_writes", _forbid_writes),
        ("no_network_no_programs", _forbid_calls),
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


def _forbid_writes() -> bool:
    """Landlock: a rule set that handles all writing rights and grants none."""
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
    held: bool = libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    os.close(rules)
    return held


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _forbid_calls() -> bool:
    """Seccomp: opening sockets and starting programs answers EPERM, everything else is allowed."""
    libc = _libc()
    machine = next((m for m in (_X86_64, _ARM_64) if m[0] == platform.machine()), None)
    if libc is None or machine is None or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = _filter(machine[1], list(machine[2]))
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
