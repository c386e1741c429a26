"""Names that libraries dropped, with the first version without them, as their release notes state."""

from __future__ import annotations

_GONE = {
    ("numpy", "1.24"): ("numpy", "float int object complex str"),
    ("numpy", "2.0"): ("numpy", "Inf Infinity NaN NINF PINF float_ complex_ unicode_ string_ cast asfarray round_"),
    ("torch", "1.8"): ("torch", "rfft irfft"),
    ("torch", "2.0"): ("torch._six", "string_classes container_abcs int_classes inf"),
    ("pillow", "10.0"): ("PIL.Image", "ANTIALIAS LINEAR CUBIC"),
    ("scipy", "1.2"): ("scipy.misc", "imread imsave"),
    ("scipy", "1.3"): ("scipy.misc", "imresize"),
    ("scikit-learn", "0.23"): ("sklearn.externals", "joblib"),
    ("python", "3.10"): ("collections", "Mapping MutableMapping Sequence MutableSequence Iterable Callable Set"),
    ("python", "3.11"): ("inspect", "getargspec"),
}
REMOVED: dict[str, tuple[str, str]] = {
    f"{module}.{name}": gone for gone, (module, names) in _GONE.items() for name in names.split()
}
"""Dotted name → distribution and the first version without it."""
