"""Which inputs a model is called with: names and sizes from the code's own unpacking, layers, docstrings.

Gives alternatives, best first, each input with the rule that chose it; whether the model accepts them is
found by calling it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import nn

from analyzer.evaluator import Interpreter
from analyzer.records.source import Span
from analyzer.records.structure import ArgumentInfo
from analyzer.shapes.call_sites import integer_draw
from analyzer.shapes.first_use import ArgumentReader, FirstUse, Method, docstring_shapes
from analyzer.shapes.input_spec import DEFAULT_SIZES, DimSpec, InputSpec, LiteralValue, TensorValue
from analyzer.shapes.loss_targets import label_arguments, label_forms

IMAGE_NAMES = ("input_size", "img_size", "image_size", "image_height", "resolution", "image_resolution", "size")
IMAGE_SIZES = (32, 224, 64, 28, 256, 299)
LENGTHS = (16, 64, 8)
LIMIT_NAME = re.compile(r"ctx|context|len|positions|frames|seq|steps")
BATCH_NAMES = {"b", "n", "bs", "bsz", "batch", "batch_size", "bz", "nbatch"}
HEIGHT_NAMES, WIDTH_NAMES = {"h", "height", "img_h"}, {"w", "width", "img_w"}
CHANNEL_NAMES = {"c", "ch", "channels", "in_channels", "in_chans", "nc"}
CONSTRUCTOR_CHANNELS = ("in_channels", "in_chans", "channels", "input_channels", "num_channels", "n_mels", "input_dim")
PLAIN_NUMBERS = {"int": 0, "float": 1.0, "bool": False}
"""What an argument that is annotated as a plain number is called with."""
Dims = tuple[DimSpec, ...]


@dataclass(frozen=True)
class PlannedInput:
    """An argument of the call with the rule that chose its form and the lines that it rests on."""

    spec: InputSpec
    reason: str
    where: Span | None = None


Plan = tuple[PlannedInput, ...]


@dataclass(frozen=True)
class _Trial:
    """Sizes that go together; token indices may be shorter than the signal beside them."""

    image: tuple[DimSpec, DimSpec]
    length: DimSpec
    token_length: DimSpec

    def length_for(self, use: FirstUse) -> DimSpec:
        return self.token_length if isinstance(use.layer, nn.Embedding) else self.length


class InputPlanner:
    """Plans the arguments of one method of a built model. `sizes` are the names that its constructors got;
    `examples` those among them that have an example value, which no other size of the model has by chance.
    """

    def __init__(
        self, interpreter: Interpreter, model: nn.Module, sizes: Mapping[str, int], examples: Collection[str] = ()
    ) -> None:
        self._model = model
        self._sizes = sizes
        self._channel_names = (*CONSTRUCTOR_CHANNELS, *examples)
        self._reader = ArgumentReader(interpreter)

    def method(self, name: str) -> Method | None:
        return self._reader.method(self._model, name)

    def plans(self, arguments: Sequence[ArgumentInfo], method: str = "forward") -> Iterator[Plan]:
        """Alternatives for the arguments without default, by image size and sequence length."""
        required = [a for a in arguments if a.default is None and a.kind in ("positional", "keyword")]
        uses = {a.name: self._reader.first_use(self._model, method, a.name) for a in required}
        seen: set[str] = set()
        for trial in self._trials():
            plan = tuple(self._input(a, uses[a.name], method, trial) for a in required)
            text = str([str(planned.spec) for planned in plan])
            if text not in seen:
                seen.add(text)
                yield plan

    def optional(self, arguments: Sequence[ArgumentInfo], method: str = "forward") -> Plan:
        """The arguments whose default is None, in the form that the code makes of them first."""
        left_out = [a for a in arguments if a.default == "None" and a.kind in ("positional", "keyword")]
        trial = next(self._trials())
        uses = ((a, self._reader.first_use(self._model, method, a.name)) for a in left_out)
        return tuple(self._input(a, use, method, trial) for a, use in uses)

    def tensor_like(self, shape: Sequence[int], dtype: str) -> TensorValue:
        """A tensor of a form that was seen: its first axis is the batch where it has others, and its sizes go by the
        names that the constructors know them by.
        """
        dims = [self._seen(axis, size, len(shape), dtype) for axis, size in enumerate(shape)]
        return TensorValue(dtype, tuple(dims))

    def _seen(self, axis: int, size: int, axes: int, dtype: str) -> DimSpec:
        if axis == 0 and axes > 1:
            return DimSpec("B", DEFAULT_SIZES["B"])
        image = axes > 3 and axis >= axes - 2
        names = (*(IMAGE_NAMES if image else ()), *(self._channel_names if axes > 2 else ()))
        known = next((name for name in names if self._sizes.get(name) == size), None)
        if known is not None:
            return DimSpec(known, size)
        if image:
            return DimSpec("HW"[axis - axes + 2], size)
        is_length = axis == 1 and (axes == 3 or (axes == 2 and not dtype.startswith("float")))
        return DimSpec("T", size) if is_length else DimSpec(None, size)

    def targets(self, arguments: Sequence[ArgumentInfo], plan: Plan, method: str = "forward") -> Iterator[Plan]:
        """The plan with labels, where arguments that may be left out enter a loss over classes; each form that they may
        have is an alternative.
        """
        definition = self.method(method)
        given = {planned.spec.name for planned in plan}
        names = [a.name for a in arguments if a.default is not None and a.kind != "var_keyword" and a.name not in given]
        if definition is None or not plan:
            return
        labels = label_arguments(definition.node, names, self._model)
        for form in label_forms(plan[0].spec.value, labels):
            where = self._argument_span(method)
            added = (PlannedInput(InputSpec(name, value), "loss_targets", where) for name, value in form.items())
            yield (*plan, *added)

    def _trials(self) -> Iterator[_Trial]:
        """Sizes to try: what the model itself names, then common ones, then lengths that it is built for."""
        named = [DimSpec(name, self._sizes[name]) for name in IMAGE_NAMES if name in self._sizes]
        images = [(dim, dim) for dim in named]
        images += [(DimSpec("H", size), DimSpec("W", size)) for size in IMAGE_SIZES]
        lengths = [DimSpec("T", size) for size in LENGTHS]
        yield from (_Trial(image, lengths[0], lengths[0]) for image in images)
        yield from (_Trial(images[0], length, length) for length in lengths[1:])
        limits = sorted((size, name) for name, size in self._sizes.items() if LIMIT_NAME.search(name))
        full = [DimSpec(name, size, factor) for factor in (1, 2) for size, name in limits]
        yield from (_Trial(images[0], length, lengths[0]) for length in full)
        yield from (_Trial(images[0], length, length) for length in full)

    def _input(self, argument: ArgumentInfo, use: FirstUse, method: str, trial: _Trial) -> PlannedInput:
        image, length = trial.image, trial.length_for(use)
        layer = layer_dims(use.layer, image, length)
        names, where, reason = self._dim_names(argument.name, use, method)
        drawn = self._drawn_at(argument, method) if layer is None else None
        if drawn is not None:
            where, reason = drawn, "drawn_at_call_site"
        dtype = layer[0] if layer else "int64" if drawn else self._annotated_dtype(argument)
        if not names and (layer is None or use.pattern):
            return self._by_pattern(argument, use, method, trial)
        dims = layer[1] if layer and len(layer[1]) == len(names or layer[1]) else None
        if names:
            channel = layer_channels(use.layer)
            filled = tuple(self._named(name, image, length, channel) for name in names)
            return PlannedInput(InputSpec(argument.name, TensorValue(dtype, filled)), reason, where)
        assert layer is not None
        named = tuple(self._channels(d.size) if d.name is None and d.size else d for d in dims or layer[1])
        return PlannedInput(InputSpec(argument.name, TensorValue(dtype, named)), "first_layer", use.layer_at)

    def _dim_names(self, argument: str, use: FirstUse, method: str) -> tuple[tuple[str, ...], Span | None, str]:
        if use.names and "*" not in use.names:
            return use.names, use.names_at, "unpacked"
        definition = self.method(method)
        if definition is not None:
            for text in (ast.get_docstring(definition.node), definition.owner.__doc__):
                shape = docstring_shapes(text, argument)
                if shape:
                    return shape, self._reader.span(definition.path, definition.node), "docstring"
        return (), None, ""

    def _by_pattern(self, argument: ArgumentInfo, use: FirstUse, method: str, trial: _Trial) -> PlannedInput:
        """From an einops pattern; the plain number that its annotation says; else a vector per sample."""
        if use.pattern:
            axes = _axes(use.pattern)
            axes = ["b"] if len(axes) == 1 else axes  # a number for each sample, whatever its letter
            dims = tuple(self._pattern_dim(axis, use, trial.image, trial.length) for axis in axes)
            spec = InputSpec(argument.name, TensorValue("float32", dims))
            return PlannedInput(spec, "einops_pattern", use.layer_at)
        if argument.annotation in PLAIN_NUMBERS:
            literal = LiteralValue(PLAIN_NUMBERS[argument.annotation])
            return PlannedInput(InputSpec(argument.name, literal), "annotated_number", self._argument_span(method))
        drawn = self._drawn_at(argument, method)
        dtype = "int64" if drawn else self._annotated_dtype(argument)
        spec = InputSpec(argument.name, TensorValue(dtype, (DimSpec("B", DEFAULT_SIZES["B"]),)))
        return PlannedInput(spec, "drawn_at_call_site" if drawn else "signature", drawn)

    def _pattern_dim(self, axis: str, use: FirstUse, image: tuple[DimSpec, DimSpec], length: DimSpec) -> DimSpec:
        head = axis.strip("() ").split()[0].lower() if axis.strip("() ") else "1"
        return self._named(head, image, length, _width_after_pattern(use))

    def _named(self, name: str, image: tuple[DimSpec, DimSpec], length: DimSpec, channel: int | None) -> DimSpec:
        """A dim by the name that the code gives it; single letters are set in capitals."""
        if name.isdigit():
            return DimSpec(None, int(name))
        if name in self._sizes:
            return length if length.name == name else DimSpec(name, self._sizes[name])
        low = name.lower()
        shown = name.upper() if len(name) == 1 else name
        if low in BATCH_NAMES:
            return DimSpec("B" if len(name) == 1 else name, DEFAULT_SIZES["B"])
        if low in HEIGHT_NAMES or low in WIDTH_NAMES:
            return image[0] if low in HEIGHT_NAMES else image[1]
        if channel is not None and (low in CHANNEL_NAMES or low not in ("t", "l", "s")):
            return self._channels(channel)
        if low in CHANNEL_NAMES:
            return DimSpec(None, 3)
        return _renamed(length, shown)

    def _channels(self, number: int) -> DimSpec:
        """By the name under which the constructor got the number of channels, if there is one."""
        names = [name for name in self._channel_names if self._sizes.get(name) == number]
        return DimSpec(names[0] if names else None, number)

    def _drawn_at(self, argument: ArgumentInfo, method: str) -> Span | None:
        """Where the repository draws integers for this argument."""
        definition = self.method(method)
        if definition is None or self._reader.span(definition.path, definition.node) is None:
            return None
        names = [a.arg for a in (*definition.node.args.posonlyargs, *definition.node.args.args)][1:]
        position = names.index(argument.name) if argument.name in names else len(names)
        return integer_draw(self._reader.index, definition.path, argument.name, position)

    def _annotated_dtype(self, argument: ArgumentInfo) -> str:
        text = argument.annotation or ""
        return "int64" if re.search(r"LongTensor|Int\b|\blong\b", text) else "float32"

    def _argument_span(self, method: str) -> Span | None:
        definition = self.method(method)
        return self._reader.span(definition.path, definition.node) if definition else None


def _renamed(length: DimSpec, name: str) -> DimSpec:
    """A length of no name of its own goes by the one that stands in the code."""
    return replace(length, name=name) if length.name == "T" else length


def layer_channels(layer: nn.Module | None) -> int | None:
    """The size that a layer demands of its channel or feature axis."""
    for attribute in ("in_channels", "in_features", "num_features", "embed_dim", "input_size"):
        value = getattr(layer, attribute, None)
        if isinstance(value, int):
            return value
    return None


def layer_dims(layer: nn.Module | None, image: tuple[DimSpec, DimSpec], length: DimSpec) -> tuple[str, Dims] | None:
    """The dtype and dims that a layer of torch takes; None where it takes anything."""
    batch = DimSpec("B", DEFAULT_SIZES["B"])
    if isinstance(layer, nn.Embedding):
        return "int64", (batch, length)
    channels = layer_channels(layer)
    if channels is None:
        return _norm_dims(layer, batch, length)
    width = DimSpec(None, channels)
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.InstanceNorm2d)):
        return "float32", (batch, width, *image)
    if isinstance(layer, (nn.Conv3d, nn.ConvTranspose3d, nn.BatchNorm3d)):
        return "float32", (batch, width, DimSpec("D", 8), *image)
    if isinstance(layer, (nn.Conv1d, nn.ConvTranspose1d)):
        return "float32", (batch, width, _renamed(length, "L"))
    if isinstance(layer, (nn.RNNBase, nn.MultiheadAttention)):
        return "float32", (batch, length, width) if layer.batch_first else (length, batch, width)
    return "float32", (batch, width)


def _norm_dims(layer: nn.Module | None, batch: DimSpec, length: DimSpec) -> tuple[str, Dims] | None:
    shape = getattr(layer, "normalized_shape", None)
    if isinstance(shape, tuple):
        return "float32", (batch, length, *(DimSpec(None, size) for size in shape))
    return None


def _axes(pattern: str) -> list[str]:
    return re.findall(r"\([^)]*\)|\S+", pattern)


def _width_after_pattern(use: FirstUse) -> int | None:
    """Channels of an image whose patches enter a layer: features of the layer over the pixels of a patch."""
    features = getattr(use.layer, "normalized_shape", None)
    width = features[0] if isinstance(features, tuple) else layer_channels(use.layer)
    if width is None:
        return None
    pixels = 1
    for size in use.axes.values():
        pixels *= size
    return width // pixels if width % pixels == 0 else None
