# ruff: noqa: E501 - one row, one line
"""The language: complete by table, and equal to Python on every construct."""

from __future__ import annotations

import ast
import textwrap

import pytest

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.evaluator.syntax import TABLES
from analyzer.evaluator.syntax.operators import BINARY, COMPARISONS, IN_PLACE, UNARY
from analyzer.evaluator.syntax.patterns import PATTERNS


def subclasses(base: type[ast.AST]) -> set[type[ast.AST]]:
    return {kind for kind in vars(ast).values() if isinstance(kind, type) and kind.__base__ is base}


DEPRECATED = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis"}


def test_every_expression_and_statement_class_is_built_or_refused() -> None:
    classes = {kind for kind in subclasses(ast.expr) | subclasses(ast.stmt) if kind.__name__ not in DEPRECATED}
    assert classes <= {*TABLES.expressions, *TABLES.statements, *TABLES.refused}
    assert not set(TABLES.refused) & {*TABLES.expressions, *TABLES.statements}


@pytest.mark.parametrize(
    ("base", "table"),
    [
        (ast.operator, BINARY),
        (ast.operator, IN_PLACE),
        (ast.unaryop, {**UNARY, ast.Not: None}),
        (ast.cmpop, COMPARISONS),
        (ast.pattern, PATTERNS),
    ],
)
def test_every_operator_and_pattern_class_is_in_its_table(base: type[ast.AST], table: dict[type, object]) -> None:
    assert subclasses(base) == set(table)


PROGRAMS = [
    "1 + 2 * 3 - 4 / 2",
    "[i * j for i in range(4) if i % 2 for j in range(i)]",
    "{k: v for k, v in zip('abc', range(3))}",
    "sorted({x % 3 for x in range(10)})",
    "list(x ** 2 for x in range(5))",
    "(lambda a, *b, c=3, **d: (a, b, c, sorted(d)))(1, 2, e=5)",
    "f'{3:>5}|{2.5:.2f}|{\"x\"!r}'",
    "'{} {a:03d} {b[0]}'.format(1, a=2, b=[3])",
    "'%s-%03d' % ('a', 7)",
    "[*range(3), *[5]], {**{'a': 1}, 'b': 2}",
    "1 < 2 < 3 and not 3 < 2 or None",
    "def f():\n    x = [(yield 1), (yield 2)]\n    yield x\n    yield (yield 3)\nlist(f())",
    "def f():\n    got = (yield 1) + 2\n    return got\ndef g():\n    result = yield from f()\n    yield result\nh = g()\n(next(h), h.send(5))",
    "space = {'k': 2}\nexec('m = k * 2\\ndef f(): return m', space)\nspace['m'], space['f']()",
    "class M(type):\n    made = []\n    def __new__(m, name, bases, space):\n        c = super().__new__(m, name, bases, space)\n        m.made.append(name)\n        return c\n    def __call__(c, *a):\n        return [super().__call__(*a).v]\nclass C(metaclass=M):\n    def __init__(self, v): self.v = v\nC(3), M.made",
    "(y := 5) + y",
    "[1, 2, 3][::-1], 'abcdef'[1:4]",
    "a, *b, c = range(5)\n(a, b, c)",
    "x = [1]\nx += [2]\nx[0] += 5\nx",
    "total = 0\nfor i in range(5):\n    if i == 1: continue\n    if i == 4: break\n    total += i\nelse:\n    total = -1\ntotal",
    "n = 0\nwhile n < 3:\n    n += 1\nelse:\n    n = 100\nn",
    "try:\n    1 / 0\nexcept (ValueError, ZeroDivisionError) as e:\n    r = type(e).__name__\nelse:\n    r = 0\nfinally:\n    s = 2\n(r, s)",
    "def f(a, b=2, /, c=3, *, d=4, **k):\n    return (a, b, c, d, k)\nf(1, c=5, z=6)",
    "def g(n):\n    for i in range(n):\n        got = yield i\n    return 9\nlist(g(3))",
    "def h():\n    r = yield from g2()\n    yield r\ndef g2():\n    yield 1\n    return 2\nlist(h())",
    "def counter():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    return up\nc = counter()\n(c(), c())",
    "class A:\n    x = 1\n    def __init__(self, v): self.v = v\n    @property\n    def double(self): return self.v * 2\n"
    "    @staticmethod\n    def s(q): return q\n    @classmethod\n    def make(cls, v): return cls(v)\n"
    "class B(A):\n    def __init__(self, v):\n        super().__init__(v + 1)\n    def __getitem__(self, k): return k\n"
    "b = B.make(3)\n(b.double, b.s(2), b[7], B.x, isinstance(b, A), B.__name__)",
    "class M:\n    def f(self): return ['M']\nclass L(M):\n    def f(self): return ['L'] + super().f()\n"
    "class R(M):\n    def f(self): return ['R'] + super().f()\nclass D(L, R):\n    def f(self): return ['D'] + super().f()\nD().f()",
    "class P:\n    __slots__ = ('a',)\n    def __eq__(self, o): return True\n(P() == P(), P.__hash__ is None)",
    "match [1, 2, 3]:\n    case [a, *rest] if a > 0:\n        r = rest\n    case _:\n        r = None\nr",
    "match {'k': 1, 'z': 2}:\n    case {'k': int(v), **other}:\n        r = (v, other)\nr",
    "from contextlib import contextmanager\n@contextmanager\ndef cm():\n    log.append('in')\n    yield 3\n    log.append('out')\n"
    "log = []\nwith cm() as v:\n    log.append(v)\nlog",
    "from functools import partial, reduce\nreduce(lambda a, b: a * b, [1, 2, 3, 4]), partial(pow, 2)(5)",
    "from dataclasses import dataclass, field, replace, asdict\n@dataclass\nclass C:\n    a: int\n    b: list = field(default_factory=list)\n"
    "    c: int = 3\n    def __post_init__(self): self.d = self.a + self.c\nc = replace(C(1, c=5), a=2)\n(c.d, c.b, c == C(2, [], 5), asdict(c))",
    "from collections import namedtuple\nP = namedtuple('P', 'x y')\np = P(1, y=2)\n(p.x, p._replace(x=5)[0], p._asdict())",
    "from typing import NamedTuple\nclass Q(NamedTuple):\n    a: int\n    b: int = 4\n(Q(1).b, tuple(Q(1)))",
    "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2\n(E.A.value, E['B'].name, E(2) is E.B, [e.name for e in E])",
    "import math, itertools\n(math.ceil(2.1), math.prod([2, 3]), list(itertools.accumulate([1, 2, 3])), list(itertools.product('ab', [1])))",
    "import re\nre.sub(r'\\d+', '#', 'a12b3'), re.match('(a)(b)?', 'ab').groups()",
    "class N:\n    def __enter__(self): return 1\n    def __exit__(self, *a): return True\nwith N():\n    raise ValueError\n'swallowed'",
    "[x for x in [1, 2, 3] if (y := x) > 1], y",
    "del_ = {'a': 1, 'b': 2}\ndel del_['a']\ndel_",
    "class W:\n    def __call__(self, *a): return sum(a)\nW()(1, 2, 3)",
    "def outer():\n    class K:\n        v = 3\n        def m(self): return __class__.v\n    return K().m()\nouter()",
    "sorted(['b', 'a'], key=lambda s: s)[0], max([3, 1], key=lambda v: -v), min(2, 1)",
    "g = (i for i in range(3))\nnext(g), list(g)",
    "globals_like = {'a': 1}\nx = globals_like.get('b', 2)\nx",
    "eval('1 + 2')",
    "import copy\nold = {'a': [1]}\nnew = copy.deepcopy(old)\nnew['a'].append(2)\nold, new",
    "class Meta:\n    def __init_subclass__(cls, **k):\n        cls.tag = k.get('tag')\nclass S(Meta, tag='t'): pass\nS.tag",
    "int('12') + int(3.7) + float('1.5'), bool([]), str(5), list('ab'), tuple([1]), round(2.567, 2), divmod(7, 2)",
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_has_the_value_that_python_gives_it(program: str, repository) -> None:  # type: ignore[no-untyped-def]
    tree = ast.parse(program)
    names: dict[str, object] = {"__name__": "model"}
    exec(compile(ast.Module(tree.body[:-1], []), "<truth>", "exec", dont_inherit=True), names)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    expected = eval(compile(ast.Expression(last.value), "<truth>", "eval", dont_inherit=True), names)
    assert repository("").evaluate("model.py", program) == expected


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_module_level_program_has_the_same_value(program: str, repository) -> None:  # type: ignore[no-untyped-def]
    tree = ast.parse(program)
    last = ast.unparse(tree.body[-1])
    body = ast.unparse(ast.Module(tree.body[:-1], []))
    if ":=" in last or "next(g)" in last:
        pytest.skip("the asking expression itself binds or consumes")
    names: dict[str, object] = {"__name__": "model"}
    exec(compile(body, "<truth>", "exec", dont_inherit=True), names)
    assert repository(body).evaluate("model.py", last) == eval(
        compile(last, "<truth>", "eval", dont_inherit=True), names
    )


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("def f(a): pass\nf()", TypeError),
        ("def f(a): pass\nf(1, 2)", TypeError),
        ("def f(a): pass\nf(1, a=2)", TypeError),
        ("undefined_name", NameError),
        ("def f():\n    x = y\n    y = 1\nf()", UnboundLocalError),
        ("a, b = 1, 2, 3", ValueError),
        ("{}['k']", KeyError),
        ("assert 1 == 2, 'no'", AssertionError),
        ("raise ValueError('own')", ValueError),
        ("(1).missing", AttributeError),
        ("import math\nmath.missing", AttributeError),
    ],
)
def test_an_exception_of_the_target_keeps_its_type_and_line(program: str, error: type, repository) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TargetRaised) as raised:
        repository("").evaluate("model.py", program)
    assert type(raised.value.error) is error


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("async def f(): pass\nf()", "asynchronous_code"),
        ("def f(g):\n    x = 2 if g else (yield 1)\nlist(f(0))", "yield_inside_expression"),
        ("def f(g):\n    x = [g(), (yield 1)]\nlist(f(list))", "yield_inside_expression"),
        ("exec(b'x = 1')", "exec_refused"),
        ("class M: pass\nclass C(metaclass=M): pass\nC", "metaclass_not_supported"),
        ("import numba_not_here\nnumba_not_here.jit", "package_not_available"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_reason(program: str, reason: str, repository) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CannotEvaluate) as stop:
        repository("").evaluate("model.py", program)
    assert stop.value.reason == reason


def test_renaming_all_variables_changes_nothing(repository) -> None:  # type: ignore[no-untyped-def]
    program = textwrap.dedent("""
        def area(width, height):
            half = width * height // 2
            return [half + width for width in range(height)]
        area(3, 4)
    """)
    renamed = program.replace("width", "alpha").replace("height", "beta").replace("half", "gamma")
    assert repository("").evaluate("model.py", program) == repository("").evaluate("model.py", renamed)
