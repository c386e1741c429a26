"""What constructors of published packages do besides making modules; each case once stopped a model."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate, TargetRaised

IN_PLACE = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 4)
        with {mode}:
            self.line.bias.copy_(torch.exp(torch.rand(4)))
"""


@pytest.mark.parametrize("mode", ["torch.no_grad()", "torch.set_grad_enabled(False)", "torch.inference_mode()"])
def test_parameters_are_changed_in_place_where_gradients_are_off(mode: str, repository) -> None:  # type: ignore[no-untyped-def]
    model = repository(IN_PLACE.format(mode=mode)).build("model.py", "Net()")
    assert sum(parameter.numel() for parameter in model.parameters()) == 16


def test_gradients_are_on_again_behind_the_block(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch
def modes():
    with torch.no_grad():
        inside = torch.is_grad_enabled()
        with torch.enable_grad():
            again = torch.is_grad_enabled()
    return inside, again, torch.is_grad_enabled()
"""
    assert repository(source).evaluate("model.py", "modes()") == (False, True, True)


def test_named_tuples_take_defaults_through_their_constructor(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import collections
Point = collections.namedtuple("Point", ["x", "y", "z"])
Point.__new__.__defaults__ = (None,) * 2
"""
    assert repository(source).evaluate("model.py", "Point(1)._asdict()") == {"x": 1, "y": None, "z": None}


def test_an_unknown_value_in_the_place_of_a_module_is_a_gap(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
from torch import nn
from nowhere import settings
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 4)
        self.head = settings.head
        self.tail = nn.Linear(4, 2)
"""
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    assert [name for name, _ in model.named_children()] == ["tail"]
    assert [cause.reason for cause in interpreter.unknown_parts(model)] == ["unknown_attribute"] * 2


def test_functions_with_their_own_gradient_run_forward(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch
from torch import nn
from torch.autograd.function import Function
class Double(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.cat([x, x], dim=-1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(6, 2)
    def forward(self, x):
        return self.line(Double.apply(x))
"""
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([5, 3])])
    assert recording.error is None, recording.error
    assert [str(shape) for shape in recording.outputs] == ["float32[5, 2]"]


def test_versions_of_distutils_compare_as_versions(repository) -> None:  # type: ignore[no-untyped-def]
    source = "from distutils.version import LooseVersion as V\nv = V('2.13.0+cpu') >= V('1.8.0'), V('1.10') > '1.9'"
    assert repository(source).evaluate("model.py", "v") == (True, True)


def test_tensors_in_deep_containers_are_outputs_too(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
from torch import nn
class Net(nn.Module):
    def forward(self, x):
        return x, [{"a": [[(x, [[x]])]]}]
"""
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([5, 3])])
    assert len(recording.outputs) == 3


@pytest.mark.parametrize("change", ["x.type(x.type())", "x.int().type('torch.FloatTensor')", "x.type(torch.float32)"])
def test_types_by_name_are_types(change: str, repository) -> None:  # type: ignore[no-untyped-def]
    head = "import torch\nfrom torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n"
    source = f"{head}        return {change}\n"
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([5, 3])])
    assert [str(shape) for shape in recording.outputs] == ["float32[5, 3]"], recording.error


@pytest.mark.parametrize(
    "statement",
    [
        'self.register_parameter("w", thing.table())',
        'self.add_module("w", thing.table())',
        "self.w = thing.table()",
        "self.parts = nn.ModuleList([nn.Linear(3, 4)])\n        self.parts.append(thing.layer())",
        "self.parts = nn.Sequential(nn.Linear(3, 4), thing.layer())",
        "self.parts = nn.ModuleDict()\n        self.parts.update({'a': thing.layer()})",
        "self.parts = nn.ModuleDict()\n        self.parts['a'] = thing.layer()",
        "self.parts = nn.ParameterList()\n        self.parts.extend([thing.table()])",
        "self.parts = nn.ModuleList([nn.Linear(3, 4)])\n        self.parts[0] = thing.layer()",
        "self.parts = nn.ModuleList([nn.Linear(3, 4)])\n        self.parts.insert(0, thing.layer())",
        "setattr(self, 'w', thing.layer())",
        "self._parameters['w'] = thing.table()",
    ],
)
def test_a_part_that_is_not_known_leaves_the_total_open(statement: str, repository) -> None:  # type: ignore[no-untyped-def]
    head = "from torch import nn\nfrom nowhere import thing\nclass Net(nn.Module):\n    def __init__(self):\n"
    interpreter = repository(f"{head}        super().__init__()\n        {statement}\n")
    model = interpreter.build("model.py", "Net()")
    assert interpreter.unknown_parts(model)


def test_a_buffer_that_is_not_known_leaves_the_parameters_known(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
from torch import nn
from nowhere import thing
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 4)
        self.register_buffer("table", thing.table())
    def forward(self, x):
        return self.line(x) * self.table
"""
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    assert interpreter.unknown_parts(model) == ()
    assert [cause.arguments[0] for cause in interpreter.recording.gaps if cause.reason == "unknown_buffer"] == [
        "Net.table"
    ]
    assert interpreter.call(model, [interpreter.tensor([5, 3])]).error.reason == "package_not_available"


@pytest.mark.parametrize(
    ("base", "arguments"),
    [
        ("MaxPool2d", "2"),
        ("AvgPool2d", "2"),
        ("AdaptiveAvgPool2d", "3"),
        ("ReflectionPad2d", "1"),
        ("BatchNorm2d", "3"),
    ],
)
def test_layers_are_initialised_through_their_private_bases(base: str, arguments: str, repository) -> None:  # type: ignore[no-untyped-def]
    source = f"""
from torch import nn
class Layer(nn.{base}):
    def __init__(self, size):
        super().__init__(size)
        self.extra = nn.Linear(2, 3)
"""
    interpreter = repository(source)
    model = interpreter.build("model.py", f"Layer({arguments})")
    assert interpreter.unknown_parts(model) == ()
    assert [name for name, _ in model.named_modules()] == ["", "extra"]


def test_a_base_that_may_not_be_initialised_leaves_the_totals_open(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(2, 3)
"""
    interpreter = repository(source)
    session = interpreter.session
    session.policy._decisions.clear()
    original = session.policy._decide_super
    session.policy._decide_super = lambda name: lambda value: session.policy._refused(value, name)
    model = interpreter.build("model.py", "Net()")
    session.policy._decide_super = original
    assert [name for name, _ in model.named_modules()] == ["", "line"]
    assert [cause.reason for cause in interpreter.unknown_parts(model)] == ["unknown_call_with_module"]


def test_a_copied_module_has_its_own_parameters_and_constant_buffers(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
from copy import deepcopy
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
        self.register_buffer("sizes", torch.tensor([2, 3]))
        self.second = deepcopy(self.first)
        self.other = deepcopy(self.sizes)
        self.line = nn.Linear(self.other[1].item(), 2)
"""
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    assert interpreter.unknown_parts(model) == ()
    assert sum(parameter.numel() for parameter in model.parameters()) == 2 * (3 * 4 + 4 + 8) + 8
    assert len({id(buffer) for buffer in model.buffers()}) == 7


def test_a_text_beside_a_module_is_read_by_the_name_of_the_module(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import os
import pkgutil
def widths():
    return pkgutil.get_data(__name__, os.path.join("_sizes", "small.txt")).decode("utf-8").strip().split(",")
"""
    interpreter = repository({"nets/__init__.py": "", "nets/small.py": source, "nets/_sizes/small.txt": "3,4\n"})
    assert interpreter.evaluate("nets/small.py", "widths()") == ["3", "4"]


def test_a_parametrised_weight_counts_once_and_is_computed_by_its_module(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch.nn.functional as F
import torch.nn.utils.parametrize as P
from torch import nn
class Unit(nn.Module):
    def forward(self, weight):
        return F.normalize(weight, dim=-1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 4, bias=False)
        P.register_parametrization(self.line, "weight", Unit())
    def forward(self, x):
        return F.linear(x, self.line.weight)
"""
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    assert interpreter.unknown_parts(model) == ()
    assert [(path, type(part).__name__) for path, part in model.named_modules()][1:4] == [
        ("line", "ParametrizedLinear"),
        ("line.parametrizations", "ModuleDict"),
        ("line.parametrizations.weight", "ParametrizationList"),
    ]
    assert sum(parameter.numel() for parameter in model.parameters()) == 12
    recording = interpreter.call(model, [interpreter.tensor([2, 3])])
    assert [str(tensor) for tensor in recording.outputs] == ["float32[2, 4]"]
    assert len(recording.calls_of("line.parametrizations.weight.0")) == 1


WRAPPED = """
import copy, dataclasses, functools, logging
import torch
from torch import nn

def kept(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper

class Mapped:
    names = {"width": "size"}
    def __init__(self):
        self.size = [4]
    def __getattribute__(self, name):
        if name != "names" and name in super().__getattribute__("names"):
            name = super().__getattribute__("names")[name]
        return super().__getattribute__(name)
    @kept
    def shown(self):
        return self.size

def copied():
    first = Mapped()
    second = copy.deepcopy(first)
    second.size.append(5)
    return first.width, second.width, copy.copy(first).width

def traced(tensor):
    capturing = torch.cuda.is_current_stream_capturing() or torch.xpu.is_current_stream_capturing()
    return capturing or isinstance(tensor, torch.fx.Proxy) or isinstance(tensor, torch._subclasses.FakeTensor)

@dataclasses.dataclass(kw_only=True, slots=True)
class Narrow:
    width: int = 4
    depth: int = 2

logging.StreamHandler().setFormatter(logging.Formatter("%(message)s"))
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(Mapped.shown.__name__, Mapped.shown.__qualname__)", ("shown", "Mapped.shown")),
        ("copied()", ([4], [4, 5], [4])),
        ("(Narrow.__dict__['__slots__'], Narrow(width=3).width)", (("width", "depth"), 3)),
        ("traced(torch.zeros(2))", False),
    ],
)
def test_wrapped_and_copied_objects_are_those_of_python(expression: str, value: object, repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(WRAPPED)
    assert interpreter.evaluate("model.py", expression) == value


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_grouped_products_have_the_sizes_of_torch(dtype: str, repository) -> None:  # type: ignore[no-untyped-def]
    source = f"""
import torch
from torch import nn
class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(2, 8, 16, dtype=torch.{dtype}))
    def forward(self, x, ends):
        return nn.functional.grouped_mm(x.to(torch.{dtype}), self.weight, offs=ends.to(torch.int32))
"""
    interpreter = repository(source)
    inputs = [interpreter.tensor([4, 8]), interpreter.tensor([2], "int64")]
    recording = interpreter.call(interpreter.build("model.py", "Experts()"), inputs)
    assert [str(tensor) for tensor in recording.outputs] == [f"{dtype}[4, 16]"]


COPIES = """
import functools, types

def copy_function(f):
    g = types.FunctionType(f.__code__, f.__globals__, name=f.__name__, argdefs=f.__defaults__, closure=f.__closure__)
    g = functools.update_wrapper(g, f)
    g.__kwdefaults__ = f.__kwdefaults__
    return g

def factory(held):
    def inner(a, b=2, *, c=3):
        "told"
        return a, b, c, held
    return inner

class Base:
    def made(cls, size=1):
        "made"
        return cls.__name__, size
    made = classmethod(made)

class Derived(Base):
    pass

taken = copy_function(Base.made)
taken.__doc__ = "other"
Derived.made = classmethod(taken)

def shorter(f):
    return types.FunctionType(f.__code__, f.__globals__, "renamed", (7,))

def moved(f, g):
    return types.FunctionType(f.__code__, g.__globals__)
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("copy_function(factory(5))(1, c=4)", (1, 2, 4, 5)),
        ("copy_function(factory(5)) is factory(5)", False),
        ("copy_function(factory(5)).__name__", "inner"),
        ("(factory(5).__defaults__, factory(5).__kwdefaults__)", ((2,), {"c": 3})),
        ("(Derived.made(), Derived.made(4), Base.made())", (("Derived", 1), ("Derived", 4), ("Base", 1))),
        ("(Derived.made.__doc__, Base.made.__doc__)", ("other", "made")),
        ("(shorter(factory(5))(1), shorter(factory(5)).__name__)", ((1, 7, 3, 5), "renamed")),
    ],
)
def test_a_function_is_copied_by_its_parts(expression: str, value: object, repository) -> None:  # type: ignore[no-untyped-def]
    assert repository(COPIES).evaluate("model.py", expression) == value


@pytest.mark.parametrize("expression", ["moved(factory(1), shorter)", "copy_function(len)", "copy_function(Base)"])
def test_parts_of_different_functions_make_none(expression: str, repository) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((CannotEvaluate, TargetRaised)):
        repository(COPIES).evaluate("model.py", f"{expression}(1)")


PARENT = """
from torch import nn
class Part(nn.Module):
    def __init__(self, parent):
        super().__init__()
        {keep}
        self.line = nn.Linear(3, 4)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = 2
        self.part = Part(self)
    def asked(self):
        return self.part.parent.factor
"""


@pytest.mark.parametrize("keep", ['object.__setattr__(self, "parent", parent)', 'self.__dict__["parent"] = parent'])
def test_a_parent_kept_past_registration_is_no_submodule(keep: str, repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(PARENT.format(keep=keep))
    model = interpreter.build("model.py", "Net()")
    assert [name for name, _ in model.named_modules()] == ["", "part", "part.line"]
    assert interpreter.evaluate("model.py", "Net().asked()") == 2
