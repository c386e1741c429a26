"""Figures of the fact sheet that take a step of arithmetic or a look at the built modules: the small constant of norms,
the scale of attention scores, patches of an image, the pooling that ran, the size of a table of positions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

from analyzer.document.bindings import attribute_value, binding_value
from analyzer.document.context import Context
from analyzer.document.facet import Facet
from analyzer.document.inline import join, number
from analyzer.records.document import Code, Line, Plain
from analyzer.records.formulas import Functions, number_of
from analyzer.records.source import Span
from analyzer.records.techniques import Binding, TechniqueFinding
from analyzer.records.tensors import ModuleRecord, TensorSpec

NORMS = re.compile(r"(?:Layer|RMS|Group|Batch|Instance|SyncBatch|FrozenBatch)Norm")
EPSILON = re.compile(r"\beps=([\d.e+-]+)")
ROOT_OF_WIDTH = re.compile(r"1(?:\.0*)?\s*/\s*\(?(?:math\.|np\.)?sqrt\(\w+\.(?:size\(-1\)|shape\[-1\])\)\)?")
FUNCTIONS: Functions = {**dict.fromkeys(("sqrt", "math.sqrt", "np.sqrt", "numpy.sqrt"), math.sqrt), "int": int}
LIBRARY_SCALE = "scale_is_library_default"
MOST_KINDS = 3
MEAN = re.compile(r"\.mean\(\s*(?:dim\s*=\s*)?[(\[]?\s*-?\d")
FIRST = re.compile(r"\[\s*:\s*,\s*0\s*[\],]")
EXAMPLE_SIDES = ("H", "W")
"""Names of an image's sides that no line of the source decides."""
GIVEN = ("documented_call", "user")
"""Reasons of inputs whose sizes somebody states."""


def norm_facets(context: Context) -> list[Facet]:
    """The small constant of each kind of norm: as torch prints its modules, or as the repository's classes hold it."""
    counted: Counter[tuple[str, str]] = Counter()
    places: list[Span] = []
    for record in context.model.modules if context.model else ():
        found = EPSILON.search(record.detail) if NORMS.search(record.class_name) else None
        if found:
            counted[record.class_name, found[1]] += 1
            places += [record.created_at] if record.created_at else []
    lines = [_of_kind(context, name, eps, times) for (name, eps), times in sorted(counted.items())]
    for binding in _bindings(context, "norm", "eps"):
        amount = binding_value(context, binding)
        if binding.code.startswith("self.") and isinstance(amount, float):
            lines.append((Code(binding.code), Plain(" = "), Code(repr(amount))))
            places.append(binding.where)
    unique = list(dict.fromkeys(lines))[:MOST_KINDS]
    return [Facet("norm_epsilon", join(unique), tuple(dict.fromkeys(places))[:1])] if unique else []


def _of_kind(context: Context, name: str, eps: str, times: int) -> Line:
    count = (Plain(f" ({number(times)} × "),) if not context.examples else (Plain(" ("),)
    return (Code(eps), *count, Code(name), Plain(")"))


def _bindings(context: Context, category: str, hole: str) -> list[Binding]:
    return [item for found in context.techniques_of(category) for item in found.bindings if item.hole == hole]


def scale_facets(context: Context, width: int | None) -> list[Facet]:
    """By what the scores of attention are multiplied, in names and as a number."""
    for found in context.techniques_of("attention"):
        if found.sheet_id == "scaled_dot_product_attention":
            line = _scale(context, found, width)
            if line:
                return [Facet("score_scale", line, found.where[:1])]
    return []


def _scale(context: Context, found: TechniqueFinding, width: int | None) -> Line:
    default = any(rule == LIBRARY_SCALE for rule, _ in found.notes)
    given = next((item for item in found.bindings if item.hole == "scale"), None)
    if given is None:
        return _root(context, width, "overview.scale_default") if default and width else ()
    if ROOT_OF_WIDTH.fullmatch(given.code):
        return (Code(given.code), *(_number(width**-0.5) if width else ()))
    amount = number_of(given.code, _names(context, given.where), FUNCTIONS)
    return (Code(given.code), *(_number(amount) if amount is not None else ()))


def _root(context: Context, width: int, key: str) -> Line:
    return context.words.line(key, formula=Code(f"1/sqrt({width})"), value=Code(_short(width**-0.5)))


def _number(amount: float) -> Line:
    return (Plain(" = "), Code(_short(amount)))


def _short(amount: float) -> str:
    return f"{amount:.6g}"


def _names(context: Context, where: Span) -> Callable[[str], object]:
    """Values of attributes in the class that holds the line, and of sizes of the traced call."""
    sizes: dict[str, object] = dict(context.model.variables) if context.model else {}

    def value(name: str) -> object:
        held = attribute_value(context, name, where)
        return sizes.get(name.rpartition(".")[2]) if held is None else held

    return value


def image_facets(context: Context) -> list[Facet]:
    """Height and width of the image that the traced call takes, and the patches that it is cut into."""
    image = _image(context)
    if image is None:
        return []
    height, width = image
    places = (context.model.where,) if context.model else ()
    rows = [Facet("image_size", (Plain(f"{number(height)} × {number(width)}"),), places)]
    for found in context.techniques_of("structure", "position", "convolution", "embedding"):
        if found.sheet_id == "patch_embedding":
            rows += _patches(context, found, height, width)
            break
    return rows


def _image(context: Context) -> tuple[int, int] | None:
    """Only of families that read images, and of tensors with channels before height and width; sides that we chose as
    an example are none of the repository's.
    """
    if not context.family.startswith("image_") or context.examples or context.trace is None:
        return None
    images = [
        item for item in context.trace.inputs if isinstance(item.value, TensorSpec) and len(item.value.shape) == 4
    ]
    sides = [(item.reason, item.value.shape[-2:]) for item in images if isinstance(item.value, TensorSpec)]
    if any(dim.expression in EXAMPLE_SIDES for reason, pair in sides if reason not in GIVEN for dim in pair):
        return None
    sizes = [[dim.value for dim in pair] for _, pair in sides]
    found = next(iter(sizes), [])
    return (found[0], found[1]) if len(found) == 2 and found[0] and found[1] else None


def _patches(context: Context, found: TechniqueFinding, height: int, width: int) -> list[Facet]:
    """The side of a square patch follows from how many patches ran; both are left out where it is not whole."""
    count = _patch_count(context, found)
    side = math.isqrt(height * width // count) if count else 0
    if not count or not side or side * side * count != height * width or height % side or width % side:
        return []
    parts = f"({height}/{side})·({width}/{side}) = {number(count)}"
    return [
        Facet("patch_size", (Plain(f"{number(side)} × {number(side)}"),), found.where[:1]),
        Facet("patch_count", (Plain(parts),), found.where[:1]),
    ]


def _patch_count(context: Context, found: TechniqueFinding) -> int | None:
    """The length of the sequence that the class which cuts the image, or the line that calls it, makes."""
    lines = {(span.path, line) for span in found.where for line in range(span.first_line, span.last_line + 1)}
    created = [one for one in context.records.values() if one.created_at and _meets(one.created_at, lines)]
    sequences = [spec for one in created for call in one.calls for spec in call.outputs if len(spec.shape) == 3]
    for row in context.trace.rows if context.trace else ():
        if (row.where.path, row.where.first_line) in lines:
            sequences += [spec for target in row.targets for spec in target.tensors if len(spec.shape) == 3]
    lengths = {spec.shape[1].value for spec in sequences}
    return next(iter(lengths)) if len(lengths) == 1 else None


def _meets(span: Span, lines: set[tuple[str, int]]) -> bool:
    return any((span.path, line) in lines for line in range(span.first_line, span.last_line + 1))


def pooling_facets(context: Context) -> list[Facet]:
    """How a sequence becomes one vector: its first place, or the mean of all; of two ways the one that ran."""
    if context.trace is None or not context.family.startswith(("image_", "text_")):
        return []
    for arm in context.trace.arms:
        kinds = [_pooled_by(text) for text in arm.arms]
        if None not in kinds and kinds[0] != kinds[1] and arm.ran[0] != arm.ran[1]:
            taken, left = (0, 1) if arm.ran[0] else (1, 0)
            other = context.words.line("overview.pooling_left", code=Code(arm.arms[left]))
            return [Facet("pooling", (*_pooling(context, kinds[taken], arm.arms[taken]), *other), (arm.where,))]
    return []


def _pooled_by(text: str) -> str | None:
    if MEAN.search(text):
        return "mean"
    return "first" if FIRST.search(text) else None


def _pooling(context: Context, kind: str | None, text: str) -> Line:
    return context.words.line(f"overview.pooling_{kind}", code=Code(text))


def position_facets(context: Context) -> list[Facet]:
    """The table of learned positions: how many, how wide."""
    for found in context.techniques_of("position"):
        if found.sheet_id != "learned_position_embedding":
            continue
        table = _added_table(context, found) or _looked_up_table(context, found)
        if table is not None and not context.examples:
            name, sizes = table
            shown = " × ".join(number(size) for size in sizes)
            return [Facet("position_table", (Code(name), Plain(f": {shown}")), found.where[:1])]
    return []


def _added_table(context: Context, found: TechniqueFinding) -> tuple[str, tuple[int, ...]] | None:
    for item in found.bindings:
        name = item.code.rpartition(".")[2]
        for record in context.model.modules if context.model else ():
            sizes = dict(record.own_shapes).get(name)
            if item.hole == "P" and sizes is not None:
                return f"{record.path}.{name}".lstrip("."), sizes
    return None


def _looked_up_table(context: Context, found: TechniqueFinding) -> tuple[str, tuple[int, ...]] | None:
    """The embedding that was made at the line which gives the number of positions."""
    record = embedding_at(context, next((item.where for item in found.bindings if item.hole == "n"), None))
    sizes = _table_sizes(record) if record else ()
    return (record.path, sizes) if record and len(sizes) == 2 else None


def embedding_at(context: Context, where: Span | None) -> ModuleRecord | None:
    """The embedding that was created at a line; none where the line made several."""
    modules = context.model.modules if context.model and where else ()
    found = [one for one in modules if one.class_name == "Embedding" and one.created_at and _same_line(one, where)]
    return found[0] if len(found) == 1 else None


def _same_line(record: ModuleRecord, where: Span | None) -> bool:
    place = record.created_at
    return bool(place and where) and place.path == where.path and place.first_line == where.first_line  # type: ignore[union-attr]


def _table_sizes(record: ModuleRecord) -> tuple[int, ...]:
    parts = [part.strip() for part in record.detail.split(",")[:2]]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def positions_of(context: Context) -> tuple[int, Span] | None:
    """How many positions an embedding of positions knows, and the line that says it."""
    for found in context.techniques_of("position"):
        where = next((item.where for item in found.bindings if item.hole == "n"), None)
        record = embedding_at(context, where)
        sizes = _table_sizes(record) if record else ()
        if sizes and where is not None and not context.examples:
            return sizes[0], where
    return None
