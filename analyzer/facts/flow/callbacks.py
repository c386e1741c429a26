"""Foreign calls that run a function given to them: known ones, and by what such a call looks like in other packages.

A library that is built on tensors keeps functions for later (a collate function, a hook, a transform), so of those
only the listed ones count. Elsewhere a function given first to a plain call is what that call is there to run: a
retry, a launcher, a profiler, a study.
"""

from __future__ import annotations

import sys

CALLERS = frozenset(
    {
        "torch.multiprocessing.spawn", "torch.multiprocessing.start_processes", "torch.utils.checkpoint.checkpoint",
        "builtins.map", "fire.Fire", "typer.run", "absl.app.run", "accelerate.notebook_launcher", "threading.Thread",
        "torch.multiprocessing.Process", "multiprocessing.Process", "torch.func.grad", "torch.func.vmap",
        "concurrent.futures.ThreadPoolExecutor().submit", "tf.app.run", "uvicorn.run",
        "torch.utils.checkpoint.checkpoint_sequential",
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
