"""What the packages of model code do that single-file repositories do not, one small repository per idiom."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from analyzer.evaluator import TargetRaised

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
