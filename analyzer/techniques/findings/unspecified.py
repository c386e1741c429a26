"""Values that the source leaves to a library, with the library's default: optimizer options, small constants of
norms, initial weights. Only code that the main model and pipelines reach is looked at, where they are known.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.records.techniques import Unspecified
from analyzer.techniques.containers import held
from analyzer.techniques.findings.library_defaults import DEFAULTS, INITIALISERS, POSITIONS, TORCH_VERSION
from analyzer.techniques.predicates.basics import walk_definitions
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import Term, alternatives


def find_unspecified(program: Program, reached: frozenset[str], *, trains: bool = True) -> tuple[Unspecified, ...]:
    """One row per parameter of a library's function or class, at the first place that leaves it open. Where the
    repository does not train, initial weights are replaced by loaded ones and do not count.
    """
    found: dict[str, Unspecified] = {}
    for reading in program.readings:
        if reached and not _is_reached(reading, reached):
            continue
        initial = _initial_weights(program, reading, reached) if trains else ()
        for row in (*_open_arguments(program, reading), *initial):
            found.setdefault(row.parameter, row)
    return tuple(sorted(found.values(), key=lambda row: (row.where, row.parameter)))


def _is_reached(reading: Reading, reached: frozenset[str]) -> bool:
    return reading.qualified_name in reached or (reading.owner or "") in reached


def _open_arguments(program: Program, reading: Reading) -> Iterator[Unspecified]:
    for label in sorted(set(reading.called) & set(DEFAULTS)):
        for term in reading.called[label]:
            if term.head != "call" or _is_open_ended(term):
                continue
            for parameter, default in DEFAULTS[label]:
                if not _is_given(term, label, parameter):
                    yield _row(program, term, f"{label}.{parameter}", default, label)


def _is_open_ended(term: Term) -> bool:
    """A call with `**options` or `*arguments` may set anything, unless the options are a literal dictionary."""
    options = term.keyword("**")
    known = options is not None and all(held(one).head == "dict" for one in alternatives(held(options)))
    return (options is not None and not known) or any(arg.head == "star" for arg in term.args)


def _is_given(term: Term, label: str, parameter: str) -> bool:
    if term.keyword(parameter) is not None or _is_in_options(term, parameter):
        return True
    order = POSITIONS.get(label, ())
    if parameter in order and order.index(parameter) < len(term.args):
        return True
    return label.startswith("torch.optim.") and "lr_scheduler" not in label and _may_be_in_groups(term, parameter)


def _is_in_options(term: Term, parameter: str) -> bool:
    options = term.keyword("**")
    return options is not None and any(held(one).keyword(parameter) is not None for one in alternatives(held(options)))


def _may_be_in_groups(optimizer: Term, parameter: str) -> bool:
    """Parameter groups set the option, or what they set cannot be told."""
    groups = optimizer.args[0] if optimizer.args else optimizer.keyword("params")
    if groups is None or (groups.head == "method" and groups.label in ("parameters", "named_parameters")):
        return False
    literal = [term for term in walk_definitions(groups) if term.head == "dict"]
    return not literal or any(term.keyword(parameter) is not None for term in literal)


def _row(program: Program, term: Term, parameter: str, default: str, label: str) -> Unspecified:
    where = program.index.span(term.path, getattr(term.node, "lineno", 1))
    short = parameter.rpartition("torch.")[2]
    return Unspecified(short.split("nn.")[-1].split("optim.")[-1], where, default, f"{label} (torch {TORCH_VERSION})")


def _initial_weights(program: Program, reading: Reading, reached: frozenset[str]) -> Iterator[Unspecified]:
    """Layers whose initial weights no line of the repository sets."""
    if sets_initial_weights(program, reached):
        return
    for label in sorted(set(reading.called) & set(INITIALISERS)):
        for term in reading.called[label]:
            if term.head == "call":
                yield _row(program, term, f"{label}.weight", INITIALISERS[label], f"{label}.reset_parameters")


def sets_initial_weights(program: Program, reached: frozenset[str]) -> bool:
    """Whether any code that counts calls an initialiser, writes random numbers into weights, or inherits both from
    a library's model class.
    """
    for reading in program.readings:
        if reached and not _is_reached(reading, reached):
            continue
        if any(label.startswith("torch.nn.init.") or _is_initialising(label) for label in reading.called):
            return True
        base = program.library_base(reading.owner) if reading.owner is not None else ""
        if base.rpartition(".")[2] == "PreTrainedModel":
            return True
    return False


def _is_initialising(label: str) -> bool:
    return label.rpartition(".")[2] in _INITIALISING


_INITIALISING = frozenset({
    "normal_", "uniform_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_normal_", "kaiming_uniform_",
    "orthogonal_", "lecun_normal_", "variance_scaling_", "constant_", "post_init", "init_weights", "_init_weights",
})  # fmt: skip
