"""Writes `models/transformers.toml`: the base class of every model family of transformers, default configuration.

`python -m benchmarks.accuracy.registries.transformers_families FILE [FAMILY…]` with transformers importable. Each
family is tried in a fork: layers are made few, and where that is not small enough also vocabularies, experts and
widths, by rules that know names of settings and no family; inputs follow from the signature and the configuration.
Tensors without contents come first, so that size costs nothing; what computes on its values is run on real ones.
What the file has already, found or failed, is kept; families that are named are tried again. A family that is built
but runs on no inputs that are known here stays in the list for its totals (`not_called` says why).
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.accuracy.execution import arguments, evaluated
from benchmarks.accuracy.forks import in_fork
from benchmarks.accuracy.model_lists import models_in
from benchmarks.accuracy.operators import declare_missing_operators
from benchmarks.accuracy.registries.transformers_inputs import candidates
from benchmarks.accuracy.registries.transformers_settings import RULES, Rule, Settings, changed, worded

SECONDS = 300.0
MIB = 14_000
PARAMETERS = 800_000_000
Entry = Mapping[str, Any]


def main() -> None:
    """Try the families that the file does not have, in an order that mixes their names."""
    torch.set_num_threads(1)
    declare_missing_operators()
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES  # type: ignore[import-not-found]

    file = Path(sys.argv[1])
    found, failed = read(file)
    mixed = sorted(MODEL_MAPPING_NAMES, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    for family in sys.argv[2:] or [name for name in mixed if name not in found and name not in failed]:
        answer = in_fork(
            lambda request: entry(request["family"]), {"family": family, "limit": SECONDS, "limit_mib": MIB}
        )
        print(family, answer.get("failed") or answer["build"], file=sys.stderr, flush=True)
        if "failed" in answer:
            failed[family] = str(answer["failed"])
            found.pop(family, None)
        else:
            found[family] = answer
            failed.pop(family, None)
        write(file, found, failed)


def read(file: Path) -> tuple[dict[str, Entry], dict[str, str]]:
    """What an earlier run found, and the families that failed with their reasons."""
    if not file.exists():
        return {}, {}
    text = file.read_text(encoding="utf-8")
    found = {item["name"]: item for item in models_in(text)}
    return found, dict(re.findall(r"^# ([\w.-]+): (.*)$", text, re.MULTILINE))


def write(file: Path, found: Mapping[str, Entry], failed: Mapping[str, str]) -> None:
    """The list, so that it is read and compared easily; the failures as comments."""
    lines = ["# Made by registries/transformers_families.py.", "[source]", 'packages = ["transformers"]']
    lines += ["used_for_fixing = true", 'device = "meta"', 'imported_once = ["transformers"]', ""]
    seen: dict[tuple[str, str], str] = {}
    for family, item in found.items():
        if (other := seen.setdefault((item["file"], item["build"]), family)) != family:
            lines += [f"# {family}: the same as {other}"]
            continue
        inputs = ", ".join(f'"{text}"' for text in item["inputs"])
        lines += ["[[model]]", f'name = "{family}"', f'file = "{item["file"]}"', f'build = "{item["build"]}"']
        lines += [f"inputs = [{inputs}]"]
        if "not_called" in item:
            lines += [f"not_called = {json.dumps(item['not_called'])}"]
        lines += [""]
    lines += [f"# {family}: {reason}" for family, reason in failed.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def entry(family: str) -> Entry:
    """How one family is built and called, `failed` where nothing works."""
    from transformers.models import auto  # type: ignore[import-not-found]

    try:
        config_class = auto.configuration_auto.CONFIG_MAPPING[family]
        model_class = auto.modeling_auto.MODEL_MAPPING[config_class]
        if isinstance(model_class, (tuple, list)):
            model_class = model_class[0]
        config_class()
        inspect.signature(model_class.forward)
    except Exception as error:
        return {"failed": f"default configuration: {_first_line(error)}"}
    reasons: list[str] = []
    builds: dict[Rule, str] = {}
    for rule in RULES:
        try:
            builds[rule] = build_of(config_class, model_class, rule)
        except Exception as error:
            reasons.append(f"{rule.__name__}: {_first_line(error)}")
    scope = vars(sys.modules[model_class.__module__])
    file = model_class.__module__.replace(".", "/") + ".py:" + model_class.__name__
    for device, rule in [(device, rule) for device in ("meta", "cpu") for rule in builds]:
        try:
            inputs = inputs_for(builds[rule], scope, device)
        except Exception as error:
            reasons.append(f"{rule.__name__} on {device}: {_first_line(error)}")
            continue
        return {"file": file, "build": builds[rule], "inputs": list(inputs)}
    if builds:
        return {"file": file, "build": next(iter(builds.values())), "inputs": [], "not_called": reasons[-1]}
    return {"failed": " | ".join(reasons)}


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:120]


def build_of(config_class: Any, model_class: Any, rule: Rule) -> str:
    """The expression that builds the model under one rule; where the default is incomplete, with what it lacks."""
    try:
        return _built(config_class, model_class, changed(config_class(), rule))
    except Exception:
        settings = changed(config_class(), rule, complete=True)
        return _built(config_class, model_class, settings)


def _built(config_class: Any, model_class: Any, settings: Settings) -> str:
    call = f"{model_class.__name__}({config_class.__name__}({worded(settings)}))"
    build = f"from {config_class.__module__} import {config_class.__name__}; {call}"
    with torch.device("meta"):
        evaluated(build, vars(sys.modules[model_class.__module__]))
    return build


def inputs_for(build: str, scope: Mapping[str, Any], device: str) -> tuple[str, ...]:
    """The first inputs on which the built model runs; models with contents must be small."""
    with torch.device("meta"):
        model = evaluated(build, scope)
    if device == "cpu":
        size = sum(parameter.numel() for parameter in model.parameters())
        if size > PARAMETERS:
            raise ValueError(f"{size} parameters")
        model = evaluated(build, scope)
    return first_that_run(model.eval(), device)


def first_that_run(model: Any, device: str) -> tuple[str, ...]:
    """Of the inputs that names and configuration suggest; the first error where none does."""
    first: Exception | None = None
    for inputs in dict.fromkeys(candidates(model, model.config)):
        try:
            with torch.no_grad(), torch.device(device):
                args, kwargs = arguments(model, {"method": "forward", "inputs": inputs})
                model(*args, **kwargs)
            return inputs
        except Exception as error:
            first = first or error
    raise first or ValueError("no inputs known")


if __name__ == "__main__":
    main()
