"""Versions that compare part by part, numbers as numbers."""

import re


class LooseVersion:
    def __init__(self, vstring=None):
        self.vstring = vstring or ""
        parts = [part for part in re.split(r"(\d+|[a-z]+|\.)", self.vstring) if part and part != "."]
        self.version = [int(part) if part.isdigit() else part for part in parts]

    def _of(self, other):
        return (LooseVersion(other) if isinstance(other, str) else other).version

    def __str__(self):
        return self.vstring

    def __eq__(self, other):
        return self.version == self._of(other)

    def __lt__(self, other):
        return self.version < self._of(other)

    def __le__(self, other):
        return self.version <= self._of(other)

    def __gt__(self, other):
        return self.version > self._of(other)

    def __ge__(self, other):
        return self.version >= self._of(other)


StrictVersion = LooseVersion
