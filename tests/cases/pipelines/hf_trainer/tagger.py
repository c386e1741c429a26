import torch
from torch import nn
from torch.nn import functional as F


class Tagger(nn.Module):
    def __init__(self, vocabulary=1000, width=32, tags=9):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.mix = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, tags)

    def forward(self, input_ids, labels=None):
        states, _ = self.mix(self.embed(input_ids))
        scores = self.head(states)
        loss = None
        if labels is not None:
            loss = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=-100)
        return loss, scores
