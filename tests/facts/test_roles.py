"""Roles come from what code does, with the lines that decided them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from analyzer.facts.structure import derive_structure
from tests.facts.renamed import rename_repository
from tests.facts.small_trainer import EXPECTED_ROLES, SOURCES


def roles(index):
    return {(role.role, role.path) for role in derive_structure(index).roles}


def lines(index, role, path):
    (found,) = [r for r in derive_structure(index).roles if (r.role, r.path) == (role, path)]
    return [(str(e.where).rpartition(":")[2], e.rule) for e in found.evidence]


def test_every_file_of_a_small_repository_plays_its_roles_and_no_other(repository):
    assert roles(repository(SOURCES)) == EXPECTED_ROLES


def test_evidence_quotes_the_lines_that_decided(repository):
    index = repository(SOURCES)
    for role in derive_structure(index).roles:
        assert role.evidence
        for evidence in role.evidence:
            assert index.quote(evidence.where.path, evidence.where.first_line, evidence.where.last_line).strip()
    assert ("23", "computes_gradients") in lines(index, "training", "train.py")
    assert ("24", "steps_optimizer") in lines(index, "training", "train.py")
    assert lines(index, "preprocess", "prepare.py") == [("4", "writes_arrays")]


def test_renaming_everything_and_moving_files_changes_nothing(tmp_path, repository):
    sources = {path: dedent(text).lstrip("\n") for path, text in SOURCES.items() if path.endswith(".py")}
    plain, renamed, paths = rename_repository(sources)
    assert "Tiny" not in "".join(renamed.values())
    before = derive_structure(repository({f"one/{path}": text for path, text in plain.items()}))
    after = derive_structure(repository({f"two/{path}": text for path, text in renamed.items()}))

    def shape(structure, place):
        return sorted(
            (r.role, r.path.removeprefix(place), tuple((e.where.first_line, e.rule) for e in r.evidence))
            for r in structure.roles
            if r.path.startswith(place)
        )

    expected = sorted((role, paths[path], evidence) for role, path, evidence in shape(before, "one/"))
    assert expected == shape(after, "two/")
    moved = [m.where.first_line for m in after.models if m.where.path.startswith("two/")]
    assert [m.where.first_line for m in before.models] == moved


TRAINING = [
    ("loss.backward()\n    opt.step()", True),
    ("accelerator.backward(loss)\n    opt.step()", True),
    ("scaler.scale(loss).backward()\n    scaler.step(opt)", True),
    ("t.autograd.backward(loss)\n    opt.step()", True),
    ("loss.backward()", False),
    ("opt.step()", False),
    ("print('loss.backward()', 'opt.step()')", False),
]


@pytest.mark.parametrize(("body", "trains"), TRAINING)
def test_training_is_gradients_that_an_optimizer_uses(repository, body, trains):
    source = f"""
import torch as t
net = t.nn.Linear(2, 2)
opt = t.optim.SGD(net.parameters(), lr=1.0)
scaler = t.cuda.amp.GradScaler()
for x in range(3):
    loss = net(x).sum()
    {body}
"""
    assert (("training", "go.py") in roles(repository({"go.py": source}))) is trains


INFERENCE = [
    ("with t.no_grad():\n    net(x)", True),
    ("with t.inference_mode():\n    net(x)", True),
    ("t.set_grad_enabled(False)\nnet(x)", True),
    ("net.eval()\nnet(x)", True),
    ("net(x)", False),
    ("with t.no_grad():\n    print(x)", False),
    ("net.eval()", False),
    ("t.set_grad_enabled(True)\nnet(x)", False),
    ("with t.no_grad():\n    n = sum(p.numel() for p in net.parameters())", False),
]


@pytest.mark.parametrize(("body", "infers"), INFERENCE)
def test_inference_is_a_model_that_runs_without_gradients(repository, body, infers):
    model = "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
    source = f"import torch as t\nfrom m import Net\nx = t.zeros(1)\nnet = Net()\n{body}\n"
    assert (("inference", "go.py") in roles(repository({"go.py": source, "m.py": model}))) is infers


def test_a_model_behind_a_factory_a_wrapper_and_an_argument_is_still_the_model(repository):
    sources = {
        "m.py": "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
        "def small():\n    return Net()\nTABLE = {'small': small}\n",
        "go.py": "import torch\nfrom m import TABLE\n"
        "def run(f, x):\n    with torch.no_grad():\n        return f(x)\n"
        "net, other = torch.compile(TABLE['small']().cuda()), 1\nprint(run(net, 1))\n",
    }
    index = repository(sources)
    assert ("inference", "go.py") in roles(index)
    (model,) = derive_structure(index).models
    assert ("go.py:6", "built_in_entry_point") in [(str(e.where), e.rule) for e in model.evidence]


def test_a_forward_that_freezes_a_part_of_itself_is_no_inference(repository):
    source = """
    import torch
    class Teacher(torch.nn.Module):
        def forward(self, x):
            return x
    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.teacher = Teacher()
        def forward(self, x):
            with torch.no_grad():
                y = self.teacher(x)
            return x - y
    """
    assert roles(repository({"m.py": source})) == {("model", "m.py")}


def test_evaluation_counts_as_inference_only_where_there_is_nothing_else(repository):
    only = {path: text for path, text in SOURCES.items() if path in ("train.py", "items.py", "net.py")}
    only["net.py"] = only["net.py"].replace("@torch.no_grad()", "")
    found = derive_structure(repository(only)).roles
    rules = {e.rule for role in found if role.role == "inference" for e in role.evidence}
    assert "evaluates_without_gradients" in rules


def test_a_repository_without_torch_has_no_roles_of_models(repository):
    found = roles(repository({"a.py": "def backward():\n    pass\nbackward()\n", "b.json": '{"a": 1}'}))
    assert found == {("config", "b.json"), ("entry_point", "a.py")}


@pytest.mark.parametrize(
    ("name", "text", "is_configuration"),
    [
        ("a.yaml", "width: 3\n", True),
        ("a.yaml", "name: x\n", False),
        ("environment.yml", "channels: [x]\ndependencies:\n  - python=3.8\n", False),
        ("ci.yml", "on: push\njobs:\n  a:\n    timeout: 3\n", False),
        ("pyproject.toml", "[project]\nname = 'x'\nversion = 3\n", False),
        ("c.toml", "[model]\nwidth = 3\n", True),
        ("c.json", '{\n "width": 3\n}', True),
        ("c.json", "[\n 3\n]", False),
        ("c.json", '{\n "x": 3,\n broken', False),
        ("c.py", "WIDTH = 3\nDEPTH = 2 * 4\n", True),
        ("c.py", "WIDTH = 3\ndef f(): pass\n", False),
        ("c.py", "import os\nWIDTH = 3\n", True),
        ("c.py", "import time\nA = 1\nB = 'x'\nC = 'run' + str(time.time())\n", True),
        ("c.py", "A = 1\nB = make()\nC = make()\n", False),
        ("c.py", "'''Nothing but words.'''\n", False),
    ],
)
def test_configuration_is_a_table_of_settings_and_no_other_tools_file(repository, name, text, is_configuration):
    assert (("config", name) in roles(repository({name: text}))) is is_configuration
