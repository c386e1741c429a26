"""Linear layers whose bias is added in the product; alone on one device."""
import torch.nn.functional as F
from torch import nn


def fused_dense_func(x, weight, bias=None, return_residual=False, process_group=None, sequence_parallel=True):
    out = F.linear(x, weight, bias)
    return (out, x) if return_residual else out


class FusedDense(nn.Linear):
    def __init__(self, in_features, out_features, bias=True, return_residual=False, device=None, dtype=None):
        super().__init__(in_features, out_features, bias=bias, dtype=dtype)
        self.return_residual = return_residual

    def forward(self, x, process_group=None):
        out = F.linear(x, self.weight, self.bias)
        return (out, x) if self.return_residual else out


class FusedMLP(nn.Module):
    def __init__(self, in_features, hidden_features=None, out_features=None, bias1=True, bias2=True,
                 activation="gelu_approx", return_residual=False, checkpoint_lvl=0, heuristic="auto", device=None,
                 dtype=None):
        super().__init__()
        assert checkpoint_lvl in (0, 1, 2)
        assert activation in ("gelu_approx", "relu", "sqrelu")
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features * 4
        self.activation = activation
        self.return_residual = return_residual
        self.checkpoint_lvl = checkpoint_lvl
        self.fc1 = nn.Linear(in_features, hidden_features, bias=bias1, dtype=dtype)
        self.fc2 = nn.Linear(hidden_features, out_features, bias=bias2, dtype=dtype)

    def forward(self, x, process_group=None):
        hidden = F.linear(x, self.fc1.weight, self.fc1.bias)
        hidden = F.gelu(hidden, approximate="tanh") if self.activation == "gelu_approx" else F.relu(hidden)
        out = F.linear(hidden, self.fc2.weight, self.fc2.bias)
        return (out, x) if self.return_residual else out
