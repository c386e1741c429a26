"""Both paths of a branch on data, one after the other, each from the same state; and where they meet again.

A path that ends earlier than the other (`return`, `break`, `continue`) waits as a fork until the other reaches
the same end; meanwhile what the other changes is journaled. Where paths meet, what they have in common stays known.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.evaluator.errors import BudgetExhausted, CannotEvaluate, Place
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.joining import Joiner, difference
from analyzer.evaluator.journal import Content, Journal, Table, join_tables, tables_of
from analyzer.evaluator.recorder import BOTH_PATHS
from analyzer.evaluator.syntax.scope import Scope
from analyzer.evaluator.syntax.statements import CONTINUE, Return

Contents = dict[int, tuple[Table, Content]]
Path = Callable[[Frame], Any]
ATTEMPTS = 3


@dataclass
class Fork:
    """A path that has ended: how, and what its tables hold where they differ from when `journal` was opened."""

    signal: Any
    contents: Contents
    journal: Journal
    stop: CannotEvaluate
    asked: Question
    holds: bool
    """Whether this is the path on which the condition holds."""
    open_condition: Any = None

    def content_of(self, table: Table) -> Content | None:
        found = self.contents.get(id(table)) or self.journal.before.get(id(table))
        return found[1] if found else None

    def tables(self) -> list[Table]:
        return list(tables_of(self.contents, self.journal.before))


@dataclass(frozen=True)
class Question:
    """The condition of a branch as written, with the lines on which it stands."""

    text: str
    place: Place

    @classmethod
    def of(cls, node: ast.expr, scope: Scope) -> Question:
        return cls(ast.unparse(node), Place(scope.path, node.lineno, node.end_lineno or node.lineno))

    @property
    def negated(self) -> str:
        return f"not ({self.text})"


def may_fork(frame: Frame) -> bool:
    return bool(frame.session.calling) and frame.scope.kind in ("function", "comprehension")


def take_both(frame: Frame, paths: Sequence[Path | None], stop: CannotEvaluate, asked: Question) -> Any:
    """Run both paths of an undecided branch; the signal of the one that goes on."""
    recorder = frame.session.recorder
    recorder.assume(BOTH_PATHS, asked.text, asked.place)
    mark = len(frame.forks or ())
    with recorder.under(asked.text, asked.place):
        signal, ended, contents = _try_path(frame, paths[0], stop, mark)
    journal = open_journal(frame)
    for fork in ended:
        fork.journal = journal
    condition = recorder.begin(asked.negated, asked.place)
    try:
        other = paths[1](frame) if paths[1] else None
    except BaseException as error:
        recorder.end(condition)
        _take_back(frame, journal, mark)
        raise _refusal(error, stop) from None
    if frame.forks is not None:
        frame.forks[mark:mark] = ended
    fork = Fork(signal, contents, journal, stop, asked, True, condition)
    if _kind(signal) is _kind(other):
        merged = _meet(frame, fork, other)
        _release(frame, fork)
        return merged
    if frame.forks is None:
        _take_back(frame, journal, mark)
        recorder.end(condition)
        raise stop
    frame.forks.append(fork)
    return other


def choose_both(frame: Frame, paths: Sequence[Path], stop: CannotEvaluate, asked: Question) -> Any:
    """The value of an undecided conditional expression."""
    return take_both(frame, [lambda frame, path=path: Return(path(frame)) for path in paths], stop, asked).value  # type: ignore[misc]


def wait_at_exit(frame: Frame, signal: Any, stop: CannotEvaluate, asked: Question) -> None:
    """The path that leaves here waits with `signal`; the caller goes on with the other."""
    if frame.forks is None:
        raise stop
    recorder = frame.session.recorder
    recorder.assume(BOTH_PATHS, asked.text, asked.place)
    condition = recorder.begin(asked.text, asked.place)
    frame.forks.append(Fork(signal, {}, open_journal(frame), stop, asked, False, condition))


def settle(frame: Frame, mark: int, ending: Any, signal: Any) -> Any:
    """Let the forks since `mark` that ended in this way meet the path that has come here with `signal`."""
    forks = frame.forks
    while forks is not None:
        at = next((at for at in range(len(forks) - 1, mark - 1, -1) if _kind(forks[at].signal) is ending), None)
        if at is None:
            return signal
        fork = forks.pop(at)
        if _kind(signal) in (ending, None) or ending is Return:
            signal = _meet(frame, fork, Return(None) if ending is Return and signal is None else signal)
            _release(frame, fork)
        else:
            signal = _change_over(frame, fork, signal)
    return signal


def abandon(frame: Frame, mark: int = 0) -> None:
    """Forget the forks of a call that did not come to its end."""
    while frame.forks is not None and len(frame.forks) > mark:
        _release(frame, frame.forks.pop())


def run_to_end(frame: Frame, block: Path) -> Any:
    """A function's body; what waits at a `return` meets the last path there."""
    try:
        signal = block(frame)
    except BaseException as error:
        forks = frame.forks
        if forks:
            stop = forks[-1].stop
            abandon(frame)
            if isinstance(error, Exception):
                raise stop from None
        raise
    return settle(frame, 0, Return, signal) if frame.forks else signal


def widen(frame: Frame, journal: Journal, step: Path, fork: Fork) -> None:
    """A state that holds after any number of further turns: `journal` was opened one turn ago."""
    session, stop = frame.session, fork.stop
    _write_joined(frame, journal.before, Joiner(session.oracle, stop.cause))
    session.journals.close(journal)
    with session.recorder.muted(), session.unrecorded():
        for attempt in range(ATTEMPTS):
            turn = open_journal(frame)
            start = len(frame.forks or ())
            try:
                signal = settle(frame, start, CONTINUE, step(frame))
            except BaseException as error:
                _take_back(frame, turn, start)
                raise _refusal(error, stop) from None
            ended = _detach(frame, turn, start)
            if signal is not None and signal is not CONTINUE:  # this path leaves the loop and has no next turn
                ended.append(Fork(signal, turn.contents(), turn, stop, fork.asked, True))
                _take_back(frame, turn, start)
                _reopen(frame, ended)
                return
            joiner = Joiner(session.oracle, stop.cause, sizes=attempt < ATTEMPTS - 1)
            stable = _write_joined(frame, turn.before, joiner)
            session.journals.close(turn)
            _reopen(frame, ended)
            if stable:
                return


def _reopen(frame: Frame, ended: list[Fork]) -> None:
    if ended and frame.forks is not None:
        later = open_journal(frame)
        for fork in ended:
            fork.journal = later
        frame.forks += ended


def _try_path(frame: Frame, path: Path | None, stop: CannotEvaluate, mark: int) -> tuple[Any, list[Fork], Contents]:
    """How a path ends and what it leaves; then everything is as before."""
    journal = open_journal(frame)
    try:
        signal = path(frame) if path else None
    except BaseException as error:
        _take_back(frame, journal, mark)
        raise _refusal(error, stop) from None
    ended = _detach(frame, journal, mark)
    contents = journal.contents()
    _take_back(frame, journal, mark)
    return signal, ended, contents


def open_journal(frame: Frame) -> Journal:
    """From now on what changes is noted; the variables of this frame are from the start."""
    journal: Journal = frame.session.journals.open(_iterators(frame))
    frame.session.journals.note(frame.variables, namespace=True)
    return journal


def _iterators(frame: Frame) -> frozenset[int]:
    found = set()
    place: Frame | None = frame
    while place is not None:
        found |= {id(value) for value in place.variables.values() if hasattr(type(value), "__next__")}
        place = place.caller
    return frozenset(found)


def _take_back(frame: Frame, journal: Journal, mark: int) -> None:
    abandon(frame, mark)
    for table, content in journal.before.values():
        frame.session.journals.put(table, content)
    frame.session.journals.close(journal)


def _refusal(error: BaseException, stop: CannotEvaluate) -> BaseException:
    """A path that cannot be evaluated leaves the branch undecided."""
    plain = isinstance(error, (Exception, CannotEvaluate)) and not isinstance(error, BudgetExhausted)
    return stop if plain else error


def _detach(frame: Frame, journal: Journal, mark: int) -> list[Fork]:
    """The forks of a path that is about to be taken back, each with all that it changed since `journal`."""
    if frame.forks is None or len(frame.forks) <= mark:
        return []
    ended = frame.forks[mark:]
    del frame.forks[mark:]
    now = journal.contents()
    for fork in ended:
        known = {**now, **fork.journal.before, **fork.contents}
        frame.session.recorder.end(fork.open_condition)
        fork.contents = {key: (table, content) for key, (table, content) in known.items()}
    for fork in ended:
        frame.session.journals.close(fork.journal)
    return ended


def _meet(frame: Frame, fork: Fork, signal: Any) -> Any:
    """Join the fork's state into the present one; both ended in the same way."""
    joiner = Joiner(frame.session.oracle, fork.stop.cause)
    if isinstance(signal, Return):
        _tell_difference(frame, fork, "return", fork.signal.value, signal.value)
        signal = Return(joiner.join(fork.signal.value, signal.value))
    states = {id(table): (table, fork.content_of(table)) for table in fork.tables()}
    own = states.get(id(frame.variables))
    for name, value in (own[1] or {}).items() if own and not isinstance(signal, Return) else ():
        _tell_difference(frame, fork, name, value, frame.variables.get(name))
    _write_joined(frame, states, joiner)
    return signal


def _tell_difference(frame: Frame, fork: Fork, name: str, first: Any, second: Any) -> None:
    """What a branch gives on either path, where it gives tensors of different forms."""
    text = difference(frame.session.oracle, first, second)
    if text:
        frame.session.recorder.assume("paths_differ", f"{name}: {text}", fork.asked.place)


def _write_joined(frame: Frame, states: Contents, joiner: Joiner) -> bool:
    """Whether the states cover the present one, which becomes what holds in both."""
    covered = True
    for table, content in list(states.values()):
        names = frame.session.journals.is_namespace(table) or table is frame.variables
        present = Journal()
        present.note(table)
        now = present.before[id(table)][1]
        joined = join_tables(table, content, now, names, joiner.join, joiner.unknown if names else joiner.rest)
        covered = covered and _same(joined, content)
        frame.session.journals.put(table, joined)
    return covered


def _same(joined: Content, before: Content) -> bool:
    if isinstance(joined, dict):
        return joined.keys() == before.keys() and all(joined[key] is before[key] for key in joined)
    if isinstance(joined, set):
        return bool(joined == before)
    return len(joined) == len(before) and all(one is other for one, other in zip(joined, before, strict=True))


def follow_fork(frame: Frame) -> Any:
    """Give up the present path, which never ends, for the last one that left it; the signal of that one."""
    assert frame.forks is not None
    fork = frame.forks.pop()
    for table in fork.tables():
        frame.session.journals.put(table, fork.content_of(table))
    _release(frame, fork)
    return fork.signal


def _change_over(frame: Frame, fork: Fork, signal: Any) -> Any:
    """Go on with a fork's path, while the present one waits with its signal."""
    tables = fork.tables()
    waiting = Journal()
    for table in tables:
        waiting.note(table)
    for table in tables:
        frame.session.journals.put(table, fork.content_of(table))
    assert frame.forks is not None
    recorder = frame.session.recorder
    recorder.end(fork.open_condition)
    condition = recorder.begin(fork.asked.text if fork.holds else fork.asked.negated, fork.asked.place)
    waits = Fork(signal, waiting.before, fork.journal, fork.stop, fork.asked, not fork.holds, condition)
    frame.forks.append(waits)
    return fork.signal


def _release(frame: Frame, fork: Fork) -> None:
    """Close what no other fork needs."""
    frame.session.recorder.end(fork.open_condition)
    if not any(other.journal is fork.journal for other in frame.forks or ()):
        frame.session.journals.close(fork.journal)


def _kind(signal: Any) -> Any:
    return Return if isinstance(signal, Return) else signal
