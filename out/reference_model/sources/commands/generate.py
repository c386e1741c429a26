"""`generate`: continue a prompt with a trained checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from reference_model.model import GPT
    from reference_model.tokenizer import Tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, help="checkpoint.pt of a run (default: the bundled tiny model, trained for a minute)"
    )
    parser.add_argument("--prompt", default="The Rays of Light", help="text to continue (default: %(default)r)")
    parser.add_argument("--max-new-tokens", type=int, default=400, help="default: %(default)s")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 is greedy (default: %(default)s)")
    parser.add_argument("--top-k", type=int, help="keep the k likeliest tokens")
    parser.add_argument("--top-p", type=float, help="keep the likeliest tokens that together reach this probability")
    parser.add_argument("--min-p", type=float, help="keep tokens at least this likely relative to the likeliest")
    parser.add_argument(
        "--repetition-penalty", type=float, default=1.0, help="above 1 avoids what occurred (default: %(default)s)"
    )
    parser.add_argument("--stop", action="append", default=[], metavar="TEXT", help="end before this text; repeatable")
    parser.add_argument("--beams", type=int, help="instead of sampling, the likeliest of this many beams")
    parser.add_argument("--length-penalty", type=float, default=0.0, help="of beams; 1 compares means (default: 0)")
    parser.add_argument("--interactive", action="store_true", help="continue each line that is typed")
    parser.add_argument("--seed", type=int, default=1337, help="default: %(default)s")
    parser.add_argument(
        "--no-cache", action="store_true", help="recompute all keys and values each step: the same text, slower"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run_generate(arguments: argparse.Namespace) -> None:
    import torch

    from reference_model.checkpoint import load_model
    from reference_model.data import ASSETS
    from reference_model.generate import SamplingConfig, generate
    from reference_model.interactive import converse
    from reference_model.stream import stream_text
    from reference_model.train import choose_device

    device = choose_device(arguments.device)
    sampling = SamplingConfig(
        max_new_tokens=arguments.max_new_tokens,
        temperature=arguments.temperature,
        top_k=arguments.top_k,
        top_p=arguments.top_p,
        min_p=arguments.min_p,
        repetition_penalty=arguments.repetition_penalty,
        use_cache=not arguments.no_cache,
        seed=arguments.seed,
    )
    model, tokenizer = load_model(arguments.checkpoint or ASSETS / "tiny.pt", device)

    def proceed(text: str, sampling: SamplingConfig) -> Iterator[str]:
        prompt = torch.tensor([tokenizer.encode(text)], dtype=torch.long, device=device)  # (1, T)
        tokens = (int(token) for token in generate(model, prompt, sampling))
        yield text
        yield from stream_text(tokenizer, tokens, arguments.stop)

    if arguments.interactive:
        converse(sys.stdin, write, proceed, sampling)
        return
    if arguments.beams is not None:
        write(arguments.prompt + search(model, tokenizer, arguments, device))
    else:
        for piece in proceed(arguments.prompt, sampling):
            write(piece)
    write("\n")


def write(text: str) -> None:
    print(text, end="", flush=True)


def search(model: GPT, tokenizer: Tokenizer, arguments: argparse.Namespace, device: torch.device) -> str:
    """The likeliest continuation that beam search finds."""
    import torch

    from reference_model.beam import beam_search
    from reference_model.stream import stream_text

    prompt = torch.tensor([tokenizer.encode(arguments.prompt)], dtype=torch.long, device=device)  # (1, T)
    best = beam_search(model, prompt, arguments.beams, arguments.max_new_tokens, arguments.length_penalty)[0]
    return "".join(stream_text(tokenizer, best.tokens, arguments.stop))
