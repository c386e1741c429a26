"""What a call is in a program depends on where it stands: inputs and results, moving averages, divided losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from analyzer.records.processes import Processes

Write = Callable[[Mapping[str, str]], SourceIndex]

SHOWING = """
import gzip
import numpy as np
import torch
from diffusers.models import AutoencoderKL
from PIL import Image
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def choose(self, packed):
        self.chosen = np.frombuffer(gzip.decompress(packed), dtype=bool).copy()

    def forward(self, x):
        return self.layer(x)

def read(path):
    return np.frombuffer(open(path, "rb").read(), np.int16).astype(np.float32)

if __name__ == "__main__":
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    net.choose(b"")
    coder = AutoencoderKL.from_pretrained("owner/coder")
    start = Image.open("start.png")
    y = net(torch.from_numpy(read("sound.raw")))
    Image.fromarray(y.numpy()).save("end.png")
    print(Image.open("end.png").size)
"""
AVERAGED = """
import copy
import torch
from torch import nn

class Average:
    def __init__(self, beta):
        self.beta = beta

    def mix(self, old, new):
        return old * self.beta + (1 - self.beta) * new

def move(average, follower, net):
    for weight, slow in zip(net.parameters(), follower.parameters()):
        slow.data = average.mix(slow.data, weight.data)

def parts_of(batch, parts):
    yield from batch.chunk(parts)

def train(batches, parts=4):
    net = nn.Linear(4, 4)
    follower = copy.deepcopy(net)
    average = Average(0.995)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for batch in batches:
        opt.zero_grad()
        for part in parts_of(batch, parts):
            loss = nn.functional.mse_loss(net(part), part)
            loss = loss / parts
            loss.backward()
        opt.step()
        move(average, follower, net)

if __name__ == "__main__":
    train(torch.randn(3, 8, 4))
"""


def derive(index: SourceIndex) -> Processes:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    return derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)


def features_of(index: SourceIndex) -> dict[str, dict[str, object]]:
    features = derive(index).training[0].features
    return {f.id: {name: v.value for name, v in f.values if isinstance(v, Known)} for f in features}


def test_what_is_opened_after_the_last_run_is_a_result(repository: Write) -> None:
    (pipeline,) = derive(repository({"show.py": SHOWING})).inference
    found = [(stage.kind, stage.where.first_line) for stage in pipeline.stages]
    lines = SHOWING.splitlines()
    opened = [number for number, line in enumerate(lines) if "Image.open" in line]
    assert ("preprocess", opened[0]) in found
    assert ("postprocess", opened[1]) in found
    assert ("preprocess", opened[1]) not in found


def test_an_array_unpacked_by_a_model_is_no_input(repository: Write) -> None:
    (pipeline,) = derive(repository({"show.py": SHOWING})).inference
    read = [stage.function for stage in pipeline.stages if "frombuffer" in stage.code]
    assert read == ["show.py:read"]


def test_a_pretrained_model_is_loaded(repository: Write) -> None:
    (pipeline,) = derive(repository({"show.py": SHOWING})).inference
    assert any("from_pretrained" in stage.code for stage in pipeline.stages if stage.kind == "load_checkpoint")


def test_a_moving_average_may_be_computed_by_an_own_function(repository: Write) -> None:
    assert features_of(repository({"train.py": AVERAGED}))["exponential_moving_average"] == {"self.beta": 0.995}


def test_a_sum_that_is_no_average_is_none(repository: Write) -> None:
    plain = AVERAGED.replace("(1 - self.beta) * new", "self.beta * new")
    assert "exponential_moving_average" not in features_of(repository({"train.py": plain}))


def test_a_loss_divided_in_an_inner_loop_is_accumulated(repository: Write) -> None:
    assert features_of(repository({"train.py": AVERAGED}))["gradient_accumulation"] == {"parts": 4}


def test_an_inner_loop_without_a_division_is_not_called_accumulation(repository: Write) -> None:
    undivided = AVERAGED.replace("            loss = loss / parts\n", "")
    assert "gradient_accumulation" not in features_of(repository({"train.py": undivided}))


DRAWING = """
import torch
from torch import nn

class Net(nn.Linear):
    def again(self, x):
        more = torch.ones(2, 4)
        return self.forward(x + more)

def draw(net, start, steps):
    unused = torch.zeros(3)
    for _ in range(steps):
        start = net.again(net(start))
    return start

def main():
    net = Net(4, 4)
    net.load_state_dict(torch.load("net.pt"))
    net.eval()
    labels = torch.tensor([1, 2])
    z = torch.randn(2, 4)
    settings = dict(start=torch.cat([z, z]))
    print(draw(net, **settings, steps=len(labels)))

main()
"""


def test_the_tensors_that_a_sampling_program_makes_are_its_batch(repository: Write) -> None:
    (pipeline,) = derive(repository({"draw.py": DRAWING})).inference
    assert [s.produces for s in pipeline.stages if s.kind == "batch"] == [("labels",), ("z",)]
