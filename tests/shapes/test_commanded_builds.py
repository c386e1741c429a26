"""Commands of documents and shell scripts say what a script's options are where it builds its model."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.records.evidence import Known
from analyzer.shapes.derivation import _stated_builds
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

MODELS = """
import torch.nn as nn
class Generator(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.first = nn.Conv1d(h.num_mels, h.width, 3)
    def forward(self, x):
        return self.first(x)
"""
TRAIN = """
import argparse, json
from models import Generator
class AttrDict(dict):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.__dict__ = self
def train(a, h):
    generator = Generator(h).to("cuda")
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default="")
    a = parser.parse_args()
    with open(a.config) as f:
        h = AttrDict(json.loads(f.read()))
    train(a, h)
if __name__ == "__main__":
    main()
"""
CONFIG = '{"num_mels": 4, "width": 2}'


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("README.md", "# Training\n```\npython train.py --config config.json\n```\n", 3),
        ("run.sh", "python -m torch.distributed.launch train.py \\\n  --config=config.json > log.txt\n", 1),
    ],
)
def test_a_command_of_the_repository_gives_the_script_its_options(repository, name, text, line):
    index = repository({"models.py": MODELS, "train.py": TRAIN, "config.json": CONFIG, name: text})
    model = _model(index)
    assert isinstance(model.parameters, Known) and model.parameters.value.total == 26
    assert (model.build_where.path, model.build_where.first_line) == (name, line)


@pytest.mark.parametrize("command", ["python train.py --config $CONFIG", "python other.py --config config.json"])
def test_a_command_that_does_not_say_it_or_starts_another_file_gives_nothing(repository, command):
    readme = f"# Training\n```\n{command}\n```\n"
    index = repository({"models.py": MODELS, "train.py": TRAIN, "config.json": CONFIG, "README.md": readme})
    assert not isinstance(_model(index).parameters, Known)


def test_defaults_that_suffice_come_before_commands(repository):
    train = TRAIN.replace('default=""', 'default="config.json"')
    readme = "# Training\n```\npython train.py --config wide.json\n```\n"
    files = {"config.json": CONFIG, "wide.json": '{"num_mels": 4, "width": 20}', "README.md": readme}
    model = _model(repository({"models.py": MODELS, "train.py": train, **files}))
    assert model.parameters.value.total == 26


def _model(index):
    owner = index.symbols.definition("models.py:Generator")
    where = index.span(owner.path, owner.node)
    builds = _stated_builds(index, None, owner)
    return derive_model(
        Interpreter(index), ModelRequest(owner.name, "models.py:Generator", where, builds, True, effort="count")
    )
