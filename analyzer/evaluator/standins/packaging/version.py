"""Versions by their numbers; a version before the release is smaller than the release."""
import re

_FORM = re.compile(r"v?(\d+(?:\.\d+)*)[-_.]?(dev|a|alpha|b|beta|rc|c|post)?\.?(\d*)(?:[.+-].*)?")
_ORDER = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "rc": -1, "c": -1, None: 0, "post": 1}


class InvalidVersion(ValueError):
    pass


class Version:
    def __init__(self, version):
        found = _FORM.fullmatch(str(version).strip().lower())
        if found is None:
            raise InvalidVersion(f"Invalid version: {version!r}")
        self._text = str(version)
        self.release = tuple(int(part) for part in found.group(1).split("."))
        numbers = list(self.release)
        while numbers and numbers[-1] == 0:
            numbers.pop()
        self._key = (tuple(numbers), _ORDER[found.group(2)], int(found.group(3) or 0))

    def __str__(self):
        return self._text

    @property
    def major(self):
        return self.release[0]

    @property
    def minor(self):
        return self.release[1] if len(self.release) > 1 else 0

    @property
    def micro(self):
        return self.release[2] if len(self.release) > 2 else 0

    @property
    def base_version(self):
        return ".".join(str(part) for part in self.release)

    def __eq__(self, other):
        return self._key == other._key

    def __hash__(self):
        return hash(self._key)

    def __lt__(self, other):
        return self._key < other._key

    def __le__(self, other):
        return self._key <= other._key

    def __gt__(self, other):
        return self._key > other._key

    def __ge__(self, other):
        return self._key >= other._key


def parse(version):
    return Version(version)
