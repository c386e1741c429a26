import math
from functools import partial
from typing import Optional

import lightning as L
import torch
import torch.nn as nn
from lightning.fabric.strategies import FSDPStrategy
from torch.utils.data import DataLoader

from model import GPT, Config
from data import Tokens


def start(
    name: str = "small",
    count: int = 2,
    kind: Optional[str] = "bf16-mixed",
    seed: int = 42,
    rate: float = 4e-4,
    accumulate: int = 4,
    steps: int = 100,
    bound: float = 1.0,
    out: str = "out",
    method: str = "AdamW",
):
    config = Config()
    plan = FSDPStrategy(sharding_strategy="HYBRID_SHARD") if count > 1 else "auto"
    fabric = L.Fabric(devices=count, strategy=plan, precision=kind)
    fabric.launch()
    main(fabric, seed, config, rate, accumulate, steps, bound, out, method)


def main(fabric: L.Fabric, seed, config, rate, accumulate, steps, bound, out, method):
    fabric.seed_everything(seed)
    with fabric.init_module(empty_init=True):
        model = GPT(config)
    model.apply(partial(init_weights, n_layer=config.n_layer))
    model = torch.compile(model)
    model = fabric.setup(model)
    optimizer = make_optimizer(method, model.parameters(), lr=rate, fused=fabric.device.type == "cuda")
    optimizer = fabric.setup_optimizers(optimizer)
    train_loader = DataLoader(Tokens(), batch_size=8, shuffle=True)
    val_loader = DataLoader(Tokens(), batch_size=8)
    train_loader, val_loader = fabric.setup_dataloaders(train_loader, val_loader)
    state = {"model": model, "optimizer": optimizer, "iter_num": 0, "step_count": 0}
    fit(fabric, state, train_loader, val_loader, rate, accumulate, steps, bound, out)


def make_optimizer(name, params, **kwargs):
    cls = getattr(torch.optim, name)
    return cls(params, **kwargs)


def fit(fabric, state, train_loader, val_loader, rate, accumulate, steps, bound, out):
    model = state["model"]
    optimizer = state["optimizer"]
    validate(fabric, model, val_loader, most=2)
    fabric.barrier()
    for batch in train_loader:
        if state["iter_num"] >= steps:
            break
        now = get_lr(rate, state["iter_num"], 10, steps, 1e-5)
        for group in optimizer.param_groups:
            group["lr"] = now
        state["iter_num"] += 1
        ids = batch[:, :-1].contiguous().long()
        targets = batch[:, 1:].contiguous().long()
        is_accumulating = state["iter_num"] % accumulate != 0
        with fabric.no_backward_sync(model, enabled=is_accumulating):
            logits = model(ids)
            loss = chunked_cross_entropy(logits, targets)
            fabric.backward(loss / accumulate)
        if not is_accumulating:
            fabric.clip_gradients(model, optimizer, max_norm=bound)
            optimizer.step()
            optimizer.zero_grad()
            state["step_count"] += 1
        if state["iter_num"] % 10 == 0:
            fabric.print(f"iter {state['iter_num']}: loss {loss.item():.4f}")
            fabric.log_dict({"loss": loss.item()}, step=state["iter_num"])
        if state["step_count"] % 50 == 0:
            validate(fabric, model, val_loader, most=5)
            store(fabric, state, out)
    fabric.save(out + "/final.pth", state)


@torch.no_grad()
def validate(fabric, model, loader, most):
    model.eval()
    losses = []
    for k, batch in enumerate(loader):
        if k >= most:
            break
        logits = model(batch[:, :-1].long())
        losses.append(chunked_cross_entropy(logits, batch[:, 1:].long()))
    model.train()
    return torch.stack(losses).mean()


def store(fabric, state, path):
    fabric.save(path, state)


def get_lr(learning_rate, it, warmup, most, min_lr):
    if it < warmup:
        return learning_rate * it / warmup
    if it > most:
        return min_lr
    ratio = (it - warmup) / (most - warmup)
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


def init_weights(module, n_layer):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02 / math.sqrt(n_layer))


def chunked_cross_entropy(logits, targets):
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.size(-1)), targets.reshape(-1), ignore_index=-100
    )


if __name__ == "__main__":
    from jsonargparse import CLI

    CLI(start)
