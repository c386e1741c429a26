"""What a trained `tiny` does with one sentence: its token ids, its attention weights, its next characters.

    python -m reference_model train --preset tiny
    python -m reference_model.illustrations out/runs/tiny/checkpoint.pt

writes into `assets/` what training decided and no reader of source could derive: the weights in half precision, the
loss curve, and `illustrations.json`. Pictures of them are drawn elsewhere.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reference_model.checkpoint import export_model, load_model
from reference_model.data import ASSETS
from reference_model.errors import UserError
from reference_model.model import GPT, Attention, attention_weights, rotate
from reference_model.tokenizer import Tokenizer

SENTENCE = "The Rays of Light"
LIKELIEST = 5


@torch.no_grad()
def record_attention(model: GPT, tokens: Tensor) -> list[Tensor]:
    """The weights (H, T, T) of every layer for one sequence (1, T)."""
    weights: list[Tensor] = []

    def record(attention: Attention, arguments: tuple[Any, ...]) -> None:
        x, rotation = arguments[:2]
        H, G, D = attention.n_heads, attention.n_kv_heads, attention.head_dim
        q = attention.query(x).unflatten(-1, (H, D)).transpose(1, 2)  # (1, H, T, D)
        k = attention.key(x).unflatten(-1, (G, D)).transpose(1, 2)  # (1, G, T, D)
        if rotation is not None:
            q, k = rotate(q, *rotation), rotate(k, *rotation)
        weights.append(attention_weights(q, k.repeat_interleave(H // G, dim=1))[0])  # (H, T, T)

    hooks = [module.register_forward_pre_hook(record) for module in model.modules() if isinstance(module, Attention)]
    model.eval()
    model(tokens)
    for hook in hooks:
        hook.remove()
    return weights


@torch.no_grad()
def build_illustrations(model: GPT, tokenizer: Tokenizer, sentence: str) -> dict[str, Any]:
    """Everything in plain lists, rounded to four decimals."""
    ids = tokenizer.encode(sentence)
    tokens = torch.tensor([ids])  # (1, T)
    logits, _ = model.eval()(tokens)  # (1, 1, V)
    likeliest = F.softmax(logits[0, -1], dim=-1).topk(LIKELIEST)
    return {
        "preset": "tiny",
        "command": "python -m reference_model.illustrations out/runs/tiny/checkpoint.pt",
        "sentence": sentence,
        "characters": list(sentence),
        "token_ids": ids,
        "next": [
            {"character": tokenizer.decode([index]), "probability": round(probability, 4)}
            for probability, index in zip(likeliest.values.tolist(), likeliest.indices.tolist(), strict=True)
        ],
        # [layer][head][query][key]: each row sums to 1 and is 0 where key is later than query
        "attention": [round_nested(layer.tolist()) for layer in record_attention(model, tokens)],
    }


def round_nested(value: Any) -> Any:
    return [round_nested(item) for item in value] if isinstance(value, list) else round(value, 4)


def write_illustrations(checkpoint: Path, folder: Path) -> None:
    trained, tokenizer = load_model(checkpoint, torch.device("cpu"))
    export_model(folder / "tiny.pt", trained, tokenizer)
    model, _ = load_model(folder / "tiny.pt", torch.device("cpu"))  # as rounded to half precision
    illustrations = build_illustrations(model, tokenizer, SENTENCE)
    (folder / "illustrations.json").write_text(json.dumps(illustrations, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copyfile(checkpoint.parent / "metrics.jsonl", folder / "tiny_metrics.jsonl")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m reference_model.illustrations CHECKPOINT")
    try:
        write_illustrations(Path(sys.argv[1]), ASSETS)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
