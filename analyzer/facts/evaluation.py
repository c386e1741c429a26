"""The evaluator as this layer sees it, and which expressions have no one value: those of machine, time or chance."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known, Unknown

ValueOf = Callable[[str, str], "Known[object] | Unknown"]
"""Value of an expression in the scope of a file: `value_of(path, expression)`."""

MACHINE = (
    "torch.cuda.", "torch.backends.", "torch.mps.", "torch.xpu.", "torch.accelerator.", "torch.distributed.",
    "os.environ", "os.getenv", "os.cpu_count", "os.getcwd", "os.path.", "os.listdir", "glob.", "pathlib.", "time.",
    "datetime.", "random.", "numpy.random.", "socket.", "platform.", "getpass.", "uuid.", "sys.argv",
    "sys.platform", "multiprocessing.", "psutil.", "torch.get_num_threads", "torch.rand", "secrets.", "tempfile.",
    "shutil.", "subprocess.",
)  # fmt: skip


def no_evaluator(path: str, expression: str) -> Known[object] | Unknown:
    """Stands in where no evaluator is given: nothing beyond plain expressions has a value."""
    return Unknown("evaluator_not_available", (("expression", expression),))


def machine_dependence(index: SourceIndex, path: str, node: ast.AST) -> str:
    """The name by which an expression depends on machine, time or chance; empty where it does not."""
    for inner in ast.walk(node):
        name = index.symbols.external_name(path, inner)
        if name is not None and f"{name}.".startswith(MACHINE):
            return name
    return ""


def unresolved_name(index: SourceIndex, path: str, node: ast.AST) -> str:
    """A name that the module does not define: a local variable of the function around it."""
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    for inner in ast.walk(node):
        is_free = isinstance(inner, ast.Name) and inner.id not in bound and not hasattr(builtins, inner.id)
        if is_free and isinstance(inner, ast.Name) and index.symbols.resolve(path, inner.id) is None:
            return inner.id
    return ""
