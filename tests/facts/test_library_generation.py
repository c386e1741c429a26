"""Generation by a library's own loop: the program is one of inference, and each setting has its line and value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
CHAT = """
from transformers import AutoModelForCausalLM, AutoTokenizer
tokens = AutoTokenizer.from_pretrained("small")
model = AutoModelForCausalLM.from_pretrained("small").eval()
options = dict(temperature=0.7, top_p=0.9)
out = model.generate(tokens("hello", return_tensors="pt").input_ids, GIVEN)
print(tokens.decode(out[0]))
"""
OWN = """
from contextlib import contextmanager
import torch
from torch import nn
from transformers import GPT2Config, GPT2PreTrainedModel

class Net(GPT2PreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(x)

class Speaker:
    def __init__(self):
        self.net = Net(GPT2Config())
        self.net.load_state_dict(torch.load("net.pt"))

    @contextmanager
    def moved(self, model):
        yield model.to("cuda")
        model.cpu()

    def speak(self, ids, top_p=0.8, **others):
        with self.moved(self.net) as net:
            return net.generate(ids, do_sample=True, top_p=top_p, **others)

if __name__ == "__main__":
    print(Speaker().speak(torch.ones(1, 4), repetition_penalty=2.0, num_return_sequences=1))
"""


def features(index: SourceIndex) -> dict[str, dict[str, object]]:
    (pipeline,) = derive(index).inference
    return {f.id: {name: v.value if isinstance(v, Known) else None for name, v in f.values} for f in pipeline.features}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("max_new_tokens=8", {"length_limit": {"max_new_tokens": 8}}),
        (
            "num_beams=4, length_penalty=1.2",
            {"beam_search": {"num_beams": 4}, "length_penalty": {"length_penalty": 1.2}},
        ),
        ("num_beams=1, do_sample=False", {"greedy_decoding": {"do_sample": False}}),
        ("do_sample=True, top_k=None", {}),
        ("**options", {"temperature": {"temperature": 0.7}, "top_p": {"top_p": 0.9}}),
    ],
)
def test_settings_of_generation_have_their_values(
    repository: Write, given: str, expected: dict[str, dict[str, object]]
) -> None:
    index = repository({"chat.py": CHAT.replace("GIVEN", given)})
    assert features(index) == expected
    kinds = [stage.kind for stage in derive(index).inference[0].stages]
    assert kinds == ["load_checkpoint", "mode", "tokenize", "sample", "postprocess"]


def test_options_that_an_own_function_hands_on_are_told_where_they_are_given(repository: Write) -> None:
    index = repository({"speak.py": OWN})
    assert features(index) == {"top_p": {"top_p": 0.8}, "repetition_penalty": {"repetition_penalty": 2.0}}
    (pipeline,) = derive(index).inference
    lines = {f.id: f.where.first_line for f in pipeline.features}
    assert lines == {"top_p": 26, "repetition_penalty": 29}
    assert "runs_main_model" in [e.rule for e in pipeline.evidence], "what a manager yields is the object under `as`"
