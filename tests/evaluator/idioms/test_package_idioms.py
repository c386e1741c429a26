"""What the packages of model code do that single-file repositories do not, one small repository per idiom."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
import torch
from torch import nn

from analyzer.evaluator import CannotEvaluate, TargetRaised

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def run(repository, files: dict[str, str] | str, build: str, *inputs: tuple[list[Any], str]):  # type: ignore[no-untyped-def]
    named = {"model.py": files} if isinstance(files, str) else files
    texts = {path: (HEAD if path.endswith(".py") else "") + textwrap.dedent(text) for path, text in named.items()}
    interpreter = repository(texts)
    model = interpreter.build("model.py", build)
    return model, interpreter.call(model, [interpreter.tensor(shape, dtype) for shape, dtype in inputs])


def test_a_name_whose_statement_failed_is_not_called_missing(repository) -> None:
    files = {
        "part.py": "import math\nclass Part(nn.Module):\n    size = nn.Linear.no_such_attribute\n",
        "model.py": "from part import Part\n",
    }
    with pytest.raises(TargetRaised) as stop:
        run(repository, files, "Part()")
    assert type(stop.value.error) is AttributeError
    assert stop.value.place is not None and stop.value.place.path == "part.py"


def test_models_that_are_shared_on_a_hub_hand_their_arguments_to_new(repository) -> None:
    text = """
        from functools import wraps
        from huggingface_hub import PyTorchModelHubMixin
        class Shared(PyTorchModelHubMixin):
            @wraps(PyTorchModelHubMixin.save_pretrained)
            def save_pretrained(self, *args, **kwargs):
                return super().save_pretrained(*args, **kwargs)
        class Base(nn.Module, Shared):
            def __new__(cls, *args, **kwargs):
                made = super().__new__(cls, *args, **kwargs)
                made._given = kwargs
                return made
        class Net(Base):
            def __init__(self, width=4):
                super().__init__()
                self.layer = nn.Linear(width, width)
            def forward(self, x):
                return self.layer(x)
    """
    model, recording = run(repository, text, "Net(width=6)", ([2, 6], "float32"))
    assert recording.error is None
    assert sum(p.numel() for p in model.parameters()) == 42
    assert model._given == {"width": 6}


def test_a_sign_that_rests_on_data_leaves_the_matrix_its_form(repository) -> None:
    text = """
        class Mix(nn.Module):
            def __init__(self, width):
                super().__init__()
                weight = torch.linalg.qr(torch.randn(width, width))[0]
                if torch.det(weight) < 0:
                    weight[:, 0] = -1 * weight[:, 0]
                self.weight = nn.Parameter(weight)
            def forward(self, x):
                return x @ self.weight
    """
    model, recording = run(repository, text, "Mix(4)", ([2, 4], "float32"))
    assert sum(p.numel() for p in model.parameters()) == 16
    assert recording.error is None and list(recording.output.shape) == [2, 4]


def test_a_name_that_may_be_bound_anew_stays_unknown(repository) -> None:
    text = """
        class Mix(nn.Module):
            def __init__(self, width):
                super().__init__()
                weight = torch.randn(width, width)
                if torch.det(weight) < 0:
                    weight[0] = 0
                    weight = weight[:2]
                self.weight = nn.Parameter(weight)
    """
    model, _ = run(repository, text, "Mix(4)")
    assert not isinstance(model.weight, torch.Tensor)


def test_a_layer_made_in_a_call_takes_the_type_of_what_it_is_given(repository) -> None:
    text = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Linear(4, 4)
                self.tied = self.body.weight
            def forward(self, x):
                if not hasattr(self, "head"):
                    self.head = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)).to(x)
                return self.head(self.body(x))
        def made(dtype):
            return Net().to(dtype)
    """
    model, recording = run(repository, text, "made(torch.float16)", ([2, 4], "float16"))
    assert recording.error is None
    assert (list(recording.output.shape), recording.output.dtype) == ([2, 3], torch.float16)
    assert model.body.weight is model.tied
    assert {p.dtype for p in model.parameters()} == {torch.float16}
    assert model.head[1].num_batches_tracked.dtype == torch.int64


def test_classes_of_yaml_that_write_are_only_handed_about(repository) -> None:
    text = """
        import yaml
        class Files:
            def __init__(self):
                try:
                    self.loader, self.dumper = yaml.CSafeLoader, yaml.CSafeDumper
                except (AttributeError, ImportError):
                    self.loader, self.dumper = yaml.SafeLoader, yaml.SafeDumper
            def load(self, path):
                with open(path) as file:
                    return yaml.load(file, Loader=self.loader)
        class Net(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.layer = nn.Linear(Files().load(path)["width"], 2)
            def forward(self, x):
                return self.layer(x)
    """
    model, _ = run(repository, {"model.py": text, "net.yaml": "width: 5\n"}, "Net('net.yaml')", ([2, 5], "float32"))
    assert sum(p.numel() for p in model.parameters()) == 12


def test_the_description_of_a_network_is_looked_for_in_the_repository(repository) -> None:
    text = """
        import glob
        import logging
        import os
        import re
        from pathlib import Path
        import yaml
        ROOT = Path(__file__).resolve().parents[1]
        class Prefix(logging.Formatter):
            def format(self, record):
                return "> " + super().format(record)
        def find(file):
            if os.path.exists(file) or Path(file).is_file():
                return file
            found = glob.glob(str(ROOT / "**" / file), recursive=True) or glob.glob(str(ROOT.parent / file))
            return found[0] if found else []
        def load(path):
            handler = logging.StreamHandler()
            handler.setFormatter(Prefix("x"))
            with open(find(re.sub(r"(\\d+)([nslmx])(.+)?$", r"\\1\\3", path)) or find(path)) as file:
                return yaml.safe_load(file)
        class Net(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.layer = nn.Linear(load(path)["width"], 2)
            def forward(self, x):
                return self.layer(x)
    """
    files = {
        "pkg/nn/net.py": text,
        "pkg/cfg/models/v8/net8.yaml": "width: 5\n",
        "model.py": "from pkg.nn.net import Net\n",
    }
    model, _ = run(repository, files, "Net('net8n.yaml')", ([2, 5], "float32"))
    assert sum(p.numel() for p in model.parameters()) == 12


def test_files_outside_are_neither_found_nor_called_absent(repository) -> None:
    text = "import glob, os\nroot = glob.glob('/etc/*.txt')\n"
    text += "up = os.path.exists('../secret.yaml')\nall = glob.glob('**/*.pt')\n"
    interpreter = repository(text)
    for name in ("root", "up", "all"):
        with pytest.raises(CannotEvaluate, match="file_access"):
            interpreter.evaluate("model.py", name)


def test_what_is_suppressed_is_not_raised(repository) -> None:
    text = """
        import ast
        import contextlib
        def read(args, name=nn.ReLU):
            args = list(args)
            for at, value in enumerate(args):
                with contextlib.suppress(ValueError):
                    args[at] = locals()[value] if value in locals() else ast.literal_eval(value)
            return args
    """
    interpreter = repository({"model.py": HEAD + textwrap.dedent(text)})
    assert interpreter.evaluate("model.py", "read(['nearest', '[1, 2]', 'None'])") == ["nearest", [1, 2], None]
    with pytest.raises(TargetRaised) as stop:
        interpreter.evaluate("model.py", "ast.literal_eval(3)")
    assert type(stop.value.error) is ValueError


def test_torch_s_classes_are_the_same_wherever_they_are_imported_from(repository) -> None:
    text = """
        from torch.nn.common_types import _size_2_t
        from torch.nn.modules import LeakyReLU
        from torch.nn.modules.rnn import LSTM
        from torch.nn.modules.linear import NonDynamicallyQuantizableLinear
        class Net(nn.Module):
            def __init__(self, size: _size_2_t = (3, 3)):
                super().__init__()
                self.mix = nn.MultiheadAttention(4, 2)
                self.run = LSTM(4, 3)
                self.act = torch.nn.modules.LeakyReLU(0.1)
                for part in self.modules():
                    kind = type(part)
                    if kind in (NonDynamicallyQuantizableLinear, LeakyReLU):
                        part.marked = True
            def forward(self, x):
                return self.act(self.run(self.mix(x, x, x)[0])[0])
    """
    model, recording = run(repository, text, "Net()", ([5, 2, 4], "float32"))
    assert recording.error is None and list(recording.output.shape) == [5, 2, 3]
    assert model.mix.out_proj.marked and model.act.marked and type(model.run) is nn.LSTM


def test_a_list_that_is_extended_by_a_generator_grows_while_it_runs(repository) -> None:
    text = """
        class Dense(nn.Module):
            def __init__(self):
                super().__init__()
                self.steps = nn.ModuleList(nn.Conv2d(width, width + 2, 1) for width in (4, 6, 8))
            def forward(self, x):
                y = [x]
                y.extend(step(y[-1]) for step in self.steps)
                y.extend(y)
                return torch.cat(y, 1)
    """
    _, recording = run(repository, text, "Dense()", ([2, 4, 3, 3], "float32"))
    assert recording.error is None
    assert list(recording.output.shape) == [2, 2 * (4 + 6 + 8 + 10), 3, 3]


def test_options_are_looked_up_in_enumerations(repository) -> None:
    text = """
        import enum
        from enum import Enum, EnumMeta
        class Kind(str, Enum):
            BATCH = "batch"
            GROUP = "group"
        def look_up(text, supported):
            if isinstance(supported, EnumMeta) and isinstance(supported, enum.EnumType):
                if text in {item.value for item in supported}:
                    return supported(text)
            return text in supported
        class Net(nn.Module):
            def __init__(self, norm):
                super().__init__()
                self.norm = nn.BatchNorm1d(4) if look_up(norm, Kind) is Kind.BATCH else nn.GroupNorm(2, 4)
            def forward(self, x):
                return self.norm(x) if torch.jit.isinstance(x, torch.Tensor) else None
    """
    for name, kind in (("batch", nn.BatchNorm1d), ("group", nn.GroupNorm)):
        model, recording = run(repository, text, f"Net('{name}')", ([2, 4], "float32"))
        assert type(model.norm) is kind and recording.error is None
    interpreter = repository({"model.py": HEAD + textwrap.dedent(text)})
    assert interpreter.evaluate("model.py", "(isinstance(Net, EnumMeta), look_up('a', ['a']))") == (False, True)
