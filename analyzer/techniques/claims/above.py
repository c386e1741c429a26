"""Numbers in comments that have a line for themselves: about the statement right below, or about the preset that a
configuration file names; and in comments that tell the defaults of the call they stand behind.

All of these can agree; none is certain enough to differ.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.bundles import Facts
from analyzer.records.configuration import Preset
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import NUMBER, figure_of
from analyzer.techniques.claims.settings import Setting, of_preset
from analyzer.techniques.claims.sizes import normal
from analyzer.techniques.claims.texts import Comment, comments
from analyzer.techniques.findings.library_defaults import DEFAULTS, TORCH_VERSION
from analyzer.techniques.findings.syntax_rules import foreign, is_open, parameter_names
from analyzer.techniques.paper.numbers import in_sentences
from analyzer.techniques.paper.quantities import BY_ID

GIVEN = re.compile(rf"(?<![\w.\-])(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>-?(?:{NUMBER})|\([^()]*\))(?![\w.])")
IS_DEFAULT = re.compile(r"^(?:by )?defaults?\b", re.IGNORECASE)
SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
Place = tuple[str, Span]
"""What is printed as derived, and where it stands."""


def find_above(index: SourceIndex, facts: Facts) -> Iterator[Claim]:
    """Claims of comments on lines of their own, and of those that tell a call's defaults."""
    by_path: dict[str, list[Comment]] = {}
    for comment in comments(index):
        by_path.setdefault(comment.path, []).append(comment)
    for path, found in by_path.items():
        tree = index.trees().get(path, ast.Module([], []))
        statements = {n.lineno: n for n in ast.walk(tree) if isinstance(n, SIMPLE)}
        alone = {comment.number for comment in found if not comment.code}
        for comment in found:
            if not comment.code and not re.search(r"\d", comment.text):
                continue
            if comment.code:
                statement = statements.get(comment.number)
                yield from _of_call(index, comment, statement) if statement is not None else ()
            else:
                below = next(n for n in range(comment.number, len(index.lines(path)) + 2) if n not in alone)
                yield from _of_line(index, facts, comment, statements.get(below))


def _of_line(index: SourceIndex, facts: Facts, comment: Comment, below: ast.stmt | None) -> Iterator[Claim]:
    where = index.span(comment.path, comment.number)
    given = dict(_given_below(index, comment.path, below)) if below is not None else {}
    preset = _preset_of_file(facts, comment.path)
    named = {setting.name: setting for setting in of_preset(preset)} if preset is not None else {}
    for match in GIVEN.finditer(comment.text):
        place = _equal_below(index, comment.path, below, given, match) or _equal_preset(named, match)
        if place is not None:
            yield Claim(comment.text, match.group(), place[0], "agree", where, (place[1],), match.group("name"))
    for stated in in_sentences([GIVEN.sub(" ", comment.text)]):
        own = [(name, node) for name, node in given.items() if name.lower() in BY_ID[stated.quantity].names]
        for name, node in own:
            if _same(node, stated.value):
                derived = f"{name} = {stated.value:.10g}"
                yield Claim(
                    comment.text, stated.printed, derived, "agree", where, (index.span(comment.path, node),), name
                )


def _given_below(index: SourceIndex, path: str, statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """What the statement gives under a name: its target, and keyword arguments of its calls."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        yield statement.targets[0].id, statement.value
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            yield from ((item.arg, item.value) for item in node.keywords if item.arg is not None)


def _equal_below(
    index: SourceIndex, path: str, below: ast.stmt | None, given: dict[str, ast.expr], match: re.Match[str]
) -> Place | None:
    """The argument that the statement gives, or the library's default where it gives none."""
    stated = _literal(match.group("value"))
    node = given.get(match.group("name"))
    if node is not None and stated is not None:
        return (
            (f"{match.group('name')} = {index.segment(path, node)}", index.span(path, node))
            if _same(node, stated)
            else None
        )
    for call in (n for n in ast.walk(below) if isinstance(n, ast.Call)) if below is not None else ():
        dotted = foreign(index, path, call)
        default = dict(DEFAULTS.get(dotted, ())).get(match.group("name"))
        if default is not None and not is_open(call) and stated is not None and _literal(default) == stated:
            return f"{match.group('name')} = {default} (torch {TORCH_VERSION})", index.span(path, call)
    return None


def _equal_preset(named: dict[str, Setting], match: re.Match[str]) -> Place | None:
    setting = named.get(match.group("name").lower())
    figure = figure_of(match.group("value"))
    if setting is None or setting.number is None or figure is None or not math.isclose(setting.number, figure.value):
        return None
    return f"{setting.name} = {setting.number:.10g} ({setting.owner})", setting.where


def _preset_of_file(facts: Facts, path: str) -> Preset | None:
    """The preset that one of a configuration file's own values names: `init_from = 'gpt2-xl'`."""
    presets = facts.configuration.presets
    own = [p for p in presets if p.where.path == path == p.name]
    texts = {
        normal(str(v.value)) for p in own for _, v in p.values if isinstance(v, Known) and isinstance(v.value, str)
    }
    named = [p for p in presets if p.layer == "preset" and normal(p.name) in texts and p.where.path != path]
    return named[0] if len(named) == 1 else None


def _of_call(index: SourceIndex, comment: Comment, statement: ast.stmt) -> Iterator[Claim]:
    """`default: 1000 steps, linear schedule` behind a call that leaves those parameters to the function."""
    call = getattr(statement, "value", None)
    if not IS_DEFAULT.match(comment.text) or not isinstance(call, ast.Call) or is_open(call):
        return
    left = _left_to_defaults(index, comment.path, call)
    where = index.span(comment.path, comment.number)
    for match in re.finditer(rf"(?<![\w.])(?:{NUMBER})(?![\w.]*\w)|\b[a-z_]{{4,}}\b", comment.text):
        figure = figure_of(match.group())
        stated: object = figure.value if figure is not None else match.group()
        equal = [(name, node, path) for name, node, path in left if _same(node, stated)]
        if len(equal) == 1:
            name, node, path = equal[0]
            derived = f"{name} = {index.segment(path, node)}"
            yield Claim(comment.text, match.group(), derived, "agree", where, (index.span(path, node),), name)
        elif figure is not None and not equal:
            yield Claim(comment.text, match.group(), "", "unknown", where, (), "", "not_told")


def _left_to_defaults(index: SourceIndex, path: str, call: ast.Call) -> list[tuple[str, ast.expr, str]]:
    """Parameters of the repository's own function that the call does not give, with their defaults."""
    dotted = dotted_name(call.func)
    found = index.symbols.resolve(path, dotted) if dotted else None
    if not isinstance(found, Definition) or not isinstance(found.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return []
    arguments = found.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    given = {k.arg for k in call.keywords} | set(parameter_names(found.node)[: len(call.args)])
    return [(a.arg, default, found.path) for a, default in pairs if a.arg not in given]


def _same(node: ast.expr, stated: object) -> bool:
    value = _literal(ast.unparse(node))
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)) and isinstance(stated, (int, float)):
        return math.isclose(value, stated, rel_tol=1e-9)
    return value == stated


def _literal(text: str) -> object:
    try:
        value: object = ast.literal_eval(text.replace(",", "") if re.fullmatch(NUMBER, text) else text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value
