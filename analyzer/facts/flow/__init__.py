"""Which objects reach which expressions, and in which order code runs from an entry point; nothing is executed."""

from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Callable_, Container, Foreign, Function, Held, Instance, Klass, ModuleFile, Type

__all__ = [
    "Callable_", "Container", "Foreign", "Function", "Held", "Inference", "Instance", "Klass", "ModuleFile", "Type",
]  # fmt: skip
