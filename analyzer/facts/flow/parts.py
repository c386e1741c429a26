"""What items, iteration and members of an object are: of containers by their slots, of own classes by their methods,
of foreign things by the dotted name of an element.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.facts.flow.foreign import TENSOR, element_of
from analyzer.facts.flow.objects import NOTHING, Container, Foreign, Held, Instance, Klass, Type, Types
from analyzer.facts.flow.questions import Questions

ANY = "*"


class PartRules:
    """The side of the inference that takes objects apart."""

    def __init__(self, inference: Questions) -> None:
        self._inference = inference

    def items(self, bases: Types, key: str) -> Types:
        """Types of `base[key]`; an unknown key may be any."""
        found: set[Type] = set()
        for base in bases:
            if isinstance(base, Container):
                known = self._inference.slots.get((base.site, key))
                if not known and base.site.endswith("<args>"):
                    continue
                found |= (
                    self.contents(base)
                    if not known or key == ANY
                    else known | self._inference.slots.get((base.site, ANY), NOTHING)
                )
            elif isinstance(base, Foreign):
                dotted = element_of(base.dotted) if not base.dotted.startswith("<") else ""
                found |= {Foreign(dotted, base.about)} if dotted else set()
            elif isinstance(base, Held):
                found |= self._inference.slots.get((base.site, key), NOTHING) or self._inference.holders.section(
                    base, key
                )
            elif isinstance(base, Klass):
                found.add(base)
            elif isinstance(base, Instance):
                found |= self._method_result(base, "__getitem__")
        return frozenset(found)

    def contents(self, base: Container) -> Types:
        """Everything a container may hold."""
        return _join(self._inference.slots.get((base.site, key)) for key in self._inference.keys_of(base.site))

    def members(self, base: Container) -> Types:
        """What a container of modules runs: its contents, and those of containers in it, which may form a ring."""
        found: set[Type] = set()
        pending, seen = [base], {base}
        while pending:
            for item in self.contents(pending.pop()):
                if not (isinstance(item, Container) and item.dotted):
                    found.add(item)
                elif item not in seen:
                    seen.add(item)
                    pending.append(item)
        return frozenset(found)

    def elements(self, bases: Types) -> Types:
        """What iterating gives."""
        found: set[Type] = set()
        for base in bases:
            if isinstance(base, Container):
                found |= self.contents(base)
            elif isinstance(base, Foreign) and base.dotted.startswith("torch.utils.data."):
                found |= self._batch(base)
            elif isinstance(base, Foreign):
                dotted = element_of(base.dotted) if not base.dotted.startswith("<") else ""
                found |= {Foreign(dotted, base.about)} if dotted else set()
            elif isinstance(base, Instance):
                found |= self._iterated(base)
        return frozenset(found)

    def _iterated(self, base: Instance) -> Types:
        """What an object of own code gives in turn; an iterator returns itself and gives what `__next__` returns."""
        own = self._method_result(base, "__next__")
        if own:
            return own
        iterated = (self._method_result(base, "__iter__") or self._method_result(base, "__getitem__")) - {base}
        plain = frozenset(item for item in iterated if not isinstance(item, Instance))
        steps = [
            self._method_result(i, "__next__") for i in sorted(iterated - plain, key=repr) if isinstance(i, Instance)
        ]
        return _join([self.elements(plain), *steps]) or iterated

    def _batch(self, loader: Foreign) -> Types:
        """A batch has the structure of the data set's samples."""
        sample = self._method_result(loader.about, "__getitem__") if loader.about else NOTHING
        return sample or frozenset({Foreign(TENSOR)})

    def _method_result(self, base: Instance, name: str) -> Types:
        owner = self._inference.index.symbols.definition(base.owner)
        method = self._inference.hierarchy.method(owner, name) if owner else None
        if method is None:
            return NOTHING
        self._inference.calls.bind_receiver(method.qualified_name, base)
        return self._inference.returned(method.qualified_name)


def _join(parts: Iterable[Types]) -> Types:
    return frozenset().union(*parts)
