"""Linear layers and embeddings whose weights would be divided among devices; here one holds them whole."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import init


class VocabParallelEmbedding(nn.Module):
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False, init_method=init.xavier_normal_,
                 keep_master_weight_for_test=False):
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.vocab_start_index, self.vocab_end_index = 0, num_embeddings
        self.num_embeddings_per_partition = num_embeddings
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim))
        init_method(self.weight)

    def forward(self, input_):
        return F.embedding(input_, self.weight, self.padding_idx)


class ParallelEmbedding(nn.Module):
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False, init_method=init.xavier_normal_,
                 keep_master_weight_for_test=False):
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.embedding_dim_per_partition = embedding_dim
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim))
        init_method(self.weight)

    def forward(self, input_):
        return F.embedding(input_, self.weight, self.padding_idx)


class _Linear(nn.Module):
    def _allocate(self, in_features, out_features, bias, init_method, keep_master_weight_for_test):
        self.in_features = in_features
        self.out_features = out_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        if bias:
            self.bias = nn.Parameter(torch.zeros(out_features))
        else:
            self.register_parameter("bias", None)
        init_method(self.weight)
        self.master_weight = self.weight if keep_master_weight_for_test else None

    def get_master_weight(self):
        return self.weight.data

    def forward(self, input_):
        return F.linear(input_, self.weight, self.bias)


class ColumnParallelLinear(_Linear):
    def __init__(self, in_features, out_features, bias=True, gather_output=True, init_method=init.xavier_normal_,
                 stride=1, keep_master_weight_for_test=False):
        super().__init__()
        self.gather_output = gather_output
        self.output_size_per_partition = out_features
        self._allocate(in_features, out_features, bias, init_method, keep_master_weight_for_test)


class RowParallelLinear(_Linear):
    def __init__(self, in_features, out_features, bias=True, input_is_parallel=False,
                 init_method=init.xavier_normal_, stride=1, keep_master_weight_for_test=False):
        super().__init__()
        self.input_is_parallel = input_is_parallel
        self.input_size_per_partition = in_features
        self._allocate(in_features, out_features, bias, init_method, keep_master_weight_for_test)
