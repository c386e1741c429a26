"""Linear layers and embeddings with the sizes of torch's own."""
import torch
from torch import nn


class Linear8bitLt(nn.Linear):
    def __init__(self, input_features, output_features, bias=True, has_fp16_weights=True, threshold=0.0, index=None,
                 device=None):
        super().__init__(input_features, output_features, bias)
        self.index = index


class StableEmbedding(nn.Embedding):
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False, _weight=None, device=None, dtype=None):
        super().__init__(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        self.norm = nn.LayerNorm(embedding_dim)

    def forward(self, input):
        found = nn.functional.embedding(input, self.weight, self.padding_idx)
        return self.norm(found).to(self.weight.dtype)
