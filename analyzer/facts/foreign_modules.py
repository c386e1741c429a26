"""Which classes of foreign packages are `torch.nn.Module`s: a table of dotted-name patterns, nothing else.

Names of foreign packages are facts of their interfaces; the repository's own names never decide anything.
"""

from __future__ import annotations

from functools import cache

from analyzer.facts.name_patterns import matches

MODULE_CLASSES = (
    "torch.nn.[A-Z]*",
    "torch.nn.modules.**.[A-Z]*",
    "torch.jit.ScriptModule",
    "torch.fx.GraphModule",
    "torch.ao.nn.**.[A-Z]*",
    "pytorch_lightning.LightningModule",
    "pytorch_lightning.**.LightningModule",
    "lightning.LightningModule",
    "lightning.**.LightningModule",
    "transformers.[A-Z]*Model",
    "transformers.**.[A-Z]*Model",
    "transformers.[A-Z]*For[A-Z]*",
    "transformers.**.[A-Z]*For[A-Z]*",
    "transformers.AutoModel*",
    "diffusers.ModelMixin",
    "diffusers.**.ModelMixin",
    "diffusers.[A-Z]*Model",
    "diffusers.**.[A-Z]*Model",
    "torchvision.models.[A-Z]*",
    "torchvision.models.**.[A-Z]*",
    "torchvision.ops.[A-Z]*",
    "torchaudio.models.[A-Z]*",
    "timm.models.[A-Z]*",
    "timm.models.**.[A-Z]*",
    "timm.create_model",
    "timm.layers.[A-Z]*",
    "timm.layers.**.[A-Z]*",
    "einops.layers.torch.[A-Z]*",
    "torch_geometric.nn.[A-Z]*",
    "torch_geometric.nn.**.[A-Z]*",
    "mmengine.model.[A-Z]*",
    "mmcv.runner.BaseModule",
    "fairseq.models.[A-Z]*",
    "speechbrain.nnet.**.[A-Z]*",
    "peft.PeftModel*",
    "sentence_transformers.SentenceTransformer",
    "x_transformers.[A-Z]*",
    "flash_attn.modules.**.[A-Z]*",
    "xformers.components.**.[A-Z]*",
    "mamba_ssm.[A-Z]*",
    "mamba_ssm.**.[A-Z]*",
    "monai.networks.**.[A-Z]*",
)
NOT_MODULES = (
    "torch.nn.Parameter",
    "torch.nn.UninitializedParameter",
    "torch.nn.Buffer",
    "torch.nn.modules.**Error",
    "torchvision.models.**Weights",
    "timm.models.**Config",
)
FACTORIES = ("create_model",)
TASK_METHODS = ("from_pretrained", "from_config")
LOADERS = (*TASK_METHODS, "load_from_checkpoint")
"""Class methods that bases of other packages give to modules: they make one of the class."""
CONTAINERS = frozenset({"torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.Sequential"})


@cache
def is_foreign_module(dotted: str) -> bool:
    """True where `dotted` is a known module class of a foreign package, or a known way to make an instance."""
    owner, _, last = dotted.rpartition(".")
    if last in TASK_METHODS:
        return is_foreign_module(owner)
    if not last[:1].isupper() and last not in FACTORIES:
        return False
    return matches(dotted, MODULE_CLASSES) and not matches(dotted, NOT_MODULES)
