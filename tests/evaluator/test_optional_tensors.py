"""A tensor that data make None: what is done to it behind a comparison with None is known, all else stays unknown."""

from __future__ import annotations

import textwrap

import pytest

MODEL = """
import torch
import torch.nn.functional as F
from torch import nn

def needed(mask):
    if mask.all():
        return None
    return mask[:, None, None, :].expand(-1, 1, mask.shape[1], -1)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x):
        mask = needed(x[..., 0] > 0)
{body}
"""

KNOWN = {
    "added behind a comparison": """
        scores = x @ x.transpose(1, 2)
        if mask is not None:
            scores = scores.masked_fill(mask[:, 0], 0.0)
        return self.b(self.a(scores @ x))
    """,
    "given to attention": """
        q = x[:, None]
        return self.b(self.a(F.scaled_dot_product_attention(q, q, q, attn_mask=mask)[:, 0]))
    """,
    "as part of a longer question": """
        causal = mask is None and x.shape[1] > 1
        if mask is not None and mask.shape[-1] == x.shape[1]:
            x = x + mask[:, 0, 0, :, None]
        return self.b(self.a(x))
    """,
    "in a conditional expression": """
        bias = mask[:, 0, 0, :, None].float() if mask is not None else x[..., :1]
        return self.b(self.a(x + bias))
    """,
    "made where it is missing": """
        if mask is None:
            mask = torch.ones(x.shape[0], 1, x.shape[1], x.shape[1], dtype=torch.bool)
        return self.b(self.a(x + mask[:, 0, 0, :, None]))
    """,
    "changed behind a comparison, then asked again": """
        if mask is not None:
            mask = mask[:, 0, 0, :, None].to(x.dtype)
        return self.b(self.a(x if mask is None else x + mask))
    """,
    "kept in a dict": """
        masks = {"full": mask}
        full = masks["full"]
        if full is not None:
            x = x + full[:, 0, 0, :, None]
        return self.b(self.a(x))
    """,
}


def called(repository, body: str):  # type: ignore[no-untyped-def]
    interpreter = repository(MODEL.format(body=textwrap.indent(textwrap.dedent(body), " " * 8)))
    model = interpreter.build("model.py", "Net()")
    return interpreter.call(model, [interpreter.tensor([2, 5, 8], "float32")])


@pytest.mark.parametrize("body", KNOWN.values(), ids=KNOWN.keys())
def test_what_is_done_behind_a_comparison_with_none_is_known(repository, body: str) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, body)
    assert recording.error is None
    assert [str(shape) for shape in recording.outputs] == ["float32[2, 5, 8]"]
    assert [str(call.outputs[0]) for call in recording.calls_of("a")] == ["float32[2, 5, 16]"]


UNKNOWN = {
    "attribute": "y = mask.shape[0]",
    "method": "y = mask.expand(2, 7, 5, 5)",
    "index": "y = mask[:, 0]",
    "arithmetic": "y = mask + 1",
    "comparison": "y = mask is not None",
    "negation": "y = not mask",
    "call of torch": "y = torch.sum(mask)",
    "in a list given to torch": "y = torch.cat([mask, mask])",
    "unpacking": "y, _ = mask",
    "another kind on one path": "y = 3 if x.sum() > 0 else mask",
    "text": 'y = f"{mask}"',
    "a library function": "import copy\ny = copy.copy(mask)",
    "a form changed in place": "mask.unsqueeze_(0)\ny = mask",
}


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_result_is_not_taken_for_the_tensor_it_was_made_from(repository, body: str) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, body + "\nif y is not None:\n    x = y\nreturn self.b(self.a(x))")
    assert not recording.outputs
    assert all(call.outputs is None for call in recording.calls_of("a"))


def test_a_module_that_takes_it_is_said_to_take_more_than_is_known(repository) -> None:  # type: ignore[no-untyped-def]
    block = "class Block(nn.Linear):\n    def forward(self, x, mask=None):\n        return super().forward(x)\n"
    source = MODEL.replace("class Net", block + "\nclass Net").replace("nn.Linear(8, 16), nn", "Block(8, 16), nn")
    interpreter = repository(source.format(body=" " * 8 + "return self.b(self.a(x, mask))"))
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 5, 8], "float32")])
    assert [call.takes_unknown for call in recording.calls] == [False, True, False]
    assert [str(shape) for shape in recording.outputs] == ["float32[2, 5, 8]"]


def test_forms_that_differ_stay_unknown(repository) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, "y = x if mask is None else x[:, :3]\nreturn self.b(self.a(y))")
    assert [str(call.outputs[0]) for call in recording.calls_of("a")] == ["float32[2, ?, 16]"]
