from dataclasses import dataclass
from torch import nn


@dataclass
class Config:
    n_layer: int = 2
    n_embd: int = 16
    vocab: int = 32


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.wte = nn.Embedding(config.vocab, config.n_embd)
        self.layers = nn.ModuleList([nn.Linear(config.n_embd, config.n_embd) for _ in range(config.n_layer)])
        self.head = nn.Linear(config.n_embd, config.vocab)

    def forward(self, idx):
        x = self.wte(idx)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)
