"""Commands of documents and shell scripts say what a script's options are where it builds its model."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.records.evidence import Known
from analyzer.shapes.commanded_builds import find_chosen_builds
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


@pytest.mark.parametrize(
    ("option", "reading"),
    [
        ('"--config", default=""', "with open(a.config) as f:"),
        ('"-c", "--config", required=True', "with open(a.config) as f:"),
        ('"config", type=str', "with open(a.config) as f:"),
        ('"--base", dest="config", nargs="*", default=list()', "with [open(name) for name in a.config][0] as f:"),
    ],
)
def test_an_option_without_a_command_takes_a_configuration_file_of_the_repository(repository, option, reading):
    train = TRAIN.replace('"--config", default=""', option).replace("with open(a.config) as f:", reading)
    files = {"configs/b.json": CONFIG, "configs/z.json": "{}", "package.json": '{"num_mels": 9, "width": 9}'}
    index = repository({"models.py": MODELS, "train.py": train, **files, "README.md": "Use your configs/<name>.json"})
    owner = index.symbols.definition("models.py:Generator")
    model = _model(index, find_chosen_builds(index, _stated_builds(index, None, owner)))
    assert model.parameters.value.total == 26
    assert "configs/b.json" in model.build_expression


def test_an_option_that_no_file_is_read_by_takes_none(repository):
    train = TRAIN.replace('"--config", default=""', '"--config", required=True').replace("open(a.config)", "a.config")
    index = repository({"models.py": MODELS, "train.py": train, "configs/b.json": CONFIG})
    owner = index.symbols.definition("models.py:Generator")
    assert find_chosen_builds(index, _stated_builds(index, None, owner)) == ()


def _model(index, builds=None):
    owner = index.symbols.definition("models.py:Generator")
    where = index.span(owner.path, owner.node)
    builds = _stated_builds(index, None, owner) if builds is None else builds
    return derive_model(
        Interpreter(index), ModelRequest(owner.name, "models.py:Generator", where, builds, True, effort="count")
    )
