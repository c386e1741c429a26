"""`serve`: a checkpoint behind HTTP, on this machine only unless another host is named."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, help="checkpoint.pt of a run (default: the bundled tiny model)")
    parser.add_argument("--config", type=Path, help="limits and alert thresholds as JSON (see serve/server.json)")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run_serve(arguments: argparse.Namespace) -> None:
    from reference_model.checkpoint import load_model
    from reference_model.data import ASSETS
    from reference_model.errors import UserError
    from reference_model.serve.config import load_config
    from reference_model.train import choose_device

    config = load_config(arguments.config)
    model, tokenizer = load_model(arguments.checkpoint or ASSETS / "tiny.pt", choose_device(arguments.device))
    try:
        import uvicorn

        from reference_model.serve.app import build_app
        from reference_model.serve.engine import Engine
    except ImportError as missing:
        raise UserError(f"serving needs {missing.name}: pip install 'deepdive[serve]'") from None
    app = build_app(Engine(model, tokenizer, config))
    uvicorn.run(app, host=arguments.host, port=arguments.port, timeout_graceful_shutdown=int(config.seconds) + 1)
