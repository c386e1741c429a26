"""Training and inference programs: stages in order, optimizer, schedule, losses and features by what the code does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.data import DTYPE
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from analyzer.records.processes import CallNode, Feature, Pipeline, Processes
from tests.facts.renamed import rename_repository

Write = Callable[[Mapping[str, str]], SourceIndex]

MODEL = """
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x, y=None):
        z = self.layer(x)
        loss = None
        if y is not None:
            loss = F.cross_entropy(z, y, ignore_index=-1)
        return z, loss

    def optimizer(self, rate, decay):
        named = dict(self.named_parameters())
        big = [p for n, p in named.items() if p.dim() >= 2]
        rest = [p for n, p in named.items() if p.dim() < 2]
        groups = [{"params": big, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, lr=rate)

    @torch.no_grad()
    def generate(self, ids, count, temperature=1.0, top=None):
        for _ in range(count):
            z, _ = self(ids)
            z = z[:, -1, :] / temperature
            if top is not None:
                v, _ = torch.topk(z, top)
                z[z < v[:, [-1]]] = -float("inf")
            p = F.softmax(z, dim=-1)
            n = torch.multinomial(p, 1)
            ids = torch.cat((ids, n), dim=1)
        return ids
"""
TRAIN = """
import argparse
import math
import torch
from model import Net

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, default=0.25)
parser.add_argument("--every", type=int, default=4)
parser.add_argument("--steps", type=int, default=100)
args = parser.parse_args()

def get_batch(kind):
    x = torch.randint(10, (4, 8))
    return x, torch.stack([x[0], x[1]])

def rate_at(step):
    if step < 10:
        return args.learning_rate * step / 10
    return 0.5 * (1.0 + math.cos(math.pi * step / 100))

@torch.no_grad()
def check(net):
    net.eval()
    x, y = get_batch("val")
    _, loss = net(x, y)
    net.train()
    return loss.item()

torch.manual_seed(1337)
net = Net()
opt = net.optimizer(args.learning_rate, 0.1)
net = torch.compile(net)
for step in range(args.steps):
    for group in opt.param_groups:
        group["lr"] = rate_at(step)
    if step % 50 == 0:
        print(check(net))
        torch.save(net.state_dict(), "net.pt")
    x, y = get_batch("train")
    scores, loss = net(x, y)
    loss = loss / args.every
    loss.backward()
    if step % args.every == 0:
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        opt.zero_grad()
"""
SAMPLE = """
import torch
from model import Net

net = Net()
net.load_state_dict(torch.load("net.pt"))
net.eval()
print(net.generate(torch.zeros(1, 1), 20, temperature=0.5, top=3))
"""
SOURCES = {"model.py": MODEL, "train.py": TRAIN, "sample.py": SAMPLE}


def derive(index: SourceIndex) -> Processes:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    return derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)


def kinds(pipeline: Pipeline) -> list[tuple[str, int, int]]:
    return [(stage.kind, stage.where.first_line, stage.depth) for stage in pipeline.stages]


def features(pipeline: Pipeline) -> dict[str, Feature]:
    return {feature.id: feature for feature in pipeline.features}


def known(feature: Feature) -> dict[str, object]:
    return {name: value.value for name, value in feature.values if isinstance(value, Known)}


def test_stages_stand_in_the_order_of_execution_with_their_nesting(repository: Write) -> None:
    (training,) = derive(repository(SOURCES)).training
    assert training.entry_name == "train.py"
    assert kinds(training) == [
        ("build", 30, 0), ("optimizer", 22, 0), ("schedule", 35, 2), ("evaluate", 37, 1), ("checkpoint", 38, 1),
        ("batch", 39, 1), ("forward", 40, 1), ("loss", 14, 1), ("backward", 42, 1), ("clip", 44, 1),
        ("step", 45, 1), ("zero_grad", 46, 1),
    ]  # fmt: skip
    by_kind = {stage.kind: stage for stage in training.stages}
    assert by_kind["forward"].consumes == ("x", "y") and by_kind["forward"].produces == ("scores", "loss")
    assert by_kind["forward"].loops == ("for step in range(args.steps)",)
    assert by_kind["clip"].condition == "step % args.every == 0"


def test_optimizer_and_groups_are_found_inside_the_model(repository: Write) -> None:
    (training,) = derive(repository(SOURCES)).training
    (optimizer,) = training.optimizers
    assert optimizer.class_name == "torch.optim.AdamW"
    assert [(name, value.value) for name, _, value in optimizer.arguments if isinstance(value, Known)] == [("lr", 0.25)]
    groups = [(g.selection, {k: v.value for k, v in g.options if isinstance(v, Known)}) for g in optimizer.groups]
    assert groups == [
        ("[p for n, p in named.items() if p.dim() >= 2]", {"weight_decay": 0.1}),
        ("[p for n, p in named.items() if p.dim() < 2]", {"weight_decay": 0.0}),
    ]


def test_features_exist_only_where_the_code_does_the_thing(repository: Write) -> None:
    (training,) = derive(repository(SOURCES)).training
    found = features(training)
    assert set(found) == {
        "cosine_schedule", "linear_warmup", "gradient_accumulation", "gradient_clipping", "torch_compile", "no_grad",
    }  # fmt: skip
    assert known(found["gradient_accumulation"]) == {"args.every": 4}
    assert known(found["gradient_clipping"]) == {"max_norm": 1.0}
    assert len(training.seeds) == 1


def test_the_loss_has_its_options_and_the_schedule_its_curve(repository: Write) -> None:
    (training,) = derive(repository(SOURCES)).training
    (loss,) = training.losses
    assert loss.function == "torch.nn.functional.cross_entropy"
    assert isinstance(loss.ignore_index, Known) and loss.ignore_index.value == -1
    (schedule,) = training.schedules
    assert schedule.kind == "train.py:rate_at"


def test_the_shift_of_labels_is_found_where_the_batch_is_made(repository: Write) -> None:
    shifted = TRAIN.replace(
        "return x, torch.stack([x[0], x[1]])",
        "a = torch.stack([x[i:i + 4] for i in x])\n    b = torch.stack([x[i + 1:i + 5] for i in x])\n    return a, b",
    )
    (training,) = derive(repository({"model.py": MODEL, "train.py": shifted})).training
    (loss,) = training.losses
    assert loss.label_shift is not None and str(loss.label_shift) == "train.py:15"


def test_parts_of_a_batch_have_the_names_that_receive_them(repository: Write) -> None:
    text = TRAIN.replace("return x, torch.stack([x[0], x[1]])", "z = torch.stack([x])\n    return z[:, :-1], z[:, 1:]")
    (training,) = derive(repository({"model.py": MODEL, "train.py": text})).training
    assert [(item.name, item.expression) for item in training.data] == [("x", "z[:, :-1]"), ("y", "z[:, 1:]")]
    assert str(training.losses[0].label_shift) == "train.py:15"


def test_a_difference_of_neighbours_is_no_shift_of_labels(repository: Write) -> None:
    text = TRAIN.replace(
        "return x, torch.stack([x[0], x[1]])", "z = torch.stack([x])\n    return z[:, 1:] - z[:, :-1], x"
    )
    (training,) = derive(repository({"model.py": MODEL, "train.py": text})).training
    assert training.losses[0].label_shift is None


def test_inference_has_its_own_program_and_decoding(repository: Write) -> None:
    (inference,) = derive(repository(SOURCES)).inference
    assert [stage.kind for stage in inference.stages] == [
        "build", "load_checkpoint", "mode", "forward", "sample",
    ]  # fmt: skip
    found = features(inference)
    assert set(found) == {"no_grad", "temperature", "top_k"}
    assert known(found["temperature"]) == {"temperature": 0.5} and known(found["top_k"]) == {"top": 3}


TRAINER = """
from torch import optim
from torch.utils.data import DataLoader, Dataset
from model import Net

class Data(Dataset):
    def __getitem__(self, i):
        return self.x[i], self.y[i]

class Runner:
    def __init__(self, net, data):
        self.net = net
        self.loader = DataLoader(data)
        self.listeners = {}

    def listen(self, event, function):
        self.listeners.setdefault(event, []).append(function)

    def run(self):
        opt = optim.SGD(self.net.parameters(), lr=0.1)
        for x, y in self.loader:
            self.step(x, y, opt)
            for function in self.listeners.get("end", []):
                function(self)

    def step(self, x, y, opt):
        _, loss = self.net(x, y)
        loss.backward()
        opt.step()

def report(runner):
    import torch
    torch.save(runner.net.state_dict(), "x.pt")

if __name__ == "__main__":
    runner = Runner(Net(), Data())
    runner.listen("end", report)
    runner.run()
"""


def test_trainer_classes_and_callbacks_are_followed(repository: Write) -> None:
    (training,) = derive(repository({"model.py": MODEL, "main.py": TRAINER})).training
    assert [stage.kind for stage in training.stages] == [
        "build", "data", "data", "optimizer", "batch", "forward", "loss", "backward", "step", "checkpoint",
    ]  # fmt: skip
    assert {stage.function for stage in training.stages if stage.kind == "checkpoint"} == {"main.py:report"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("F.mse_loss(net(x)[0], y)", "torch.nn.functional.mse_loss"),
        ("distance(net(x)[0], y)", "main.py:distance"),
        ("((net(x)[0] - y) ** 2).mean()", "((net(x)[0] - y) ** 2).mean"),
        ("criterion(net(x)[0], y)", "torch.nn.L1Loss"),
        ("0.5 * distance(net(x)[0], y) / 3", "main.py:distance"),
    ],
)
def test_the_loss_is_what_backward_starts_from(repository: Write, expression: str, expected: str) -> None:
    text = f"""
import torch
from torch import nn
from torch.nn import functional as F
from model import Net

def distance(a, b):
    return (a - b).abs().mean()

criterion = nn.L1Loss()
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.ones(1), torch.ones(1)
unrelated = (x - y).sum()
value = {expression}
value.backward()
optimizer.step()
"""
    (training,) = derive(repository({"model.py": MODEL, "main.py": text})).training
    assert [loss.function for loss in training.losses] == [expected]


def facts_of(pipeline: Pipeline) -> tuple[object, ...]:
    """What must not depend on the names that the repository chose."""
    found = [(f.id, f.where.first_line, list(known(f).values())) for f in pipeline.features]
    optimizers = [
        (o.class_name, [v.value for _, _, v in o.arguments if isinstance(v, Known)]) for o in pipeline.optimizers
    ]
    losses = [(loss.function, loss.where.first_line) for loss in pipeline.losses]
    return kinds(pipeline), sorted(found), optimizers, losses


def test_renaming_everything_changes_no_fact(repository: Write, tmp_path: Path) -> None:
    plain, other, _ = rename_repository({name: dedent(text) for name, text in SOURCES.items()})
    before = derive(repository(plain))
    shutil.rmtree(tmp_path / "repo")
    after = derive(repository(other))
    assert [facts_of(p) for p in before.training] == [facts_of(p) for p in after.training]
    assert [facts_of(p) for p in before.inference] == [facts_of(p) for p in after.inference]
    assert before.training and before.inference


def labels(node: CallNode) -> list[str]:
    return [node.label, *(label for child in node.children for label in labels(child))]


def conditions(node: CallNode) -> list[CallNode]:
    return [n for child in node.children for n in [*([child] if child.note == "condition" else []), *conditions(child)]]


def test_conditions_of_a_chain_point_to_their_own_line(repository: Write) -> None:
    chain = next(c for c in derive(repository(SOURCES)).call_chains if c.kind == "training")
    found = {node.label: node.where.first_line for node in conditions(chain.root)}
    assert found["if step % 50 == 0"] == 36 and found["if step % args.every == 0"] == 43


def test_call_chains_show_loops_and_calls(repository: Write) -> None:
    chain = next(c for c in derive(repository(SOURCES)).call_chains if c.kind == "training")
    found = labels(chain.root)
    assert found[0] == "train.py"
    assert "for step in range(args.steps)" in found and "net()" in found and "loss.backward()" in found
    assert found.index("net()") < found.index("loss.backward()") < found.index("opt.step()")


@pytest.mark.parametrize(
    ("made", "dtype"),
    [
        ("torch.randint(0, 9, (3,))", None),
        ("torch.zeros(3, dtype=torch.float16)", "float16"),
        ("torch.zeros(3).long()", "long"),
        ("np.zeros(3, dtype=np.uint8)", "uint8"),
        ("torch.bernoulli(p)", None),
    ],
)
def test_a_function_with_a_type_in_its_name_is_no_type(made: str, dtype: str | None) -> None:
    found = DTYPE.search(made)
    text = (found.group(1) or found.group(2)) if found else None
    assert text == dtype


RETURNS = [
    ("return self.x[i], self.y[i]", [("self.x[i]", "self.x[i]"), ("self.y[i]", "self.y[i]")]),
    ("return {'a': self.x[i]}", [("a", "self.x[i]")]),
    ("found = {'a': self.x[i], 'b': 1}\n        return found", [("a", "self.x[i]"), ("b", "1")]),
    ("found = {'a': self.x[i]}\n        found['b'] = 1\n        return found", [("found", "{'a': self.x[i]}")]),
    ("found = {'a': row, 'b': i}\n        return {k: torch.tensor(v) for k, v in found.items()}",
     [("a", "row"), ("b", "i")]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "items"), RETURNS)
def test_a_sample_has_its_items_by_name(repository: Write, body: str, items: list[tuple[str, str]]) -> None:
    source = TRAINER.replace("return self.x[i], self.y[i]", body).replace(
        "from torch import", "import torch\nfrom torch import"
    )
    (training,) = derive(repository({"model.py": MODEL, "main.py": source})).training
    assert [(item.name, item.expression) for item in training.data if item.level == "sample"] == items


def test_a_stage_has_every_condition_around_it(repository: Write) -> None:
    lines = (
        "        if step % 10 == 0:\n            if rank == 0:\n                torch.save(net.state_dict(), 'x.pt')\n"
    )
    source = f"""
import torch
from model import Net
def train(rank):
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(100):
        loss = net(torch.ones(2, 8), torch.ones(2).long())[1]
        loss.backward()
        optimizer.step()
{lines}
if __name__ == "__main__":
    train(int(input()))
"""
    (training,) = derive(repository({"model.py": MODEL, "main.py": source})).training
    (saved,) = [stage for stage in training.stages if stage.kind == "checkpoint"]
    assert (saved.outer_conditions, saved.condition) == (("step % 10 == 0",), "rank == 0")
