"""Beam search: the continuations of highest probability among those that a few best beginnings lead to.

It is greedy decoding with memory: width 1 is greedy, a width of all beginnings is exhaustive. Likely text is often
dull text (Holtzman et al., 2020): for prose, sampling reads better.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reference_model.errors import UserError
from reference_model.model import GPT, LayerCache


@dataclass(frozen=True)
class Beam:
    """One continuation: its new tokens, a stop token included, and the logarithm of its probability."""

    tokens: tuple[int, ...]
    log_probability: float

    def score(self, length_penalty: float) -> float:
        """The logarithm over length^penalty: without a penalty, shorter ones win (Wu et al., 2016, section 7)."""
        return self.log_probability / float(max(1, len(self.tokens)) ** length_penalty)


@torch.no_grad()
def beam_search(
    model: GPT,
    prompt: Tensor,
    width: int,
    max_new_tokens: int,
    length_penalty: float = 0.0,
    stop_tokens: tuple[int, ...] = (),
) -> list[Beam]:
    """The `width` best continuations of `prompt` (1, T), best first."""
    require_room(model, prompt, width, max_new_tokens)
    model.eval()
    cache = model.new_cache(1)
    unread = prompt  # (N, T), then (N, 1): N open beams share the cache's rows
    open_beams, closed = [Beam((), 0.0)], []
    for _ in range(max_new_tokens):
        logits, _ = model(unread, cache=cache)  # (N, 1, V)
        open_beams, parents = extend(open_beams, F.log_softmax(logits[:, -1].float(), dim=-1), width)
        going = [at for at, beam in enumerate(open_beams) if beam.tokens[-1] not in stop_tokens]
        closed += [beam for beam in open_beams if beam.tokens[-1] in stop_tokens]
        if not going:
            open_beams = []
            break
        open_beams, rows = [open_beams[at] for at in going], torch.tensor([parents[at] for at in going])
        cache = [reorder(layer, rows.to(prompt.device)) for layer in cache]
        unread = torch.tensor([[beam.tokens[-1]] for beam in open_beams], device=prompt.device)  # (N, 1)
    best = sorted(closed + open_beams, key=lambda beam: beam.score(length_penalty), reverse=True)
    return best[:width]


def extend(beams: list[Beam], log_probabilities: Tensor, width: int) -> tuple[list[Beam], list[int]]:
    """The `width` likeliest beams that are one token longer, and which beam each of them continues."""
    totals = torch.tensor([beam.log_probability for beam in beams], device=log_probabilities.device)  # (N,)
    scores = (totals[:, None] + log_probabilities).flatten()  # (N * V,)
    best = scores.topk(min(width, scores.numel()))
    longer, parents = [], []
    for score, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        parent, token = divmod(index, log_probabilities.size(1))
        longer.append(Beam((*beams[parent].tokens, token), score))
        parents.append(parent)
    return longer, parents


def reorder(layer: LayerCache, rows: Tensor) -> LayerCache:
    """The cache with one row per beam: a copy of the row of the beam that it continues."""
    layer.keys, layer.values = layer.keys[rows], layer.values[rows]  # (N, G, context_length, D) each
    return layer


def require_room(model: GPT, prompt: Tensor, width: int, max_new_tokens: int) -> None:
    if width < 1 or max_new_tokens < 1:
        raise UserError(f"beam search needs a width and a length of at least 1, not {width} and {max_new_tokens}")
    if prompt.size(1) == 0:
        raise UserError("the prompt is empty: give at least one character to continue from")
    if prompt.size(1) + max_new_tokens > model.config.context_length:
        raise UserError(
            f"a prompt of {prompt.size(1)} tokens and {max_new_tokens} new ones exceed the context length "
            f"{model.config.context_length}: beams are compared as wholes, so none can be cut"
        )
