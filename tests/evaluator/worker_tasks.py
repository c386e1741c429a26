"""Tasks that a worker is given in tests: well-behaved, endless, greedy, dying."""

import os
import socket
from pathlib import Path


def echo(payload):
    yield payload
    yield {"seen": payload}


def endless(payload):
    yield "first"
    while True:
        pass


def greedy(payload):
    yield "first"
    blocks = []
    while True:
        blocks.append(bytearray(64 * 2**20))


def dying(payload):
    yield "first"
    os._exit(7)


def raising(payload):
    yield "first"
    raise ValueError("no such thing")


def escaping(payload):
    for attempt in (lambda: Path(payload).touch(), socket.socket, lambda: os.execv("/bin/true", ["true"])):
        try:
            attempt()
            yield "allowed"
        except OSError as error:
            yield type(error).__name__


def environment(payload):
    yield sorted(os.environ)
