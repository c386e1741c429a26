"""Stand-ins: which one is used when, what they leave unknown, and that they are what the real packages are."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from analyzer.evaluator import CannotEvaluate, TargetRaised


def assumed(interpreter: Any) -> set[str]:
    return {text for kind, text, _ in interpreter.recording.assumptions if kind == "stand_in"}


def test_a_result_that_rests_on_a_stand_in_says_so(repository) -> None:
    interpreter = repository("from fairscale.nn.model_parallel.layers import ColumnParallelLinear\n")
    layer = interpreter.build("model.py", "ColumnParallelLinear(4, 6)")
    assert sum(p.numel() for p in layer.parameters()) == 30
    assert assumed(interpreter) == {"fairscale"}


def test_code_that_can_do_without_an_accelerator_package_does(repository) -> None:
    text = """
    import torch.nn as nn
    try:
        from apex.normalization import FusedLayerNorm as Norm
    except ImportError:
        Norm = nn.LayerNorm
    try:
        from flash_attn import flash_attn_func
    except ImportError:
        flash_attn_func = None
    """
    interpreter = repository("\n".join(line[4:] for line in text.splitlines()))
    assert type(interpreter.build("model.py", "Norm(4)")) is torch.nn.LayerNorm
    assert interpreter.evaluate("model.py", "flash_attn_func") is None
    assert assumed(interpreter) == set()


def test_what_a_stand_in_does_not_model_is_unknown_by_its_name(repository) -> None:
    interpreter = repository("import timm\nfrom timm.layers import NoSuchLayerHere\n")
    for expression in (
        "NoSuchLayerHere(3)",
        "timm.layers.NoSuchLayerHere",
        "timm.no_such_function()",
        "timm.__version__",
    ):
        with pytest.raises(CannotEvaluate) as stop:
            interpreter.evaluate("model.py", expression)
        assert stop.value.reason == "not_modelled"
    with pytest.raises(CannotEvaluate, match=r"timm\.layers\.NoSuchLayerHere"):
        interpreter.evaluate("model.py", "NoSuchLayerHere")


def test_a_kernel_has_sizes_and_no_contents(repository) -> None:
    text = """
import torch
import triton
import triton.language as tl
from flash_attn import flash_attn_varlen_func

@triton.jit
def double(x, out, n, BLOCK: tl.constexpr):
    tl.store(out, tl.load(x) * 2)

def run(x):
    out = torch.zeros_like(x)
    double[(triton.cdiv(x.numel(), 16),)](x, out, x.numel(), BLOCK=16)
    return out

def packed(q, k, v):
    at = torch.tensor([0, 2, 5])
    return flash_attn_varlen_func(q, k, v, at, at, 3, 3)
"""
    interpreter = repository(text)
    assert tuple(interpreter.evaluate("model.py", "run(torch.ones(3, 4))").shape) == (3, 4)
    with pytest.raises(CannotEvaluate, match="depends_on_data"):
        interpreter.evaluate("model.py", "run(torch.ones(1)).item()")
    packed = "packed(torch.zeros(5, 4, 8), torch.zeros(5, 2, 8), torch.zeros(5, 2, 6))"
    assert tuple(interpreter.evaluate("model.py", packed).shape) == (5, 4, 6)


def test_a_configuration_names_the_class_that_hydra_makes(repository) -> None:
    files = {
        "model.py": """
import hydra
from hydra.utils import instantiate
from omegaconf import OmegaConf
conf = OmegaConf.merge(
    {"width": 4, "net": {"_target_": "parts.Net", "width": "${width}", "depth": 2}},
    OmegaConf.create({"net": {"depth": 3}}),
)
net = instantiate(conf.net, depth=5)
""",
        "parts.py": """
import torch.nn as nn
class Net(nn.Sequential):
    def __init__(self, width, depth):
        super().__init__(*[nn.Linear(width, width) for _ in range(depth)])
""",
    }
    interpreter = repository(files)
    assert interpreter.evaluate("model.py", "conf.net.depth") == 3
    assert sum(p.numel() for p in interpreter.build("model.py", "net").parameters()) == 5 * 20
    assert assumed(interpreter) == {"hydra", "omegaconf"}


def test_modules_are_imported_by_name_and_only_as_import_statements_would(repository) -> None:
    files = {
        "model.py": """
import importlib
import importlib.util
def made(path):
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)
near = importlib.import_module(".parts", package="package")
flash = importlib.util.find_spec("flash_attn") is not None
library = importlib.util.find_spec("torch") is not None
""",
        "package/__init__.py": "",
        "package/parts.py": "size = 7\n",
    }
    interpreter = repository(files)
    assert interpreter.evaluate("model.py", "made('package.parts.size')") == 7
    assert interpreter.evaluate("model.py", "near.size") == 7
    assert interpreter.evaluate("model.py", "made('torch.nn.Linear')") is torch.nn.Linear
    assert interpreter.evaluate("model.py", "(flash, library)") == (False, True)
    for forbidden in ("made('os.system')", "made('subprocess.run')", "made('builtins.eval')"):
        with pytest.raises((CannotEvaluate, TargetRaised)):
            interpreter.evaluate("model.py", forbidden)


def test_a_lightning_module_keeps_its_arguments(repository) -> None:
    text = """
import torch.nn as nn
import lightning.pytorch as pl
class Net(pl.LightningModule):
    def __init__(self, width, depth=2, **kwargs):
        super().__init__()
        self.save_hyperparameters(ignore=["depth"])
        self.line = nn.Linear(self.hparams.width, self.hparams.out)
"""
    interpreter = repository(text)
    net = interpreter.build("model.py", "Net(3, out=5)")
    assert (net.line.in_features, net.line.out_features) == (3, 5)
    assert interpreter.evaluate("model.py", "sorted(Net(3, out=5).hparams)") == ["out", "width"]


def test_options_of_a_lightning_trainer_do_not_keep_a_parser_from_answering(repository) -> None:
    text = """
import argparse
from pytorch_lightning.trainer import Trainer
def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=3)
    parser = Trainer.add_argparse_args(parser)
    return parser.parse_known_args([])[0]
"""
    interpreter = repository(text)
    assert interpreter.evaluate("model.py", "vars(options())") == {"width": 3}
    with pytest.raises(CannotEvaluate, match="not_modelled"):
        interpreter.evaluate("model.py", "Trainer().callback_metrics['loss'] > 3 and 1")


def test_a_diffusers_model_has_a_configuration(repository) -> None:
    text = """
import torch.nn as nn
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
class Net(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, width, depth=2):
        super().__init__()
        self.line = nn.Linear(width, self.config.depth)
"""
    net = repository(text).build("model.py", "Net.from_config(Net(3, depth=4).config)")
    assert (net.line.in_features, net.line.out_features) == (3, 4)


def test_a_mamba_layer_keeps_sizes_and_has_no_count_of_products(repository) -> None:
    interpreter = repository("from mamba_ssm import Mamba\n")
    layer = interpreter.build("model.py", "Mamba(d_model=16, d_state=8)")
    assert sum(p.numel() for p in layer.parameters()) == 2592
    recording = interpreter.call(layer, [interpreter.tensor([("B", 2), ("L", 6), 16])])
    assert [str(shape) for shape in recording.outputs] == ["float32[B, L, 16]"]


def test_messages_run_along_edges_and_arrive_at_nodes(repository) -> None:
    text = """
import torch
import torch.nn as nn
from torch_geometric.nn import GCNConv, MessagePassing
class Net(MessagePassing):
    def __init__(self):
        super().__init__(aggr="mean")
        self.first = GCNConv(8, 16)
        self.line = nn.Linear(32, 5)
    def forward(self, x, edge_index):
        return self.propagate(edge_index, x=self.first(x, edge_index))
    def message(self, x_i, x_j):
        return self.line(torch.cat([x_i, x_j], -1))
"""
    interpreter = repository(text)
    net = interpreter.build("model.py", "Net()")
    assert [name for name, _ in net.named_children()] == ["aggr_module", "first", "line"]
    nodes, edges = interpreter.tensor([("N", 6), 8]), interpreter.tensor([2, ("E", 5)], "int64")
    recording = interpreter.call(net, [nodes, edges])
    assert [str(shape) for shape in recording.outputs] == ["float32[N, 5]"]
    assert [str(call.inputs[0]) for call in recording.calls if call.path == "line"] == ["float32[E, 32]"]


@pytest.mark.parametrize(
    ("expression", "parameters"),
    [("models.vgg11(num_classes=10)", 128807306), ("alexnet()", 61100840), ("models.mobilenet_v2()", 3504872)],
)
def test_published_networks_have_their_published_parameters(expression: str, parameters: int, repository) -> None:
    interpreter = repository("from torchvision import models\nfrom torchvision.models import alexnet\n")
    network = interpreter.build("model.py", expression)
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_what_a_stand_in_leaves_out_ends_its_function_and_is_lost_at_the_line_that_asked(repository) -> None:
    interpreter = repository(
        "import torch.nn as nn\nfrom torch_geometric.nn import Linear\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.lazy = Linear(-1, 4)\n        self.plain = nn.Linear(2, 3)\n"
    )
    model = interpreter.build("model.py", "Net()")
    lost = {(*cause.arguments, str(cause.place)) for cause in interpreter.unknown_parts(model)}
    assert ("lazy", "model.py:6") in lost, lost
    assert any(gap.reason == "not_modelled" and "first call" in gap.arguments[0] for gap in interpreter.recording.gaps)
