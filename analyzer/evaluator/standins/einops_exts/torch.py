from einops import rearrange
from torch import nn


class EinopsToAndFrom(nn.Module):
    """A module between a pattern and its way back; `...` stands for axes that keep their sizes."""

    def __init__(self, from_einops, to_einops, fn):
        super().__init__()
        self.from_einops = from_einops
        self.to_einops = to_einops
        self.fn = fn

    def forward(self, x, **kwargs):
        before, _, after = self.from_einops.partition("...")
        last = after.split()
        sizes = dict(zip(before.split(), x.shape))
        sizes.update({name: x.shape[at - len(last)] for at, name in enumerate(last)})
        inner = self.fn(rearrange(x, f"{self.from_einops} -> {self.to_einops}"), **kwargs)
        return rearrange(inner, f"{self.to_einops} -> {self.from_einops}", **sizes)
