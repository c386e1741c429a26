"""Command lines that fill objects of the repository's own classes: `HfArgumentParser((Model, Data))`, `tyro.cli(Args)`.

Sources: transformers documentation, "HfArgumentParser"; the manuals of tyro, simple_parsing, draccus and pyrallis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.facts.flow.objects import Container, Instance, Klass, Types
from analyzer.facts.flow.questions import Questions

FILLED = "<filled>"
FILLING = frozenset(
    {
        "parse_args_into_dataclasses", "parse_json_file", "parse_yaml_file", "parse_dict", "parse_args_and_config",
        "parse_known_args_into_dataclasses",
    }
)  # fmt: skip
"""Methods that return the objects in the order in which their classes were given."""
CLASS_READERS = frozenset({"tyro.cli", "simple_parsing.parse", "draccus.parse", "pyrallis.parse"})
"""Calls that fill one object of the class that they are given."""


def keep_filled(inference: Questions, site: str, given: Sequence[Types]) -> None:
    """Remember the classes that a parser is given, alone or in a tuple or list."""
    for place, found in enumerate(classes_of(inference, given)):
        inference.add(inference.slots, (f"{site}{FILLED}", str(place)), found)


def filled_instances(inference: Questions, given: Sequence[Types]) -> Types:
    """The object that a call fills."""
    return next(iter(classes_of(inference, given)), frozenset())


def classes_of(inference: Questions, given: Sequence[Types]) -> Iterator[Types]:
    for types in given[:1]:
        for item in sorted(types, key=repr):
            if isinstance(item, Klass):
                yield frozenset({Instance(item.owner)})
            elif isinstance(item, Container):
                for key in sorted((k for k in inference.keys_of(item.site) if k.isdigit()), key=int):
                    held = inference.slots.get((item.site, key))
                    yield frozenset(Instance(k.owner) for k in held if isinstance(k, Klass))
