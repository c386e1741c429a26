"""Does this torch do what the evaluator asks of it? Tried on a small case, not read off a version number."""

from __future__ import annotations

from collections.abc import Callable


def examine_fake_tensors() -> str | None:
    """None where symbolic shapes on fake tensors work, else what failed, in one line."""
    try:
        found = _symbolic_product()
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None if found == ["B", "3"] else f"shape [{', '.join(found)}] where [B, 3] was expected"


def accelerator() -> str | None:
    """Name of the accelerator that torch sees, None where there is only the CPU."""
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))
    return "MPS" if torch.backends.mps.is_available() else None


def _symbolic_product() -> list[str]:
    import torch

    from analyzer.evaluator.oracle import Oracle

    ignore: Callable[..., None] = lambda *found: None  # noqa: E731
    oracle = Oracle(ignore, ignore)
    with oracle.active():
        product = torch.nn.functional.linear(oracle.tensor([oracle.symbol("B", 2), 4]), oracle.tensor([3, 4]))
        return [oracle.text(size) for size in product.shape]
