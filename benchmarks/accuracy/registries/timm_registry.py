"""Every architecture of timm's registry as entries of a list: default arguments, its configuration's input size."""

from __future__ import annotations

import json
import sys

from benchmarks.accuracy.operators import declare_missing_operators


def main() -> None:
    """Write the entries to standard output."""
    declare_missing_operators()
    import timm
    from timm.models import get_pretrained_cfg, model_entrypoint

    entries = []
    for name in timm.list_models():
        module = model_entrypoint(name).__module__
        size = ", ".join(map(str, get_pretrained_cfg(name).input_size))
        entries.append(
            {
                "name": name,
                "file": module.replace(".", "/") + ".py",
                "build": f"{name}()",
                "inputs": [f"x: float32[B=2, {size}]"],
            }
        )
    json.dump(entries, sys.stdout)


if __name__ == "__main__":
    main()
