"""`generate`: continue a prompt with a trained checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, help="checkpoint.pt of a run (default: the bundled tiny model, trained for a minute)"
    )
    parser.add_argument("--prompt", default="The Rays of Light", help="text to continue (default: %(default)r)")
    parser.add_argument("--max-new-tokens", type=int, default=400, help="default: %(default)s")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 is greedy (default: %(default)s)")
    parser.add_argument("--top-k", type=int, help="keep the k likeliest tokens")
    parser.add_argument("--top-p", type=float, help="keep the likeliest tokens that together reach this probability")
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
    from reference_model.train import choose_device

    device = choose_device(arguments.device)
    sampling = SamplingConfig(
        max_new_tokens=arguments.max_new_tokens,
        temperature=arguments.temperature,
        top_k=arguments.top_k,
        top_p=arguments.top_p,
        use_cache=not arguments.no_cache,
        seed=arguments.seed,
    )
    model, tokenizer = load_model(arguments.checkpoint or ASSETS / "tiny.pt", device)
    prompt = torch.tensor([tokenizer.encode(arguments.prompt)], dtype=torch.long, device=device)  # (1, T)
    print(arguments.prompt, end="", flush=True)
    for token in generate(model, prompt, sampling):
        print(tokenizer.decode(token[0].tolist()), end="", flush=True)
    print()
