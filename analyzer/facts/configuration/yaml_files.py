"""YAML files, read through ruamel.yaml's node graph, so that every scalar keeps its line.

YAML 1.2 rules decide what a scalar is (`1e-4` is a number). Aliases are expanded within a budget: a file that
expands to more (a YAML bomb) is a gap, not a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from analyzer.facts.configuration.mapping_files import MAX_LEAVES, Leaf, TooLarge, candidates
from analyzer.index import SourceIndex
from analyzer.records.configuration import PlainValue
from analyzer.records.evidence import Gap

SUFFIXES = (".yaml", ".yml")
MAX_DEPTH = 40
MAX_VISITS = 20_000
TAG = "tag:yaml.org,2002:"


def find_gaps(index: SourceIndex) -> tuple[Gap, ...]:
    """Files that are not YAML, or expand beyond all measure."""
    return tuple(gap for path in candidates(index, SUFFIXES) if isinstance(gap := read(index, path), Gap))


@lru_cache(maxsize=2048)
def read(index: SourceIndex, path: str) -> list[Leaf] | Gap:
    """The leaves of one file, or why it has none."""
    try:
        documents = list(YAML(typ="rt", pure=True).compose_all(index.text(path)))
        budget = _Budget()
        return [leaf for document in documents if document is not None for leaf in _leaves(document, "", budget, 0)]
    except TooLarge:
        return Gap(path, "yaml_expands_too_far", (("limit", str(MAX_VISITS)),))
    except (YAMLError, ValueError, RecursionError, AttributeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        return Gap(f"{path}:{line}", "yaml_not_readable", (("message", type(error).__name__),))


class _Budget:
    """Counts visited nodes."""

    def __init__(self) -> None:
        self.left = MAX_VISITS

    def spend(self, depth: int) -> None:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            raise TooLarge


def _leaves(node: Node, name: str, budget: _Budget, depth: int) -> Iterator[Leaf]:
    budget.spend(depth)
    if isinstance(node, MappingNode):
        for key, value in _pairs(node, budget, depth):
            yield from _leaves(value, f"{name}.{key}" if name else key, budget, depth + 1)
    elif isinstance(node, SequenceNode) and not all(isinstance(item, ScalarNode) for item in node.value):
        for place, item in enumerate(node.value):
            yield from _leaves(item, f"{name}[{place}]", budget, depth + 1)
    elif isinstance(node, SequenceNode):
        budget.left -= len(node.value)
        yield _leaf(node, name, [scalar_value(item) for item in node.value])
    elif isinstance(node, ScalarNode):
        yield _leaf(node, name, scalar_value(node))


def _pairs(node: MappingNode, budget: _Budget, depth: int) -> Iterator[tuple[str, Node]]:
    """Keys and values; what `<<` merges comes first and is overridden by the mapping's own keys."""
    found: dict[str, Node] = {}
    own: dict[str, Node] = {}
    for key, value in node.value:
        budget.spend(depth)
        if key.tag == f"{TAG}merge" or (isinstance(key, ScalarNode) and key.value == "<<"):
            for merged in value.value if isinstance(value, SequenceNode) else [value]:
                if isinstance(merged, MappingNode):
                    found.update(_pairs(merged, budget, depth + 1))
        else:
            own[str(key.value) if isinstance(key, ScalarNode) else "?"] = value
    found.update(own)
    if len(found) > MAX_LEAVES * 4:
        raise TooLarge
    yield from found.items()


def _leaf(node: Node, name: str, value: PlainValue) -> Leaf:
    first = node.start_mark.line + 1
    last = node.end_mark.line + 1 if node.end_mark.column else max(node.end_mark.line, first)
    text = node.start_mark.buffer[node.start_mark.pointer : node.end_mark.pointer] if node.start_mark.buffer else ""
    tag = str(node.tag or "")
    if tag.startswith(TAG):
        return Leaf(name, text.strip(), value, first, max(first, last))
    return Leaf(name, text.strip(), value, first, max(first, last), "yaml_custom_tag", tag.lstrip("!"))


def scalar_value(node: ScalarNode) -> PlainValue:
    """The scalar by YAML 1.2's own types."""
    kind = str(node.tag or "").removeprefix(TAG)
    text = str(node.value)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return (
            int(text.replace("_", ""), 0)
            if text.lower().lstrip("+-").startswith(("0x", "0o", "0b"))
            else int(text.replace("_", ""))
        )
    if kind == "float":
        return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    return text
