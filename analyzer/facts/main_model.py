"""Which of the module classes is the model: ranked by who builds and runs them, never by their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.facts.assignments import own_nodes
from analyzer.facts.behaviour import Behaviour, Key
from analyzer.facts.documented_code import PythonExample, definition_named, document_examples, imported_names
from analyzer.facts.foreign_modules import LOADERS
from analyzer.facts.instances import Instances
from analyzer.facts.module_parts import (
    assembled_classes,
    attached_classes,
    handed_classes,
    made_classes,
    part_makers,
    trained_by_themselves,
    weightless_classes,
)
from analyzer.facts.project_metadata import is_distribution
from analyzer.facts.testing import is_test_file
from analyzer.index import Definition
from analyzer.index.symbols import dotted_name
from analyzer.records.evidence import Evidence
from analyzer.records.structure import ClassInfo, EntryPoint, ModelCandidate, RoleAssignment

SHOWN = 3


@dataclass
class _Case:
    """What speaks for a class."""

    info: ClassInfo
    evidence: list[Evidence] = field(default_factory=list)
    rules: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    variant: bool = False
    """Derived from another candidate that is a model of its own."""

    weightless: bool = False
    """Neither it nor what it derives from holds a parameter or a module: a loss, a metric, a reordering of axes."""

    first_mention: int = 1_000_000

    indirect: list[Evidence] = field(default_factory=list)
    """Builds in factories that the programs call; shown where there is no line of a program itself."""

    def add(self, evidence: Evidence, direct: bool = True) -> None:
        self.rules[evidence.rule] = self.rules.get(evidence.rule, 0) + 1
        (self.evidence if direct else self.indirect).append(evidence)

    @property
    def built_by_others(self) -> bool:
        """Whether a program builds it that is more than the trial run at the end of the file that defines it."""
        rule, home = "built_in_entry_point", self.info.where.path
        return any(e.rule == rule and e.where.path != home for e in self.evidence) or any(
            e.rule == rule for e in self.indirect
        )

    def shown(self) -> tuple[Evidence, ...]:
        """The first lines for each reason."""
        counts: dict[str, int] = {}
        found = []
        for evidence in self.evidence + self.indirect:
            counts[evidence.rule] = counts.get(evidence.rule, 0) + 1
            if counts[evidence.rule] <= SHOWN:
                found.append(evidence)
        return tuple(found)


def rank_models(
    behaviour: Behaviour,
    classes: tuple[ClassInfo, ...],
    entry_points: tuple[EntryPoint, ...],
    roles: tuple[RoleAssignment, ...],
) -> tuple[ModelCandidate, ...]:
    """Module classes that are built as models, best first; the first is the main one."""
    instances = behaviour.instances
    able = [info for info in classes if info.is_module and info.forward is not None]
    own = [info for info in able if not is_test_file(instances.index, info.where.path)]
    cases = {info.qualified_name: _Case(info) for info in own}
    makers = part_makers(behaviour)
    _add_uses(behaviour, cases, _Uses(behaviour, entry_points, roles), makers)
    _add_mentions(instances, cases)
    assembled = assembled_classes(behaviour)
    contained = _contained(classes) | made_classes(behaviour, makers)
    given = contained.union(*assembled.values())
    _add_composition(behaviour, cases, _inside(classes, assembled), given)
    library = is_distribution(instances.index)
    handed, attached = contained | handed_classes(behaviour), attached_classes(behaviour)
    whole = {
        name: case for name, case in cases.items() if name not in attached and (name not in handed or _is_used(case))
    }
    candidates = list(whole.values() or cases.values())
    candidates.sort(key=lambda case: _order(case, library))
    return tuple(
        ModelCandidate(
            case.info.name,
            case.info.qualified_name,
            case.info.where,
            place == 0 and _is_model(case),
            case.shown(),
        )
        for place, case in enumerate(candidates)
    )


def _add_composition(
    behaviour: Behaviour, cases: dict[str, _Case], inside: Mapping[str, frozenset[str]], contained: frozenset[str]
) -> None:
    """What a class holds, whether another holds it, whether it says itself how it is trained."""
    trained, weightless = trained_by_themselves(behaviour), weightless_classes(behaviour)
    for name, case in cases.items():
        case.parts = _parts(name, inside)
        if name in trained:
            case.add(Evidence(case.info.where, "trains_itself"))
        if name not in contained:
            case.add(Evidence(case.info.where, "in_no_other_module"))
        if case.parts:
            case.add(Evidence(case.info.where, "contains_modules", (("count", str(case.parts)),)))
    for name, case in cases.items():
        case.weightless = not case.parts and not case.info.submodules and name in weightless
        case.variant = any(_is_model(cases[base]) for base in _bases(behaviour, name) if base in cases)


def _bases(behaviour: Behaviour, name: str) -> Iterator[str]:
    """The repository's own classes that a class derives from."""
    owner = behaviour.instances.index.symbols.definition(name)
    for base in behaviour.instances.hierarchy.order(owner)[1:] if owner is not None else ():
        if isinstance(base, Definition):
            yield base.qualified_name


def _is_used(case: _Case) -> bool:
    return any(rule.startswith("built_in") for rule in case.rules)


def _is_model(case: _Case) -> bool:
    return _is_used(case) or case.parts > 0 or bool(case.info.submodules)


def _order(case: _Case, library: bool) -> tuple[object, ...]:
    rules = case.rules
    in_documents = "built_in_readme" not in rules
    mention = case.first_mention
    return (
        case.weightless,
        (in_documents, mention) if library else (False, 0),
        "built_in_training" not in rules,
        "built_in_inference" not in rules,
        -rules.get("run_in_training", 0),
        in_documents,
        not case.built_by_others,
        "trains_itself" not in rules,
        "in_no_other_module" not in rules,
        "built_in_entry_point" not in rules,
        -rules.get("built_in_training", 0) - rules.get("built_in_inference", 0),
        mention,
        case.variant,
        -case.parts,
        -len(case.info.submodules),
        case.info.where,
    )


class _Uses:
    """For what the code of a unit is used: training, inference, or another program."""

    def __init__(
        self, behaviour: Behaviour, entry_points: tuple[EntryPoint, ...], roles: tuple[RoleAssignment, ...]
    ) -> None:
        places: dict[str, set[str]] = {
            role: {r.path for r in roles if r.role == role} for role in ("training", "inference")
        }
        index = behaviour.instances.index
        places["entry_point"] = {e.target for e in entry_points if e.target and not is_test_file(index, e.target)}
        self._places = places
        self._reached = {
            use: behaviour.coming_from(key for key in behaviour.units if key[0] in paths)
            for use, paths in sorted(places.items())
        }

    def of(self, key: Key) -> list[tuple[str, bool]]:
        """Uses of a unit; True where it stands in a file of that role itself."""
        return [(use, key[0] in self._places[use]) for use, keys in self._reached.items() if key in keys]


def _add_uses(behaviour: Behaviour, cases: dict[str, _Case], uses: _Uses, makers: frozenset[Key]) -> None:
    """Calls in programs, and in what they call, that build a class; factories count as well as constructors, but for
    those of parts.
    """
    for key, unit in behaviour.units.items():
        found = uses.of(key)
        if not found or key in makers or _inside_module(behaviour.instances, *key):
            continue
        for node in own_nodes(unit.root):
            if isinstance(node, ast.Call):
                _add_use(behaviour.instances, cases, (*key, node), found)


def _add_use(
    instances: Instances, cases: dict[str, _Case], place: tuple[str, str, ast.Call], uses: list[tuple[str, bool]]
) -> None:
    path, scope, node = place
    if not any(isinstance(callee, Definition) for callee in instances.callees(path, scope, node.func)):
        made: list[object] = list(_loaded(instances, path, scope, node))
    else:
        handed_on = {c for argument in node.args for c in instances.classes(path, scope, argument)}
        made = [c for c in instances.classes(path, scope, node) if c not in handed_on]
    for owner in made:
        case = cases.get(owner.qualified_name) if isinstance(owner, Definition) else None
        for use, direct in uses if case is not None else ():
            assert case is not None
            case.add(Evidence(instances.index.span(path, node), f"built_in_{use}"), direct)


def _loaded(instances: Instances, path: str, scope: str, node: ast.Call) -> Iterator[object]:
    """The class of which a method of its foreign base makes one with saved weights: `Net.load_from_checkpoint()`."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in LOADERS:
        meant = instances.callees(path, scope, node.func.value)
        yield from (one for one in meant if isinstance(one, Definition) and isinstance(one.node, ast.ClassDef))


def _inside_module(instances: Instances, path: str, scope: str) -> bool:
    """Parts that a module builds for itself say nothing about what is the model; factories of the class do."""
    table = instances.index.symbols.definitions[path]
    method, owner = table.get(scope), table.get(scope.rpartition(".")[0])
    if method is None or owner is None or not isinstance(owner.node, ast.ClassDef):
        return False
    decorators = getattr(method.node, "decorator_list", ())
    is_factory = any(isinstance(d, ast.Name) and d.id in ("classmethod", "staticmethod") for d in decorators)
    return instances.hierarchy.is_module(owner) and not is_factory


def _add_mentions(instances: Instances, cases: dict[str, _Case]) -> None:
    """Classes that code blocks of the documents build."""
    for place, (example, node, dotted) in enumerate(_document_calls(instances)):
        target = definition_named(instances.index, example, dotted)
        for owner in _made_by(instances, target) if target is not None else ():
            case = cases.get(owner.qualified_name)
            if case is not None:
                case.first_mention = min(case.first_mention, place)
                line = example.first_line + node.lineno - 1
                case.add(Evidence(instances.index.span(example.path, line), "built_in_readme"))


def _document_calls(instances: Instances) -> Iterator[tuple[PythonExample, ast.Call, str]]:
    for example in document_examples(instances.index):
        names = imported_names(example.tree)
        for node in ast.walk(example.tree):
            dotted = dotted_name(node.func) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and dotted is not None:
                head, _, rest = dotted.partition(".")
                yield example, node, ".".join(filter(None, [names.get(head, head), rest]))


def _made_by(instances: Instances, definition: Definition) -> list[Definition]:
    if isinstance(definition.node, ast.ClassDef):
        return [definition]
    return [c for c in instances.returned(definition) if isinstance(c, Definition)]


def _contained(classes: tuple[ClassInfo, ...]) -> frozenset[str]:
    return frozenset(part for name, parts in _inside(classes, {}).items() for part in parts if part != name)


def _inside(classes: tuple[ClassInfo, ...], assembled: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The repository's classes that each class makes as its parts or is given."""
    return {
        info.qualified_name: frozenset(sub.defined_at for sub in info.submodules if sub.defined_at is not None)
        | assembled.get(info.qualified_name, frozenset())
        for info in classes
    }


def _parts(name: str, inside: Mapping[str, frozenset[str]]) -> int:
    """How many of the repository's module classes are inside, at any depth."""
    seen: set[str] = set()
    stack = [name]
    while stack:
        new = inside.get(stack.pop(), frozenset()) - seen - {name}
        seen |= new
        stack.extend(new)
    return len(seen)
