"""Decoding that is spread over functions: helpers of the drawing function, own tokenizers, caches, streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.index import SourceIndex
from tests.facts.test_processes import derive, features, known

Write = Callable[[Mapping[str, str]], SourceIndex]

SOURCE = """
import torch
from torch import nn

class Rows:
    def __init__(self):
        self.rows = torch.zeros(1, 8, 4)

    def keep(self, new, start):
        self.rows[:, start : start + 1] = new
        return self.rows

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x, memory=None):
        z = self.layer(x)
        if memory is not None:
            z = memory.keep(z, 0)
        return z

class Letters:
    def __init__(self, letters):
        self.letters = letters
        self.places = {letter: place for place, letter in enumerate(letters)}

    def numbers(self, text):
        return [self.places[letter] for letter in text]

    def text(self, numbers):
        return "".join(self.letters[number] for number in numbers)

def best(scores, amount):
    least = scores.topk(min(amount, scores.size(-1))).values[:, -1:]
    return scores.masked_fill(scores < least, float("-inf"))

def pick(scores, heat=0.5, amount=None):
    if heat == 0:
        return scores.argmax(dim=-1)
    scores = scores / heat
    if amount is not None:
        scores = best(scores, amount)
    return torch.multinomial(scores.softmax(-1), 1)

@torch.no_grad()
def write(net: Net, x, use_rows=True):
    memory = Rows() if use_rows else None
    for _ in range(4):
        drawn = pick(net(x, memory), amount=3)
        yield drawn
        x = drawn

letters = Letters("ab")
net = Net()
net.load_state_dict(torch.load("net.pt"))
for number in write(net, torch.tensor(letters.numbers("a"))):
    print(letters.text(number.tolist()))
"""


def test_decoding_is_found_across_the_functions_that_share_it(repository: Write) -> None:
    (inference,) = derive(repository({"run.py": SOURCE})).inference
    found = features(inference)
    assert set(found) == {"greedy_decoding", "kv_cache", "no_grad", "streaming", "temperature", "top_k"}
    assert known(found["temperature"]) == {"heat": 0.5}
    assert known(found["top_k"]) == {"amount": 3} and found["top_k"].condition is None  # decided by the call
    assert found["greedy_decoding"].condition == "heat == 0"
    assert known(found["kv_cache"]) == {"use_rows": True} and found["kv_cache"].condition == "use_rows"


def test_an_own_tokenizer_encodes_before_and_decodes_after_the_model(repository: Write) -> None:
    (inference,) = derive(repository({"run.py": SOURCE})).inference
    assert [stage.kind for stage in inference.stages] == [
        "build", "load_checkpoint", "tokenize", "forward", "sample", "postprocess",
    ]  # fmt: skip


def test_an_object_that_keeps_no_rows_is_no_cache(repository: Write) -> None:
    text = SOURCE.replace("self.rows[:, start : start + 1] = new", "self.rows = new")
    (inference,) = derive(repository({"run.py": text})).inference
    assert "kv_cache" not in features(inference)


def test_a_module_that_a_function_imports_is_no_input_of_a_stage(repository: Write) -> None:
    start = SOURCE.index('letters = Letters("ab")')
    body = SOURCE[start:].replace("\n", "\n    ").rstrip()
    text = f"{SOURCE[:start]}def run():\n    import torch\n    {body}\n\nrun()\n"
    (inference,) = derive(repository({"run.py": text})).inference
    assert [stage.consumes for stage in inference.stages if stage.kind == "tokenize"] == [("net", "letters")]


LAYERS = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x, before=None):
        return self.layer(x), x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block() for _ in range(3)])

    def forward(self, x, sizes=None):
        before = None
        for block in self.blocks:
            x, kept = block(x, before)
            before = kept[0]
        return x

net = Net()
net.load_state_dict(torch.load("net.pt"))
print(net(torch.zeros(2, 4), torch.tensor([1, 2])))
"""


def test_what_one_layer_hands_to_the_next_is_no_cache(repository: Write) -> None:
    (inference,) = derive(repository({"net.py": LAYERS})).inference
    assert "kv_cache" not in features(inference)
    assert [stage.kind for stage in inference.stages] == ["build", "load_checkpoint", "forward"], (
        "numbers made inside of the call of a model are no step of their own"
    )


METHODS = """
import torch
import decode.draw
from torch import nn

net = nn.Linear(4, 4)
net.load_state_dict(torch.load("net.pt"))
x = torch.zeros(1, 4)
for _ in range(3):
    x = decode.draw.pick(net(x), 0.6, 0.9)
"""
DRAW = """
import torch

def pick(scores, heat, share):
    scores = torch.div(scores, heat)
    ordered, places = torch.sort(scores, descending=True)
    summed = torch.cumsum(ordered.softmax(-1), dim=-1)
    kept = summed.lt(share)
    scores = scores.masked_fill(~kept, -1e4)
    return torch.distributions.Categorical(logits=scores).sample()
"""


def test_settings_are_found_where_methods_stand_for_operators(repository: Write) -> None:
    files = {"speak.py": METHODS, "decode/__init__.py": "", "decode/draw.py": DRAW}
    (inference,) = derive(repository(files)).inference
    found = features(inference)
    assert known(found["temperature"]) == {"heat": 0.6} and known(found["top_p"]) == {"share": 0.9}, (
        "a file of a package is reached through the package that an import binds"
    )
