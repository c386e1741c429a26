"""What calls into foreign packages return, as far as the flow of objects needs it: names of interfaces only."""

from __future__ import annotations

import re
from functools import lru_cache

WRAPPERS = frozenset(
    {
        "torch.nn.parallel.DistributedDataParallel", "torch.nn.DataParallel", "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.distributed.DistributedDataParallel", "apex.parallel.DistributedDataParallel",
        "torch.distributed.fsdp.FullyShardedDataParallel", "fairscale.nn.FullyShardedDataParallel", "torch.compile",
        "torch.jit.script", "copy.deepcopy", "copy.copy", "functools.partial", "functools.wraps",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm", "torch.distributed.fsdp.fully_shard",
        "torch.distributed._composable.fsdp.fully_shard", "torch.nn.utils.weight_norm", "apex.amp.initialize",
        "torch.nn.utils.spectral_norm", "torch.nn.utils.parametrizations.weight_norm", "peft.get_peft_model",
        "torch.ao.quantization.quantize_dynamic", "torch.quantization.quantize_dynamic", "typing.cast",
        "torch._dynamo.optimize", "einops._torch_specific.allow_ops_in_compiled_graph", "beartype.beartype",
        "functools.lru_cache", "functools.cache", "builtins.tuple", "builtins.iter", "builtins.reversed",
        "builtins.sorted", "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.trange", "tqdm.notebook.tqdm", "rich.progress.track",
        "itertools.chain", "itertools.cycle", "itertools.islice", "builtins.super", "fastprogress.progress_bar",
        "builtins.filter",
    }
)  # fmt: skip
"""Calls whose result is, for our questions, their argument."""

SELF_METHODS = frozenset(
    {
        "to", "cuda", "cpu", "eval", "train", "half", "float", "double", "bfloat16", "requires_grad_", "share_memory",
        "to_empty", "xpu", "apply", "type", "compile_",
    }
)  # fmt: skip
"""Methods of `nn.Module` that return the module."""

EMPTY_CONTAINERS = frozenset(
    {
        "collections.defaultdict", "collections.OrderedDict", "collections.deque", "collections.Counter",
        "builtins.list", "builtins.set", "builtins.dict", "weakref.WeakKeyDictionary", "queue.Queue",
    }
)  # fmt: skip
"""Makers of containers, which begin with the contents of their argument."""

MODULE_CONTAINERS = frozenset({"torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.Sequential"})
PARSERS = frozenset(
    {
        "argparse.ArgumentParser", "configargparse.ArgumentParser", "configargparse.ArgParser",
        "transformers.HfArgumentParser", "transformers.hf_argparser.HfArgumentParser", "trl.TrlParser",
        "jsonargparse.ArgumentParser", "tap.Tap",
    }
)  # fmt: skip
"""Makers of command-line parsers."""

NOT_TENSORS = (
    "torch.load", "torch.device", "torch.Generator", "torch.optim.", "torch.utils.", "torch.distributed.",
    "torch.amp.", "torch.cuda.", "torch.autocast", "torch.profiler.", "torch.jit.", "torch.hub.", "torch.save",
    "torch.set_", "torch.manual_seed", "torch.get_", "torch.backends.", "torch.nn.init.", "torch.nn.utils.",
    "torch.inference_mode", "torch.enable_grad", "torch.export", "torch.onnx", "torch.no_grad",
)  # fmt: skip
TENSOR = "torch.Tensor()"
MAX_LENGTH = 140
MAX_CALLS = 4


def result_of(dotted: str) -> str:
    """Dotted name of what a foreign call returns; tensors are one kind, whatever made them."""
    if dotted.startswith("torch.Tensor()"):
        return TENSOR
    last = dotted.rpartition(".")[2]
    if dotted.startswith("torch.") and not dotted.startswith(NOT_TENSORS):
        is_class = last[:1].isupper() and "()" not in dotted
        return f"{dotted}()" if is_class and last not in ("Tensor", "LongTensor", "FloatTensor") else TENSOR
    return capped(f"{dotted}()")


def attribute_of(dotted: str, name: str) -> str:
    """Dotted name of an attribute of a foreign object."""
    if dotted == TENSOR and name in ("T", "data", "grad", "mT", "H", "real", "imag"):
        return TENSOR
    return capped(f"{dotted}.{name}")


def element_of(dotted: str) -> str:
    """What iterating over or indexing a foreign object gives."""
    if dotted == TENSOR:
        return TENSOR
    return dotted if dotted.endswith("[]") else capped(f"{dotted}[]")


def capped(dotted: str) -> str:
    """Empty for chains so long that they say nothing any more."""
    return "" if len(dotted) > MAX_LENGTH or dotted.count("()") > MAX_CALLS else dotted


MODULE_CALL = re.compile(
    r"torch\.nn\.(modules\.\w+\.)?[A-Z]\w*\(\)|"
    r"transformers\.(\w+\.)*(\w+For[A-Z]\w+|\w+Model\w*)(\.from_pretrained|\.from_config)?\(\)|"
    r"timm\.(models\.)?create_model\(\)|torchvision\.models\.(\w+\.)*[a-z]\w+\(\)|"
    r"diffusers\.(\w+\.)*\w+(Model|Transformer)\w*(\.from_pretrained|\.from_config)?\(\)"
)


@lru_cache(maxsize=8192)
def is_module_object(dotted: str) -> bool:
    """True for an object of a library's module class, whose call is its forward."""
    return MODULE_CALL.fullmatch(dotted) is not None
