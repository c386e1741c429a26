"""A recognised technique as blocks: its formula bound to code names, why it is used, how this code departs from it."""

from __future__ import annotations

import re

from analyzer.document.bindings import binding_line, binding_value, value_line
from analyzer.document.blocks import bullets
from analyzer.document.context import Context
from analyzer.document.inline import join, ref
from analyzer.document.knowledge import citation
from analyzer.document.wording import fill, places_of
from analyzer.records.document import Block, Code, Formula, Line, Math, Note, Plain
from analyzer.records.evidence import Known
from analyzer.records.techniques import Binding, Symbol, TechniqueFinding, TechniqueSheet

LITERAL = re.compile(r"True|False|None|-?[\d.]+(?:e-?\d+)?")
COMMAND = re.compile(r"\\(?:mathrm|mathcal|operatorname)\{[^}]*\}|\\[A-Za-z]+")
CLAUSE = re.compile(r"[，；,;]")


def formula(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """The sheet's formula with a where-list: every symbol with its meaning and the name it has in this code."""
    sheet = context.sheets.get(found.sheet_id)
    latex = found.formula or (sheet.formula if sheet else "")
    if sheet is None or not latex.strip():
        return ()
    shown = [item for item in sheet.symbols if _is_told(context, item, found, latex)]
    symbols = tuple((Math(item.symbol), _meaning(context, item, found)) for item in shown)
    return (Formula(latex.strip(), symbols),)


def _is_told(context: Context, item: Symbol, found: TechniqueFinding, latex: str) -> bool:
    """A symbol of the formula at hand, or a size that has a name here; not one of another form of the technique."""
    if _occurs(item.symbol, latex):
        return True
    if item.hole:
        return bool(_bindings(context, item, found))
    sheet = context.sheets[found.sheet_id]
    return not _occurs(item.symbol, sheet.formula)


def _occurs(symbol: str, latex: str) -> bool:
    """A letter by itself, not one of a command's name."""
    return symbol in (COMMAND.sub(" ", latex) if len(symbol) == 1 else latex)


def _bindings(context: Context, item: Symbol, found: TechniqueFinding) -> list[Binding]:
    """The code's names for a symbol: where the finding shows them, else where another place of the technique does."""
    own = [binding for binding in found.bindings if item.hole and binding.hole == item.hole]
    if own or not item.hole:
        return own
    every = context.analysis.findings.techniques
    others = [one for one in every if one.sheet_id == found.sheet_id and one is not found and one.in_use]
    others = [one for one in others if context.is_built(one)]
    return [binding for one in others for binding in one.bindings if binding.hole == item.hole]


def has_formula(context: Context, found: TechniqueFinding) -> bool:
    sheet = context.sheets.get(found.sheet_id)
    return bool((found.formula or (sheet.formula if sheet else "")).strip())


def _meaning(context: Context, item: Symbol, found: TechniqueFinding) -> Line:
    words = context.words
    meaning = words.pick(item.meaning)
    bindings = _bindings(context, item, found)
    if not bindings:
        nameless = bool(item.hole) and not _is_unassigned(context, found)
        return words.line("common.not_bound", meaning=meaning) if nameless else (Plain(meaning),)
    names = join([_bound(context, binding) for binding in bindings[:3]])
    return words.line("common.where_bound", meaning=meaning, names=names)


def _is_unassigned(context: Context, found: TechniqueFinding) -> bool:
    """Whether names were found of which the form does not tell the symbol: the two sides of a difference."""
    holes = {symbol.hole for symbol in context.sheets[found.sheet_id].symbols}
    return any(binding.hole not in holes for binding in found.bindings)


def _bound(context: Context, binding: Binding) -> Line:
    return (*binding_line(context, binding), Plain(" ("), *ref(binding.where), Plain(")"))


def motivation(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """Why this and not the alternative; only where this repository's own names fill every place of the sentence."""
    sheet = context.sheets.get(found.sheet_id)
    text = context.words.pick(sheet.motivation) if sheet else ""
    values = {item.hole: binding_line(context, item) for item in reversed(found.bindings)}
    if sheet is None or not text or not values or not places_of(text) <= set(values):
        return ()
    said = fill(text, dict(values))
    if not places_of(text):
        names = _names_of(context, found)
        if not names:
            return ()
        said = (*said, Plain(" "), *context.words.line("common.in_this_code", names=names))
    return (Note("knowledge", (*said, *_sources(sheet))),)


def _names_of(context: Context, found: TechniqueFinding) -> Line:
    """The names and values of this code that fill a motivation without places of its own, with what each is."""
    told = telling(context, found)
    return join(named_values(context, found) or [_with_meaning(context, found, item) for item in told])


def telling(context: Context, found: TechniqueFinding) -> list[Binding]:
    """The bindings that say most: those with a value; where none has one, two that the formula has a symbol for."""
    named = [item for item in found.bindings if not LITERAL.fullmatch(item.code)]
    unique = list({item.code: item for item in reversed(named)}.values())[::-1]
    spoken = [item for item in unique if _symbol_of(context, found, item)]
    valued = [item for item in spoken if binding_value(context, item) is not None]
    return valued[:3] or spoken[:2] or unique[:2]


def named_values(context: Context, found: TechniqueFinding) -> list[Line]:
    """Each size or setting of a technique that has a value: `number of heads n_head = 12`; what no name of the formula
    has, the programs may set: `gradient_accumulation_steps = 40`.
    """
    told = [item for item in telling(context, found) if binding_value(context, item) is not None]
    return [_with_meaning(context, found, item) for item in told] or _set_by_programs(context, found.sheet_id)


def _set_by_programs(context: Context, sheet_id: str) -> list[Line]:
    features = [one for program in (context.training, context.inference) if program for one in program.features]
    values = {
        name: amount.value
        for feature in reversed(features)
        if feature.id == sheet_id
        for name, amount in feature.values
        if isinstance(amount, Known)
    }
    return [(Code(name), *value_line(amount)) for name, amount in values.items()]


def _with_meaning(context: Context, found: TechniqueFinding, item: Binding) -> Line:
    symbol = _symbol_of(context, found, item)
    meaning: Line = (Plain(CLAUSE.split(context.words.pick(symbol.meaning))[0] + " "),) if symbol else ()
    return (*meaning, *binding_line(context, item))


def _symbol_of(context: Context, found: TechniqueFinding, item: Binding) -> Symbol | None:
    return next((one for one in context.sheets[found.sheet_id].symbols if one.hole and one.hole == item.hole), None)


def _sources(sheet: TechniqueSheet) -> Line:
    return (Plain(" ("), *join([citation(item) for item in sheet.sources]), Plain(")")) if sheet.sources else ()


def departures(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """How this code differs from the textbook form."""
    return bullets(context.words.reason(rule, arguments) for rule, arguments in found.notes)
