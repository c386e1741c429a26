"""Foreign calls that run a function given to them: known ones, and by what such a call looks like in other packages.

A library that is built on tensors keeps functions for later (a collate function, a hook, a transform), so of those
only the listed ones count. Elsewhere a function given first to a plain call is what that call is there to run: a
retry, a launcher, a profiler, a study.
"""

from __future__ import annotations

import ast
import sys

from analyzer.facts.flow.driven import OPEN

CALLERS = frozenset(
    {
        "torch.multiprocessing.spawn", "torch.multiprocessing.start_processes", "torch.utils.checkpoint.checkpoint",
        "builtins.map", "fire.Fire", "typer.run", "absl.app.run", "accelerate.notebook_launcher", "threading.Thread",
        "torch.multiprocessing.Process", "multiprocessing.Process", "torch.func.grad", "torch.func.vmap",
        "concurrent.futures.ThreadPoolExecutor().submit", "tf.app.run", "uvicorn.run",
        "torch.utils.checkpoint.checkpoint_sequential", "jsonargparse.CLI", "jsonargparse.auto_cli", "tyro.cli",
        "defopt.run",
    }
)  # fmt: skip
"""Foreign calls that run a function or an object given to them, wherever it stands among the arguments."""

KEEPING = frozenset(
    {
        "torch", "torchvision", "torchaudio", "numpy", "jax", "tensorflow", "keras", "transformers", "datasets",
        "accelerate", "lightning", "pytorch_lightning", "lightning_fabric", "timm", "diffusers", "monai", "PIL",
        "albumentations", "einops", "pandas", "sklearn", "matplotlib", "pytest", "hypothesis", "gradio", "flask",
        "fastapi", "starlette", "click", "typer", "pydantic", "attr", "attrs", "ignite", "webdataset", "dgl",
        "torch_geometric", "tqdm", "yaml", "ruamel", "omegaconf", "triton", "numba", "cv2", "scipy", "beartype",
    }
)  # fmt: skip
"""Packages whose calls keep the functions given to them, or run them on data."""

STORING = ("register", "add", "set", "on_", "subscribe", "connect", "wrap", "bind", "attach", "patch", "hook", "lazy")
"""Beginnings of names of calls that keep a function for later."""


def runs_its_first_argument(dotted: str) -> bool:
    """True for a foreign call that takes a function to run it at once."""
    package, _, rest = dotted.partition(".")
    last = rest.rpartition(".")[2]
    if not last or dotted.startswith("<") or package in KEEPING or package in sys.stdlib_module_names:
        return False
    return last[:1].islower() and package != "builtins" and not last.startswith(STORING)


BY_PARTS = frozenset(
    {
        "threading.Thread", "torch.multiprocessing.Process", "multiprocessing.Process", "accelerate.notebook_launcher",
        "torch.multiprocessing.spawn", "torch.multiprocessing.start_processes",
    }
)  # fmt: skip
"""Calls that take what the function is given as a tuple `args` and a dictionary `kwargs`."""
SPAWNING = frozenset({"torch.multiprocessing.spawn", "torch.multiprocessing.start_processes"})
"""Of those, calls that put the number of the process first."""
COMMAND_LINES = frozenset(
    {
        "fire.Fire", "typer.run", "absl.app.run", "tf.app.run", "uvicorn.run", "jsonargparse.CLI",
        "jsonargparse.auto_cli", "tyro.cli", "defopt.run",
    }
)  # fmt: skip
"""Calls that give a function what the command line says, which is nothing in a default run."""


LAUNCHING = "Fabric().launch"
"""A method that gives the function its own object first: `fabric.launch(main, rate)` calls `main(fabric, rate)`."""
GENERATING = "().generate"
"""A method of a library's base class that runs the forward of the class below it, again and again."""
RUNNING_METHODS = ("().step", "().apply", LAUNCHING)


def handed_call(dotted: str, node: ast.Call, function: ast.expr) -> ast.Call:
    """The call of a function that a foreign call is given, as far as the foreign call tells its arguments."""
    given = {k.arg: k.value for k in node.keywords if k.arg is not None}
    if dotted in COMMAND_LINES or dotted.endswith("().step"):
        arguments, keywords = [], []
    elif dotted.endswith(LAUNCHING) and isinstance(node.func, ast.Attribute):
        arguments, keywords = [node.func.value, *node.args[1:]], list(node.keywords)
    elif dotted in BY_PARTS and isinstance(values := given.get("args", ast.Tuple([])), (ast.Tuple, ast.List)):
        first = [ast.Name(OPEN, ast.Load())] if dotted in SPAWNING else []
        arguments, keywords = [*first, *values.elts], [*_keywords(given.get("kwargs"))]
    elif dotted == "torch.utils.checkpoint.checkpoint" or dotted.endswith("().submit"):
        arguments, keywords = [*node.args[1:]], [k for k in node.keywords if k.arg not in OF_CHECKPOINTS]
    else:
        arguments, keywords = [], [ast.keyword(None, ast.Name(OPEN, ast.Load()))]
    call = ast.copy_location(ast.Call(function, arguments, keywords), function)
    for part in ast.walk(call):
        if isinstance(part, ast.expr) and not hasattr(part, "lineno"):
            ast.copy_location(part, function)
    return call


OF_CHECKPOINTS = frozenset({"use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug"})


def _keywords(mapping: ast.expr | None) -> list[ast.keyword]:
    """`kwargs={"a": b}` as keywords, an unknown mapping as what nothing tells."""
    if mapping is None:
        return []
    if isinstance(mapping, ast.Dict) and all(isinstance(k, ast.Constant) for k in mapping.keys):
        pairs = zip(mapping.keys, mapping.values, strict=True)
        return [ast.keyword(str(k.value), value) for k, value in pairs if isinstance(k, ast.Constant)]
    return [ast.keyword(None, ast.Name(OPEN, ast.Load()))]
