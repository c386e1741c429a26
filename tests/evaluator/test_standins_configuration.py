"""Stand-ins of configuration containers, registries and small layers: what model code does with them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

CONTAINERS = [
    pytest.param(
        """
from yacs.config import CfgNode as CN
_C = CN()
_C.MODEL = CN()
_C.MODEL.DIM = 8
_C.MODEL.STAGES = (1, 2)
def made():
    cfg = _C.clone()
    cfg.merge_from_list(["MODEL.DIM", "16"])
    cfg.MODEL.STAGES = [2, 3]
    cfg.freeze()
    return cfg
""",
        "(made().MODEL.DIM, made().MODEL.STAGES, _C.MODEL.DIM, made().is_frozen())",
        (16, [2, 3], 8, True),
        id="yacs",
    ),
    pytest.param(
        """
from omegaconf import OmegaConf
def made():
    config = OmegaConf.create("lr: 1e-4\\nnet: {dim: 8, name: '1e-4', out: '${net.dim}'}\\nlayers: [1, 2e3]")
    return OmegaConf.merge(config, OmegaConf.from_dotlist(["net.dim=16", "net.rate=1e-2", "flag=true"]))
""",
        "(made().lr, made().net.dim, made().net.name, made().net.out, made().layers[1], made().net.rate, made().flag)",
        (1e-4, 16, "1e-4", 16, 2000.0, 0.01, True),
        id="omegaconf",
    ),
    pytest.param(
        """
from easydict import EasyDict as edict
cfg = edict({"net": {"dim": 8, "blocks": [{"n": 1}, {"n": 2}]}})
cfg.depth = 3
cfg["net"]["dim"] += 1
""",
        "(cfg.net.dim, cfg.net.blocks[1].n, cfg['depth'], sorted(cfg))",
        (9, 2, 3, ["depth", "net"]),
        id="easydict",
    ),
    pytest.param(
        """
from addict import Dict
cfg = Dict()
cfg.net.encoder.dim = 4
cfg.update({"net": {"heads": 2}})
""",
        "(cfg.net.encoder.dim, cfg.to_dict(), bool(cfg.missing))",
        (4, {"net": {"encoder": {"dim": 4}, "heads": 2}}, False),
        id="addict",
    ),
    pytest.param(
        """
import ml_collections
from ml_collections import config_dict
def made():
    config = ml_collections.ConfigDict()
    config.dim = 8
    config.model = ml_collections.ConfigDict({"heads": 2, "rate": 1.0})
    config.model.rate = 2
    config.classes = config_dict.placeholder(int)
    config.classes = 10
    config.model.update({"heads": 4})
    with config.unlocked():
        config.extra = 1
    return config
frozen = ml_collections.FrozenConfigDict({"a": {"b": [1, 2]}})
""",
        "(made().dim, made().model.heads, made().model.rate, made().classes, made().get('no', 5), frozen.a.b)",
        (8, 4, 2.0, 10, 5, (1, 2)),
        id="ml_collections",
    ),
    pytest.param(
        """
import tiktoken
""",
        "(tiktoken.get_encoding('gpt2').n_vocab, tiktoken.encoding_for_model('gpt-4').n_vocab)",
        (50257, 100277),
        id="tiktoken",
    ),
]


@pytest.mark.parametrize("text, expression, expected", CONTAINERS)
def test_containers_of_configuration_hold_what_code_puts_in(
    text: str, expression: str, expected: Any, repository
) -> None:
    assert repository(text).evaluate("model.py", expression) == expected


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "from yacs.config import CfgNode\nc = CfgNode({'a': 1})\ndef f():\n    c.freeze()\n    c.a = 2\n",
            "immutable",
        ),
        (
            "from ml_collections import ConfigDict\ndef f():\n    c = ConfigDict({'a': 1}).lock()\n    c.b = 2\n",
            "locked",
        ),
    ],
)
def test_what_a_container_forbids_it_forbids_here_too(text: str, message: str, repository) -> None:
    with pytest.raises(Exception, match=message):
        repository(text).evaluate("model.py", "f()")


def test_models_come_out_of_registries_and_layers_out_of_configurations(repository) -> None:
    interpreter = repository(
        """
import torch
from mmengine.registry import MODELS
from mmengine.model import BaseModule, xavier_init
from mmcv.cnn import ConvModule, build_norm_layer

@MODELS.register_module()
class Net(BaseModule):
    def __init__(self, channels, init_cfg=None):
        super().__init__(init_cfg)
        self.stem = ConvModule(3, channels, 3, padding=1, norm_cfg=dict(type="BN"))
        name, norm = build_norm_layer(dict(type="GN", num_groups=2), channels, postfix=1)
        self.add_module(name, norm)
    def init_weights(self):
        for module in self.modules():
            if isinstance(module, torch.nn.Conv2d):
                xavier_init(module)
    def forward(self, x):
        return self.gn1(self.stem(x))
def made():
    net = MODELS.build(dict(type="Net", channels=4))
    net.init_weights()
    return net
"""
    )
    net = interpreter.build("model.py", "made()")
    assert [(name, tuple(p.shape)) for name, p in net.named_parameters()] == [
        ("stem.conv.weight", (4, 3, 3, 3)), ("stem.bn.weight", (4,)), ("stem.bn.bias", (4,)),
        ("gn1.weight", (4,)), ("gn1.bias", (4,)),
    ]  # fmt: skip
    assert type(net.stem.activate) is torch.nn.ReLU


@pytest.mark.parametrize(
    "text, build, inputs, parameters, buffers, shape",
    [
        pytest.param(
            "from detectron2.layers import Conv2d, get_norm\nfrom fvcore.nn import c2_msra_fill\n"
            "def made():\n    layer = Conv2d(3, 32, 3, norm=get_norm('GN', 32), activation=torch.relu)\n"
            "    c2_msra_fill(layer)\n    return layer\n",
            "made()",
            [2, 3, 8, 8], 3 * 32 * 9 + 32 + 64, 0, [2, 32, 6, 6], id="detectron2",
        ),
        pytest.param(
            "from detectron2.layers import FrozenBatchNorm2d\n", "FrozenBatchNorm2d(4)",
            [2, 4, 8, 8], 0, 16, [2, 4, 8, 8], id="frozen norm",
        ),
        pytest.param(
            "import torchaudio\n", "torchaudio.transforms.MelSpectrogram(16000, n_fft=400, hop_length=160, n_mels=80)",
            [2, 16000], 0, 400 + 201 * 80, [2, 80, 101], id="torchaudio",
        ),
        pytest.param(
            "from rotary_embedding_torch import RotaryEmbedding\nclass Net(torch.nn.Module):\n    def __init__(self):\n"
            "        super().__init__()\n        self.rope = RotaryEmbedding(dim=8)\n    def forward(self, x):\n"
            "        return self.rope.rotate_queries_or_keys(x)\n",
            "Net()",
            [2, 3, 5, 16], 4, 8192 * 8 + 1, [2, 3, 5, 16], id="rotary_embedding_torch",
        ),
        pytest.param(
            "from einops_exts import check_shape, rearrange_many\nfrom einops_exts.torch import EinopsToAndFrom\n"
            "class Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.a = EinopsToAndFrom('b c h w', 'b (h w) c', torch.nn.Linear(4, 4))\n"
            "    def forward(self, x):\n        q, k = rearrange_many((x, self.a(x)), 'b c h w -> b (h w) c')\n"
            "        return check_shape(q @ k.mT, 'b i j', i=15)\n",
            "Net()",
            [2, 4, 3, 5], 20, 0, [2, 15, 15], id="einops_exts",
        ),
        pytest.param(
            "from torch_scatter import scatter\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
            "        return scatter(x, torch.tensor([0, 0, 1, 1, 4]), dim=0, reduce='mean')\n",
            "Net()",
            [5, 7], 0, 0, [5, 7], id="torch_scatter",
        ),
    ],
)  # fmt: skip
def test_layers_have_the_sizes_of_the_real_ones(
    text: str, build: str, inputs: list[int], parameters: int, buffers: int, shape: list[int], repository
) -> None:
    interpreter = repository("import torch\n" + text)
    model = interpreter.build("model.py", build)
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert sum(b.numel() for b in model.buffers()) == buffers
    recording = interpreter.call(model, [interpreter.tensor(inputs)])
    assert recording.error is None
    assert list(recording.output.shape) == shape
