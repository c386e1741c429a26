"""One training run on several processes: `torchrun --nproc-per-node 2 -m reference_model train`.

Every process holds the whole model and its share of each batch; DistributedDataParallel averages the gradients (Li et
al., 2020). All processes draw the same random places and take turns, so the run is that of one process with the whole
batch, up to the order of summation.
"""

from __future__ import annotations

import atexit
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from reference_model.model import GPT


@dataclass(frozen=True)
class Team:
    """The processes of a run; a single one by default."""

    rank: int = 0  # which of them this is
    size: int = 1

    @property
    def leads(self) -> bool:
        """Only the leader evaluates, reports and writes."""
        return self.rank == 0


def join_team(device: torch.device) -> tuple[Team, torch.device]:
    """The team that torchrun started this process in, and the device of this process; alone without torchrun."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return Team(), device
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return Team(dist.get_rank(), dist.get_world_size()), device


def wrap(model: GPT, team: Team) -> nn.Module:
    """The model as every process of the team calls it."""
    if team.size == 1:
        return model
    return DistributedDataParallel(model, find_unused_parameters=model.config.n_experts > 1)


def synchronized(network: nn.Module, last: bool) -> AbstractContextManager[None]:
    """Gradients are averaged over the team once per optimizer step: in its last backward pass."""
    if isinstance(network, DistributedDataParallel) and not last:
        return network.no_sync()
    return nullcontext()


def gather(state: Any, team: Team) -> list[Any]:
    """The states of all processes, in order of rank, at every one of them."""
    if team.size == 1:
        return [state]
    states: list[Any] = [None] * team.size
    dist.all_gather_object(states, state)
    return states


def wait_for_all(team: Team) -> None:
    if team.size > 1:
        dist.barrier()
