# ruff: noqa: E501 - one row, one line
"""What the target may never reach, and what it may never use up."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from analyzer.evaluator import Budget, CannotEvaluate, TargetRaised

ESCAPES = [
    "().__class__.__bases__[0].__subclasses__()",
    "object.__subclasses__()",
    "type(1).__subclasses__()",
    "(lambda: 0).__globals__",
    "(lambda: 0).__code__",
    "(lambda: 0).__closure__",
    "def f(): pass\nf.__globals__['x']",
    "'{0.__globals__}'.format(lambda: 0)",
    "'{0.__init__.__globals__}'.format(ValueError)",
    "'{x.__class__.__subclasses__}'.format_map({'x': 1})",
    "str.format('{0.__globals__}', lambda: 0)",
    "fmt = str.format\nfmt('{0.__code__}', lambda: 0)",
    "list(map(str.format, ['{0.__globals__}'], [lambda: 0]))",
    "getattr(lambda: 0, '__globals__')",
    "getattr.args[0]",
    "getattr.func",
    "delattr.__self__",
    "getattr.__closure__",
    "sorted.__self__",
    "sorted.__self__.open",
    "abs.__self__.__import__('os')",
    "[].append.__self__.__class__.__subclasses__()",
    "import math\nmath.gcd.__self__",
    "import torch\ntorch.zeros.__self__",
    "import torch\ntorch.relu.__module__.__self__",
    "import contextlib\ncontextlib.nullcontext().__exit__.__self__",
    "import functools\nfunctools.wraps(len).__closure__",
    "import functools\nfunctools.partial(getattr, 1).func.__closure__[0].cell_contents",
    "print.__globals__",
    "import logging\nlogging.getLogger('x').manager.__globals__['os'].system('true').real",
    "import dataclasses\ndataclasses.field()._x",
    "import torch\ntorch._policy",
    "import model\nmodel._scope",
    "globals()._scope",
    "import sys\nsys.modules._session",
    "class D(dict): pass\nd = D()\nd.__dict__ = d\nd.__class__.__subclasses__()",
    "def f(): pass\nf.__deepdive_origin__.session",
    "def f(): pass\nvars(f)['__deepdive_origin__'].session",
    "class C: pass\nvars(C)['__deepdive_origin__']",
    "class S(str):\n    def startswith(s, *a): return False\n    def endswith(s, *a): return False\ngetattr(lambda: 0, S('__globals__'))",
    "class S(str):\n    def startswith(s, *a): return False\n    def split(s, c): return ['__globals__']\nimport operator\noperator.attrgetter(S('x'))(lambda: 0)",
    "class S(str):\n    def startswith(s, *a): return False\n    def endswith(s, *a): return True\nopen(S('/etc/hostname')).read()",
    "class M(type): pass\nclass C(metaclass=M): pass\nC.__subclasses__()",
    "class M(type):\n    def mro(cls): return [cls, object]\nclass C(metaclass=M): pass\nC().__class__.__mro__[1].__subclasses__()",
    "open('/etc/passwd').read()",
    "open('../../../../../etc/passwd').read()",
    "open('model.py', 'a')",
    "open('model.py', 'r+')",
    "open(0)",
    "open('model.py').read.__self__",
    "open('model.py')._text",
    "import io\nio.open('stolen', 'w')",
    "import codecs\ncodecs.lookup('utf8')",
    "import pathlib\npathlib.Path('model.py').open('w')",
    "import pathlib\npathlib.Path('/etc/passwd').read_text()",
    "import pathlib\nlist(pathlib.Path('/').iterdir())",
    "import yaml\nyaml.Loader.__init__.__globals__",
    "import gc\ngc.get_objects()",
    "import weakref\nweakref.finalize(object, print)",
    "import copy\ncopy.copy(type('X', (), {'__reduce_ex__': lambda s, p: (open, ('stolen', 'w'))})())",
    "import copy\ncopy.deepcopy(type('X', (), {'__deepcopy__': lambda s, m: m.__class__.__subclasses__()})())",
    "import functools\nfunctools.partial(print).__setstate__((open, ('stolen', 'w'), {}, {}))",
    "import itertools\nlist(itertools.starmap(getattr, [((lambda: 0), '__globals__')]))[0]['x']",
    "import itertools\nlist(itertools.accumulate([lambda: 0, '__globals__'], getattr))[1]['x']",
    "import json\njson.loads('{\"a\": 1}', object_hook=lambda d: d.__class__.__subclasses__())",
    "import re\nre.sub('a', lambda m: m.__class__.__subclasses__(), 'a')",
    "import types\ntypes.MethodType(getattr, lambda: 0)('__globals__')",
    "(x for x in [1]).gi_code",
    "property(lambda s: 0).fget.__globals__",
    "import torch\ntorch.zeros(1).untyped_storage().from_file('x', False, 3)",
    "import torch\ntorch.zeros(1).numpy().tofile('stolen.bin')",
    "import torch\ntorch.zeros(1).numpy().ctypes",
    "import numpy\nnumpy.array.__self__",
    "import inspect\ninspect.stack()",
    "import typing\ntyping.get_type_hints(type('X', (), {'__annotations__': {'a': '__import__(\"os\")'}}))['a']",
    "getattr((lambda: 0), '__glo' + 'bals__')",
    "g = getattr\nlist(map(g, [lambda: 0], ['__globals__']))[0].keys()",
    "import functools\nfunctools.reduce(getattr, ['__globals__'], lambda: 0).keys()",
    "import operator\noperator.attrgetter('__globals__')(lambda: 0)",
    "object.__getattribute__(lambda: 0, '__globals__')",
    "type.__getattribute__(int, '__subclasses__')()",
    "class D:\n    def __get__(self, i, o): return i.__init__.__globals__\nclass C:\n    d = D()\n    def __init__(self): pass\nC().d.keys()",
    "import torch\ntorch.nn.Linear.forward.__globals__",
    "import torch\ntorch.nn.Module.__init__.__globals__['torch']",
    "import torch\ntorch.load('weights.pt')",
    "import torch\ntorch.save([1], 'stolen.pt')",
    "import torch, functools\nfunctools.reduce(torch.save, [[1], 'stolen.pt'])",
    "import torch\ntorch.from_file('stolen.bin', size=4)",
    "import torch\ntorch.ops.load_library('x.so')",
    "import torch\ntorch.ops.aten.add",
    "import torch\ntorch.hub.load('a/b', 'c')",
    "import torch\ntorch.classes.load_library('x')",
    "import torch\ntorch.utils.cpp_extension.load_inline('x', 'int main;')",
    "import torch\ntorch.serialization.os.system('true')",
    "import torch\ntorch.storage.io.open('x')",
    "import torch\ntorch.nn.modules.linear.math",
    "import torch\ntorch.nn.functional.torch.os.system('true')",
    "import torch\ntorch.multiprocessing.Process",
    "from typing import ForwardRef\nForwardRef('__import__(\"os\")')._evaluate({}, {}, set())",
    "import pickle\npickle.loads(b'x')",
    "import os\nos.system('true')",
    "import os\nos.popen('true').read()",
    "from os import system\nsystem('true')",
    "import subprocess\nsubprocess.run(['true'])",
    "import sys\nsys.modules['os'].system('true')",
    "import sys\nsys._getframe()",
    "import importlib\nimportlib.import_module('os')",
    "__import__('os').system('true')",
    "open('stolen.txt', 'w')",
    "compile('1', 'x', 'eval')",
    "space = {}\nexec('import os', space)\nspace['os'].system('true')",
    "exec('import os\\nos.system(\"true\").x', {})\n().__class__.__subclasses__()",
    "exec(b'import os')",
    "eval('__import__(\"os\").system')('true')",
    "__builtins__['open']",
    "import builtins\nbuiltins.open('x')",
    "import inspect\ninspect.currentframe().f_globals",
    "import inspect\ninspect.getsource(len)",
    "import socket\nsocket.socket()",
    "import ctypes\nctypes.CDLL(None)",
    "import numpy\nnumpy.load('x.npy')",
    "import numpy\nnumpy.fromfile('x')",
    "import numpy\nnumpy.ctypeslib.os.system('true')",
    "import einops\neinops.einops.functools",
    "import dataclasses\ndataclasses.make_dataclass('X', ['a'])",
    "import collections\ncollections.abc.sys",
    "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    t = e.__traceback__\nt.tb_frame",
    "def g():\n    yield\nx = g()\nx.gi_frame.f_globals",
    "import types\ntypes.FunctionType((lambda: 0).__code__, {})",
    "import types\ntypes.CodeType",
    "type('X', (), {'__reduce__': lambda s: (1,)})().__reduce_ex__(2)",
    "import torch\nclass F(torch.nn.Module):\n    pass\nF().__class__.__init__.__globals__",
    "import torch\ntorch.nn.Linear(2, 2).__reduce_ex__(2)",
    "import random\nrandom._os.system('true')",
    "import contextlib\ncontextlib.sys.modules",
    "import json\njson.codecs.open('x')",
    "import pathlib\npathlib.Path('x').write_text('y')",
    "import pathlib\npathlib.Path('x').read_text()",
]  # fmt: skip


@pytest.mark.parametrize("program", ESCAPES)
def test_an_escape_attempt_is_refused(program: str, repository, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("")
    with pytest.raises((CannotEvaluate, TargetRaised)) as stop:
        interpreter.evaluate("model.py", program)
    if isinstance(stop.value, TargetRaised):
        assert isinstance(stop.value.error, (AttributeError, NameError, KeyError, TypeError, ImportError))
    assert not list(tmp_path.glob("stolen*"))
    assert not list(Path().glob("stolen*"))


@pytest.mark.parametrize(
    "program",
    [
        "import torch\ntorch.nn.Linear.forward = lambda self, x: x",
        "import torch\ntorch.nn.functional.relu.__name__ = 'x'",
        "import torch\nsetattr(torch.nn.Module, 'call', 1)",
        "import torch\ntorch.relu = None",
        "int.x = 1",
        "def f(): pass\nf.__code__ = 1",
        "class A: pass\nA().__class__ = int",
    ],
)
def test_real_objects_are_never_changed(program: str, repository) -> None:  # type: ignore[no-untyped-def]
    import torch

    before = (torch.nn.Linear.forward, torch.nn.functional.relu.__name__, torch.relu)
    interpreter = repository("")
    with suppress(CannotEvaluate, TargetRaised):
        interpreter.evaluate("model.py", program)
    assert (torch.nn.Linear.forward, torch.nn.functional.relu.__name__, torch.relu) == before
    assert not hasattr(torch.nn.Module, "call")


def test_yaml_makes_no_objects(repository) -> None:  # type: ignore[no-untyped-def]
    program = "import yaml\nyaml.load('!!python/object/apply:os.system [\"true\"]', Loader=yaml.Loader)"
    with pytest.raises(TargetRaised, match="not readable as YAML"):
        repository("").evaluate("model.py", program)


BOMBS = [
    "while True: pass",
    "while True:\n    x = 1",
    "def f(): return f()\nf()",
    "def f(n): return [f(n) for _ in range(2)]\nf(0)",
    "class A:\n    def __getattr__(self, n): return getattr(self, n + 'x')\nA().y",
    "2 ** (10 ** 9)",
    "10 ** 10 ** 10",
    "1 << (10 ** 10)",
    "x = 7\nwhile True: x = x * x",
    "x = 'a'\nwhile True: x = x + x",
    "x = [1]\nwhile True: x = x + x",
    "x = [1]\nwhile True: x += x",
    "x = [1]\nwhile True: x.extend(x)",
    "'a' * 10 ** 10",
    "[0] * 10 ** 10",
    "(0,) * 10 ** 10",
    "'x'.ljust(10 ** 10)",
    "'{:>10000000000}'.format(1)",
    "'%10000000000d' % 1",
    "f'{1:>10000000000}'",
    "('a' * 1000).replace('a', 'b' * 100000)",
    "('a' * 3000000).join(['b'] * 3000000)",
    "import itertools\nlist(itertools.count())",
    "import itertools\nsum(itertools.count())",
    "import itertools\nlist(itertools.product(range(1000), repeat=5))",
    "import itertools\nmax(itertools.repeat(1))",
    "list(range(10 ** 12))",
    "sum(range(10 ** 12))",
    "list(iter(int, 1))",
    "import math\nmath.factorial(10 ** 9)",
    "import math\nmath.comb(10 ** 9, 10 ** 8)",
    "pow(7, 10 ** 9)",
    "bytes(10 ** 11)",
    "bytearray(10 ** 11)",
    "import re\nre.match('(a+)+b', 'a' * 40)",
    "import re\nre.match('(a|aa)+$', 'a' * 60 + 'b')",
    "import re\nre.match('(a|a)*$', 'a' * 60 + 'b')",
    "import re\nre.match('((?:(?:a?)))*$', 'a' * 60 + 'b')",
    "import re\nre.match('a*a*a*a*a*a*a*a*a*a*b', 'a' * 5000)",
    "import re\nre.compile('(?:a?){99}a{99}').match('a' * 98)",
    "import re\nre.match('(x+x+)+y', 'x' * 60)",
    "class S(str):\n    def __len__(s): return 0\nimport re\nre.match('a*a*a*b', S('a' * 19000))",
    "class S(str):\n    def __len__(s): return 0\nimport re\nre.match(S('(a|aa)+$'), 'a' * 60 + 'b')",
    "[i for i in iter(lambda: 0, 1)]",
    "dict.fromkeys(iter(int, 1))",
    "g = (x for x in iter(int, 1))\nset(g)",
    "int('9' * 10 ** 6)",
    "eval('(' * 5000 + ')' * 5000)",
    "def g():\n    while True: yield 1\nlist(g())",
    "def g():\n    while True: yield 1\ntuple(zip(g(), g()))",
    "def g():\n    while True: yield 1\na, b = g()",
    "x = []\nfor i in range(100): x = [x, x]\nstr(x)",
]  # fmt: skip


@pytest.mark.parametrize("program", BOMBS)
def test_what_would_not_end_or_would_fill_memory_is_refused_within_seconds(program: str, repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("", Budget(steps=300_000))
    began = time.monotonic()
    with pytest.raises((CannotEvaluate, TargetRaised)) as stop:
        interpreter.evaluate("model.py", program)
    assert time.monotonic() - began < 10
    if isinstance(stop.value, TargetRaised):
        assert isinstance(stop.value.error, (SyntaxError, ValueError, RecursionError, OverflowError))


def test_memory_of_real_constants_is_bounded(repository) -> None:  # type: ignore[no-untyped-def]
    """Large tensors have shapes only, also where they come from small real ones."""
    program = "import torch\na = torch.ones(100000)\nb = torch.outer(a, a)\nc = torch.zeros(10 ** 6, 10 ** 6)\n(b.shape[0], c.numel())"
    assert repository("").evaluate("model.py", program) == (100000, 10**12)


PAIR = "x, y = ({0},), ({0},)\nfor _ in range(60):\n    x, y = {1}, {2}\n"
TUPLES, LISTS = PAIR.format(0, "(x, x)", "(y, y)"), PAIR.format(0, "[x, x]", "[y, y]")


@pytest.mark.parametrize(
    "asked",
    [
        *(
            TUPLES + last
            for last in ("x == y", "x < y", "x in [y]", "hash(x)", "{x: 1}", "{x}", "sorted([x, y])", "[y].index(x)")
        ),
        *(TUPLES + last for last in ("d = {}\nd[x] = 1", "{}.get(x)", "{1}.add(x)", "set([x])", "[x, y].sort()")),
        *(
            LISTS + last
            for last in ("x == y", "x != y", "[y].count(x)", "str(x)", "x == __import__('copy').deepcopy(y)")
        ),
        "import itertools\nnext(itertools.islice(itertools.count(), 10**12, None))",
        "import itertools\nlist(itertools.islice(itertools.repeat(0), 10**12))",
        "import itertools\nsum(itertools.repeat(1, 10**12))",
    ],
)
def test_what_python_would_walk_without_end_is_paid_for_before(repository, asked) -> None:
    started = time.process_time()
    with pytest.raises(CannotEvaluate):
        repository("", budget=Budget(steps=300_000)).evaluate("model.py", asked)
    assert time.process_time() - started < 10


def test_shared_lists_may_be_copied(repository) -> None:
    interpreter = repository("import copy\n", budget=Budget(steps=300_000))
    assert interpreter.evaluate("model.py", f"{LISTS}len(copy.deepcopy(x))") == 2
