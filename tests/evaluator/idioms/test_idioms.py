# ruff: noqa: E501 - one case, one line
"""What model repositories do besides defining modules, one small repository per idiom."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def run(repository, files: dict[str, str] | str, build: str, *inputs: tuple[list[Any], str], **options: Any):  # type: ignore[no-untyped-def]
    named = {"model.py": files} if isinstance(files, str) else files
    texts = {path: (HEAD if path.endswith(".py") else "") + textwrap.dedent(text) for path, text in named.items()}
    interpreter = repository(texts)
    model = interpreter.build("model.py", build)
    recording = interpreter.call(model, [interpreter.tensor(shape, dtype) for shape, dtype in inputs], **options)
    return interpreter, model, recording


def total(model) -> int:  # type: ignore[no-untyped-def]
    return sum(parameter.numel() for parameter in model.parameters())


X = ([2, 4], "float32")
TOKENS = ([2, 5], "int64")

CASES: dict[str, tuple[dict[str, str], str, tuple[tuple[list[Any], str], ...], int, list[str]]] = {}


def case(name: str, files: dict[str, str] | str, build: str, inputs: Any, parameters: int, outputs: list[str]) -> None:
    named = {"model.py": files} if isinstance(files, str) else files
    CASES[name] = (named, build, inputs, parameters, outputs)


case(
    "registry filled by decorators in other files of the package",
    {
        "zoo/__init__.py": "from .registry import build\nfrom . import small\nfrom .large import *\n",
        "zoo/registry.py": """
            MODELS = {}
            def register(name):
                def add(cls):
                    MODELS[name] = cls
                    return cls
                return add
            def build(name, **kwargs):
                return MODELS[name](**kwargs)
            """,
        "zoo/small.py": "from .registry import register\n@register('small')\nclass Small(nn.Linear):\n    def __init__(self, width=4):\n        super().__init__(width, 2)\n",
        "zoo/large.py": "from .registry import register\n__all__ = ['Large']\n@register('large')\nclass Large(nn.Linear):\n    def __init__(self, width=4):\n        super().__init__(width, 20)\n",
        "model.py": "from zoo import build\n",
    },
    "build('large', width=4)", (X,), 100, ["float32[2, 20]"],
)  # fmt: skip
case(
    "registry object with a method as decorator, as in detection code bases",
    {
        "common/registry.py": """
            class Registry:
                def __init__(self, name):
                    self._name, self._table = name, dict()
                def register_module(self, name=None):
                    def add(cls):
                        key = name or cls.__name__
                        if key in self._table:
                            raise KeyError(key)
                        self._table[key] = cls
                        return cls
                    return add
                def get(self, key):
                    return self._table.get(key)
                def build(self, cfg):
                    args = cfg.copy()
                    return self.get(args.pop('type'))(**args)
            HEADS = Registry('heads')
            """,
        "common/__init__.py": "from .registry import HEADS\n",
        "heads/__init__.py": "from .linear_head import LinearHead\n",
        "heads/linear_head.py": "from common import HEADS\n@HEADS.register_module()\nclass LinearHead(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n        self.fc = nn.Linear(4, n)\n    def forward(self, x):\n        return self.fc(x)\n",
        "model.py": "from common import HEADS\nimport heads\ndef make():\n    return HEADS.build(dict(type='LinearHead', n=3))\n",
    },
    "make()", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "own metaclass that registers classes and adds attributes",
    """
    class Registering(type):
        table = {}
        def __new__(mcs, name, bases, namespace, **kwargs):
            cls = super().__new__(mcs, name, bases, namespace)
            mcs.table[name] = cls
            cls.width = 4
            return cls
        def __call__(cls, *args, **kwargs):
            made = super().__call__(*args, **kwargs)
            made.after()
            return made
    class Base(nn.Module, metaclass=Registering):
        def after(self):
            self.head = nn.Linear(self.width, 2)
    class Net(Base):
        def forward(self, x):
            return self.head(x)
    """,
    "Net()", (X,), 10, ["float32[2, 2]"],
)  # fmt: skip
case(
    "asynchronous functions beside the model",
    """
    import asyncio
    class Net(nn.Linear):
        async def serve(self, x):
            await asyncio.sleep(0)
            async with self.lock:
                return self(x)
    async def main():
        async for x in source():
            print(x)
    """,
    "Net(4, 3)", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "locals of a method that speaks of super, and free names",
    """
    class Net(nn.Linear):
        def __init__(self, width, *, scale=2):
            self.given = locals()
            del self.given['self']
            del self.given['__class__']
            super().__init__(4, width * len(self.given))
        def forward(self, x):
            def outer(a):
                b = a + 1
                def inner():
                    c = a
                    return sorted(locals())
                return inner()
            assert outer(1) == ['a', 'c'], outer(1)
            return super().forward(x)
    """,
    "Net(3)", (X,), 30, ["float32[2, 6]"],
)  # fmt: skip
case(
    "a configuration file that is executed",
    {
        "configurator.py": "import sys\nfor arg in sys.argv[1:]:\n    pass\nwidth = width * 2\n",
        "model.py": "width = 3\ndepth = 1\nexec(open('configurator.py').read())\nclass Net(nn.Linear):\n    def __init__(self):\n        super().__init__(4, width)\n",
    },
    "Net()", (X,), 30, ["float32[2, 6]"],
)  # fmt: skip
case(
    "eval of names in a configuration",
    """
    LAYERS = [['nn.Linear', [4, '2 * k']], ['nn.ReLU', []], ['Scale', [3]]]
    class Scale(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.g = nn.Parameter(torch.ones(n))
        def forward(self, x):
            return x[..., :1] * self.g
    def parse(k=3):
        made = []
        for name, args in LAYERS:
            kind = eval(name) if isinstance(name, str) else name
            for j, a in enumerate(args):
                try:
                    args[j] = eval(a) if isinstance(a, str) else a
                except NameError:
                    pass
            made.append(kind(*args))
        return nn.Sequential(*made)
    """,
    "parse()", (X,), 33, ["float32[2, 3]"],
)  # fmt: skip
case(
    "a YAML file beside the model",
    {
        "configs/net.yaml": "model:\n  width: 6  # units\n  layers: [1, 2]\n  lr: 1e-4\n",
        "model.py": """
            import yaml
            from pathlib import Path
            with open('configs/net.yaml') as f:
                cfg = yaml.safe_load(f)
            class Net(nn.Linear):
                def __init__(self):
                    super().__init__(4, cfg['model']['width'] * len(cfg['model']['layers']))
            """,
    },
    "Net()", (X,), 60, ["float32[2, 12]"],
)  # fmt: skip
case(
    "a JSON file found from the module's own place",
    {
        "net/config.json": '{"width": 7}',
        "net/__init__.py": "",
        "net/arch.py": """
            import json, os
            def load():
                with open(os.path.join(os.path.dirname(__file__), 'config.json'), encoding='utf-8') as f:
                    return json.load(f)
            """,
        "model.py": "from net.arch import load\nclass Net(nn.Linear):\n    def __init__(self):\n        super().__init__(4, load()['width'])\n",
    },
    "Net()", (X,), 35, ["float32[2, 7]"],
)  # fmt: skip
case(
    "DataParallel around the model",
    "def make():\n    model = nn.DataParallel(nn.Linear(4, 3))\n    model.module.bias.requires_grad = False\n    return model\n",
    "make()", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "DistributedDataParallel around the model",
    "from torch.nn.parallel import DistributedDataParallel as DDP\ndef make():\n    return DDP(nn.Linear(4, 3), device_ids=[0])\n",
    "make()", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "globals set while the model is built",
    """
    world_size = 1
    rank = 0
    class Net(nn.Module):
        def __init__(self):
            global world_size, rank
            super().__init__()
            world_size = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 2
            self.part = nn.Linear(4, part())
        def forward(self, x):
            return self.part(x)
    def part():
        return 6 // world_size
    """,
    "Net()", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "class attributes as switches",
    """
    class Conv(nn.Module):
        default_act = nn.SiLU()
        count = 0
        def __init__(self, n, act=True):
            super().__init__()
            Conv.count += 1
            self.fc = nn.Linear(4, n)
            self.act = self.default_act if act is True else act if isinstance(act, nn.Module) else nn.Identity()
        def forward(self, x):
            return self.act(self.fc(x))
    def make():
        Conv.default_act = nn.ReLU()
        a = Conv(2)
        assert isinstance(a.act, nn.ReLU) and Conv(1).act is a.act
        return Conv(Conv.count)
    """,
    "make()", (X,), 10, ["float32[2, 2]"],
)  # fmt: skip
case(
    "classes by name from a module",
    {
        "blocks.py": "class Wide(nn.Linear):\n    pass\n",
        "model.py": "import blocks, sys\nimport blocks as package\nclass Narrow(nn.Linear):\n    pass\ndef make():\n    return nn.Sequential(getattr(blocks, 'Wide')(4, 3), package.__dict__['Wide'](3, 2), globals()['Narrow'](2, 2), getattr(nn, 'Linear')(2, 1), getattr(sys.modules[__name__], 'Narrow')(1, 1))\n",
    },
    "make()", (X,), 15 + 8 + 6 + 3 + 2, ["float32[2, 1]"],
)  # fmt: skip
case(
    "a getter of intermediate layers",
    """
    from collections import OrderedDict
    class IntermediateLayerGetter(nn.ModuleDict):
        _version = 2
        __annotations__ = {"return_layers": dict}
        def __init__(self, model, return_layers):
            if not set(return_layers).issubset([name for name, _ in model.named_children()]):
                raise ValueError("return_layers are not present in model")
            orig = return_layers
            return_layers = {str(k): str(v) for k, v in return_layers.items()}
            layers = OrderedDict()
            for name, module in model.named_children():
                layers[name] = module
                if name in return_layers:
                    del return_layers[name]
                if not return_layers:
                    break
            super().__init__(layers)
            self.return_layers = orig
        def forward(self, x):
            out = OrderedDict()
            for name, module in self.items():
                x = module(x)
                if name in self.return_layers:
                    out[self.return_layers[name]] = x
            return out
    def make():
        body = nn.Sequential(OrderedDict(a=nn.Linear(4, 3), b=nn.Linear(3, 2), c=nn.Linear(2, 9)))
        return IntermediateLayerGetter(body, {'a': 'low', 'b': 'high'})
    """,
    "make()", (X,), 15 + 8, ["float32[2, 3]", "float32[2, 2]"],
)  # fmt: skip
case(
    "the getter of torchvision",
    """
    from torchvision.models._utils import IntermediateLayerGetter
    def make():
        body = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2), nn.Linear(2, 9))
        return IntermediateLayerGetter(body, {'0': 'low', '1': 'high'})
    """,
    "make()", (X,), 15 + 8, ["float32[2, 3]", "float32[2, 2]"],
)  # fmt: skip
case(
    "children replaced recursively",
    """
    import copy, math
    class LoRA(nn.Module):
        def __init__(self, base, r=2):
            super().__init__()
            self.base = base
            for p in self.base.parameters():
                p.requires_grad = False
            self.a = nn.Parameter(torch.zeros(r, base.in_features))
            self.b = nn.Parameter(torch.zeros(base.out_features, r))
        def forward(self, x):
            return self.base(x) + x @ self.a.T @ self.b.T
    def inject(model):
        for name, child in model.named_children():
            if isinstance(child, nn.Linear):
                setattr(model, name, LoRA(child))
            else:
                inject(child)
        return model
    def make():
        block = nn.Sequential(nn.Linear(4, 4), nn.GELU())
        return inject(nn.Sequential(*[copy.deepcopy(block) for _ in range(2)], nn.Linear(4, 3)))
    """,
    "make()", (X,), 2 * (20 + 16) + 15 + 8 + 6, ["float32[2, 3]"],
)  # fmt: skip
case(
    "insertions, slices, removals",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4)])
            self.layers.insert(0, nn.Linear(4, 4))
            self.layers.extend([nn.Linear(4, 4) for _ in range(2)])
            del self.layers[-1]
            body = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 7))
            self.body = body[:2]
            self.body.add_module('last', nn.Linear(4, 3))
            self.norm = nn.LayerNorm(4)
            del self.norm
            self.head = None
            self.holder = nn.Module()
            self.holder.scale = nn.Parameter(torch.ones(3))
        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            x = self.body(x) * self.holder.scale
            return x if self.head is None else self.head(x)
    """,
    "Net()", (X,), 20 * 4 + 15 + 3, ["float32[2, 3]"],
)  # fmt: skip
case(
    "a property whose setter registers a buffer",
    """
    class Net(nn.Linear):
        def __init__(self):
            super().__init__(4, 3)
            self.scale = 2.0
        @property
        def scale(self):
            return self._scale
        @scale.setter
        def scale(self, value):
            self.register_buffer('_scale', torch.full((3,), value))
        def forward(self, x):
            return super().forward(x) * self.scale
    """,
    "Net()", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "forward by keywords only, with named outputs",
    """
    from typing import NamedTuple, Optional
    from dataclasses import dataclass
    class Pair(NamedTuple):
        first: torch.Tensor
        second: Optional[torch.Tensor] = None
    @dataclass
    class Output:
        logits: torch.Tensor
        pair: Pair
        loss: Optional[torch.Tensor] = None
    class Inner(nn.Linear):
        def forward(self, *, x, scale=1.0, **extra):
            assert not extra
            return Pair(super().forward(x) * scale)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner(4, 3)
        def forward(self, *args, **kwargs):
            pair = self.inner(x=args[0], **{'scale': 2.0, **kwargs})
            first, second = pair
            return Output(logits=first + pair.first, pair=pair)
    """,
    "Net()", (X,), 15, ["float32[2, 3]", "float32[2, 3]"],
)  # fmt: skip
case(
    "lists of dictionaries as inputs",
    """
    class Inner(nn.Linear):
        def forward(self, batched_inputs):
            images = [item['image'].float() for item in batched_inputs]
            sizes = [tuple(image.shape[-2:]) for image in images]
            most = [max(size[i] for size in sizes) for i in range(2)]
            batch = images[0].new_zeros(len(images), 3, *most)
            for image, slot in zip(images, batch):
                slot[:, : image.shape[1], : image.shape[2]].copy_(image)
            return [{'pred': super(Inner, self).forward(row), 'size': size} for row, size in zip(batch, sizes)]
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner(6, 3)
        def forward(self, x):
            return self.inner([{'image': torch.zeros(3, 5, 6)}, {'image': torch.zeros(3, 4, 4, dtype=torch.uint8)}])
    """,
    "Net()", (X,), 21, ["float32[3, 5, 3]", "float32[3, 5, 3]"],
)  # fmt: skip
case(
    "functions with their own gradient, with and without setup_context",
    """
    from torch.autograd import Function
    class Clamp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, low):
            ctx.save_for_backward(x)
            ctx.low = low
            return x.clamp(min=low)
        @staticmethod
        def backward(ctx, g):
            return g, None
    class Net(nn.Linear):
        def forward(self, x):
            return Clamp.apply(super().forward(x), 0.0)
    """,
    "Net(4, 3)", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "scripted modules",
    """
    class Inner(torch.jit.ScriptModule):
        __constants__ = ['n']
        def __init__(self, n):
            super().__init__()
            self.n = n
            self.fc = nn.Linear(4, n)
        @torch.jit.script_method
        def forward(self, x):
            return self.fc(x)
    @torch.jit.script
    def double(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, x], -1)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.jit.script(Inner(3))
        def forward(self, x):
            return double(self.inner(x))
    """,
    "Net()", (X,), 15, ["float32[2, 6]"],
)  # fmt: skip
case(
    "complex numbers in rotary tables",
    """
    def table(dim, end, theta=10000.0):
        freqs = 1.0 / (theta ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
        freqs = torch.outer(torch.arange(end), freqs).float()
        return torch.polar(torch.ones_like(freqs), freqs)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 8)
            self.freqs = table(8, 16)
        def forward(self, x):
            q = self.fc(x).view(2, 1, 1, 8)
            q = torch.view_as_complex(q.float().reshape(*q.shape[:-1], -1, 2))
            f = self.freqs[:1].view(1, 1, 1, 4)
            return torch.view_as_real(q * f).flatten(3).type_as(x), (q * f).abs()
    """,
    "Net()", (X,), 40, ["float32[2, 1, 1, 8]", "float32[2, 1, 1, 4]"],
)  # fmt: skip
case(
    "slices of a cache that are written",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.k = nn.Linear(4, 6)
            self.cache_k = torch.zeros(8, 16, 6)
            self.register_buffer('pos', torch.zeros(1, dtype=torch.long), persistent=False)
        def forward(self, x, start_pos=3):
            k = self.k(x)[:, None]
            self.cache_k = self.cache_k.to(k)
            self.cache_k[:2, start_pos : start_pos + 1] = k
            self.pos += 1
            return self.cache_k[:2, : start_pos + 1]
    """,
    "Net()", (X,), 30, ["float32[2, 4, 6]"],
)  # fmt: skip
case(
    "parameters of eight bits",
    """
    class Int8Linear(nn.Module):
        def __init__(self, i, o):
            super().__init__()
            self.weight = nn.Parameter(torch.empty(o, i, dtype=torch.int8), requires_grad=False)
            self.scales = nn.Parameter(torch.ones(o, dtype=torch.bfloat16))
        def forward(self, x):
            return F.linear(x, self.weight.to(dtype=x.dtype)) * self.scales
    """,
    "Int8Linear(4, 3)", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "einops: pack, unpack, layers, reduce",
    """
    from einops import rearrange, repeat, reduce, pack, unpack, einsum
    from einops.layers.torch import Rearrange, Reduce
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cls = nn.Parameter(torch.randn(4))
            self.head = nn.Sequential(Rearrange('b (n d) -> b n d', d=4), nn.Linear(4, 6), Reduce('b n d -> b d', 'mean'))
        def forward(self, x):
            x = rearrange(x, 'b d -> b 1 d')
            cls = repeat(self.cls, 'd -> b d', b=x.shape[0])
            x, ps = pack([cls, x], 'b * d')
            cls, rest = unpack(x, ps, 'b * d')
            y = self.head(rearrange(x, 'b n d -> b (n d)'))
            return y, cls, einsum(rest, rest, 'b i d, b j d -> b i j'), reduce(rest, 'b n d -> b', 'max')
    """,
    "Net()", (X,), 34, ["float32[2, 6]", "float32[2, 4]", "float32[2, 1, 1]", "float32[2]"],
)  # fmt: skip
case(
    "assignment through a mask",
    """
    class Net(nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            mask = y > 0
            y[mask] = 0
            y[~mask] = y[~mask] * 2
            z = torch.zeros_like(y)
            z[mask] += y[mask]
            return y, z, y[mask]
    """,
    "Net(4, 3)", (X,), 15, ["float32[2, 3]", "float32[2, 3]", "float32[?]"],
)  # fmt: skip
case(
    "random branches",
    """
    import random
    import numpy as np
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 3)
        def forward(self, x):
            y = self.a(x) if random.random() < 0.5 else self.b(x)
            if self.training and np.random.rand() < 0.1:
                return y
            if torch.rand(1).item() < 0.1:
                y = y * 0
            return y
    """,
    "Net()", (X,), 30, ["float32[2, 3]"],
)  # fmt: skip
case(
    "recurrent layers on packed sequences",
    """
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.emb = nn.Embedding(11, 4)
            self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
            self.gru = nn.GRU(6, 5, batch_first=True)
        def forward(self, idx):
            lengths = (idx != 0).sum(1)
            x = self.emb(idx)
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            out, (h, c) = self.lstm(packed)
            out, _ = pad_packed_sequence(out, batch_first=True, total_length=idx.shape[1])
            out, last = self.gru(out)
            return out, h, last
    """,
    "Net()", (TOKENS,), 44 + 2 * (12 * 7 + 24) + 2 * (12 * 9 + 24) + 15 * 11 + 30, ["float32[2, 5, 5]", "float32[4, 2, 3]", "float32[1, 2, 5]"],
)  # fmt: skip
case(
    "a forward pass within the constructor",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 5, 3, stride=2))
            with torch.no_grad():
                made = self.body(torch.zeros(1, 3, 33, 33))
            self.stride = torch.tensor([33 / made.shape[-2]])
            self.head = nn.Linear(made.view(1, -1).size(1), int(self.stride.item()))
        def forward(self, x):
            return self.head(self.body(x).flatten(1))
    """,
    "Net()", (([2, 3, 33, 33], "float32"),), 112 + 185 + 5 * 49 * 4 + 4, ["float32[2, 4]"],
)  # fmt: skip
case(
    "side effects of import and construction",
    """
    import os, sys, subprocess, warnings, logging, argparse
    os.makedirs('checkpoints', exist_ok=True)
    os.environ['TOKENIZERS_PARALLELISM'] = 'false'
    sys.path.insert(0, os.path.abspath('..'))
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.INFO)
    torch.manual_seed(1337)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.set_float32_matmul_precision('high')
    warnings.filterwarnings('ignore')
    class Net(nn.Linear):
        def __init__(self):
            super().__init__(4, 3)
            print('number of parameters: %.2fM' % (sum(p.numel() for p in self.parameters()) / 1e6,))
            os.makedirs('out', exist_ok=True)
            logger.info('built')
    """,
    "Net()", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "configuration objects filled from keywords",
    """
    class Config:
        width, depth = 4, 1
        def __init__(self, **kwargs):
            for k, v in kwargs.items():
                setattr(self, k, v)
            self.__dict__.update(dict(extra=1))
        def __getattr__(self, name):
            if name.startswith('_'):
                raise AttributeError(name)
            return None
        @classmethod
        def from_dict(cls, d):
            return cls(**{k: v for k, v in d.items() if not k.startswith('_')})
        def to_dict(self):
            return {k: getattr(self, k) for k in vars(self)}
    class AttrDict(dict):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.__dict__ = self
    class Net(nn.Module):
        def __init__(self, config, opt):
            super().__init__()
            self.fc = nn.Linear(config.width, opt.width if config.missing is None else 99)
            self.opt = opt
        def forward(self, x):
            return self.fc(x)
    """,
    "Net(Config.from_dict(Config(width=4, _x=1).to_dict()), AttrDict(width=3))", (X,), 15, ["float32[2, 3]"],
)  # fmt: skip
case(
    "weights that are tied in either direction and used without their layer",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.wte = nn.Embedding(11, 4)
            self.head = nn.Linear(4, 11, bias=False)
            self.head.weight = self.wte.weight
            self.proj = nn.Linear(4, 4)
            self.other = nn.Linear(4, 4)
            self.other.weight = nn.Parameter(self.proj.weight.data.clone())
            self.apply(self._init)
        def _init(self, m):
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, std=0.02)
        def forward(self, idx):
            x = F.linear(self.wte(idx), self.proj.weight, self.proj.bias)
            return self.head(self.other(x))
    """,
    "Net()", (TOKENS,), 84, ["float32[2, 5, 11]"],
)  # fmt: skip
case(
    "numbers of NumPy, also under names that are gone",
    """
    import numpy as np
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            dims = np.linspace(4, 8, 3).astype(np.int)
            rates = [float(r) for r in torch.linspace(0, 0.1, 3)]
            self.layers = nn.ModuleList(nn.Linear(int(a), int(b)) for a, b in zip(dims[:-1], dims[1:]))
            self.drop = nn.Dropout(rates[-1])
            self.register_buffer('pe', torch.from_numpy(np.sin(np.arange(8)[None] / np.power(10000, 2 * (np.arange(8) // 2) / np.float(8)))).float())
        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.drop(x) + self.pe
    """,
    "Net()", (X,), 30 + 56, ["float32[2, 8]"],
)  # fmt: skip
case(
    "hooks, buffers without persistence, parameters in dictionaries",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 3)
            self.extra = nn.ParameterDict({'a': nn.Parameter(torch.zeros(3))})
            self.scales = nn.ParameterList([nn.Parameter(torch.ones(3)) for _ in range(2)])
            self.heads = nn.ModuleDict({name: nn.Linear(3, n) for name, n in [('x', 1), ('y', 2)]})
            self.seen = {}
            self.fc.register_forward_hook(self.keep('fc'))
        def keep(self, name):
            def hook(module, args, output):
                self.seen[name] = output.detach()
            return hook
        def forward(self, x):
            y = self.fc(x) + self.extra['a'] * self.scales[1]
            return {k: head(y) for k, head in self.heads.items()}, self.seen['fc']
    """,
    "Net()", (X,), 15 + 3 + 6 + 4 + 8, ["float32[2, 1]", "float32[2, 2]", "float32[2, 3]"],
)  # fmt: skip
case(
    "attention of functional, with masks of either kind",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn = nn.MultiheadAttention(4, 2, batch_first=True)
            self.w = nn.Parameter(torch.zeros(12, 4))
        def forward(self, idx):
            x = F.one_hot(idx, 4).float()
            mask = nn.Transformer.generate_square_subsequent_mask(idx.shape[1])
            y, w = self.attn(x, x, x, attn_mask=mask, need_weights=True)
            t = x.transpose(0, 1)
            z, _ = F.multi_head_attention_forward(t, t, t, 4, 2, self.w, None, None, None, False, 0.0, self.attn.out_proj.weight, self.attn.out_proj.bias)
            return y, w, z
    """,
    "Net()", (TOKENS,), 60 + 20 + 48, ["float32[2, 5, 4]", "float32[2, 5, 5]", "float32[5, 2, 4]"],
)  # fmt: skip
case(
    "factories by partial, abstract bases, mixins and lazily made parts",
    """
    from abc import ABC, abstractmethod
    from functools import partial, cached_property, lru_cache, wraps
    from enum import Enum
    class Kind(str, Enum):
        A = 'a'
        B = 'b'
    class Saved:
        @property
        def width(self):
            return self.fc.out_features
    class Base(nn.Module, ABC):
        @abstractmethod
        def forward(self, x): ...
        @cached_property
        def mask(self):
            return torch.ones(self.width)
    def checked(f):
        @wraps(f)
        def inner(self, *args, **kwargs):
            return f(self, *args, **kwargs)
        return inner
    class Net(Saved, Base):
        def __init__(self, kind='a', layer=partial(nn.Linear, bias=False)):
            super().__init__()
            self.fc = {Kind.A: layer, Kind.B: nn.Identity}[Kind(kind)](4, 3)
        @checked
        def forward(self, x):
            return self.fc(x) * self.mask
    """,
    "Net()", (X,), 12, ["float32[2, 3]"],
)  # fmt: skip
case(
    "yield as an expression and generators of modules",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(*self.make(3))
        def make(self, n):
            got = []
            for i in range(n):
                got.append((yield nn.Linear(4, 4)))
                x = [(yield nn.ReLU()), i]
            yield from (nn.Linear(4, k) for k in (3,))
        def forward(self, x):
            return self.layers(x)
    """,
    "Net()", (X,), 75, ["float32[2, 3]"],
)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_idiom(repository, name: str) -> None:  # type: ignore[no-untyped-def]
    files, build, inputs, parameters, outputs = CASES[name]
    interpreter, model, recording = run(repository, files, build, *inputs)
    assert interpreter.unknown_parts(model) == ()
    assert total(model) == parameters
    assert recording.error is None, recording.error
    assert [str(output) for output in recording.outputs] == outputs
