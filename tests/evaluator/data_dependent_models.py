"""Models whose sizes and branches depend on data; read as text by the tests, and run for real beside it."""

import torch
import torch.nn.functional as F
from torch import nn


class Expert(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(F.silu(self.up(x)))


class Mixtral(nn.Module):
    def __init__(self, dim=8, hidden=16, experts=4, k=2):
        super().__init__()
        self.num_experts, self.top_k = experts, k
        self.gate = nn.Linear(dim, experts, bias=False)
        self.experts = nn.ModuleList([Expert(dim, hidden) for _ in range(experts)])

    def forward(self, hidden_states):
        batch_size, sequence_length, hidden_dim = hidden_states.shape
        hidden_states = hidden_states.view(-1, hidden_dim)
        router_logits = self.gate(hidden_states)
        routing_weights = F.softmax(router_logits, dim=1, dtype=torch.float)
        routing_weights, selected_experts = torch.topk(routing_weights, self.top_k, dim=-1)
        routing_weights /= routing_weights.sum(dim=-1, keepdim=True)
        routing_weights = routing_weights.to(hidden_states.dtype)
        final = torch.zeros((batch_size * sequence_length, hidden_dim), dtype=hidden_states.dtype)
        expert_mask = F.one_hot(selected_experts, num_classes=self.num_experts).permute(2, 1, 0)
        for expert_idx in range(self.num_experts):
            expert_layer = self.experts[expert_idx]
            idx, top_x = torch.where(expert_mask[expert_idx])
            current_state = hidden_states[None, top_x].reshape(-1, hidden_dim)
            current = expert_layer(current_state) * routing_weights[top_x, idx, None]
            final.index_add_(0, top_x, current.to(hidden_states.dtype))
        return final.reshape(batch_size, sequence_length, hidden_dim), router_logits


class MixtralHit(Mixtral):
    def forward(self, hidden_states):
        batch_size, sequence_length, hidden_dim = hidden_states.shape
        hidden_states = hidden_states.view(-1, hidden_dim)
        router_logits = self.gate(hidden_states)
        routing_weights = F.softmax(router_logits, dim=1, dtype=torch.float)
        routing_weights, selected_experts = torch.topk(routing_weights, self.top_k, dim=-1)
        final = torch.zeros((batch_size * sequence_length, hidden_dim), dtype=hidden_states.dtype)
        expert_mask = F.one_hot(selected_experts, num_classes=self.num_experts).permute(2, 1, 0)
        expert_hit = torch.greater(expert_mask.sum(dim=(-1, -2)), 0).nonzero()
        for expert_idx in expert_hit:
            expert_layer = self.experts[expert_idx]
            idx, top_x = torch.where(expert_mask[expert_idx].squeeze(0))
            current_state = hidden_states[None, top_x].reshape(-1, hidden_dim)
            current = expert_layer(current_state) * routing_weights[top_x, idx, None]
            final.index_add_(0, top_x, current.to(hidden_states.dtype))
        return final.reshape(batch_size, sequence_length, hidden_dim), router_logits


class DeepSeek(nn.Module):
    def __init__(self, dim=8, hidden=16, experts=4, k=2, shared=1):
        super().__init__()
        self.k = k
        self.n = experts
        self.gate = nn.Parameter(torch.empty(experts, dim))
        self.experts = nn.ModuleList([Expert(dim, hidden) for _ in range(experts)])
        self.shared = Expert(dim, hidden * shared)

    def forward(self, x):
        shape = x.shape
        flat = x.view(-1, shape[-1])
        scores = F.linear(flat, self.gate).softmax(-1)
        weight, index = torch.topk(scores, self.k, dim=-1, sorted=False)
        if self.training:
            flat_index = index.view(-1)
            rep = flat.repeat_interleave(self.k, dim=0)
            y = torch.empty_like(rep)
            for i, expert in enumerate(self.experts):
                y[flat_index == i] = expert(rep[flat_index == i]).to(y.dtype)
            y = (y.view(*weight.shape, -1) * weight.unsqueeze(-1)).sum(dim=1)
            y = y.view(*shape)
        else:
            y = self.infer(flat, index.view(-1), weight.view(-1, 1)).view(*shape)
        return y + self.shared(x)

    @torch.no_grad()
    def infer(self, x, flat_expert_indices, flat_expert_weights):
        cache = torch.zeros_like(x)
        idxs = flat_expert_indices.argsort()
        tokens_per_expert = flat_expert_indices.bincount().cpu().numpy().cumsum(0)
        token_idxs = idxs // self.k
        for i, end_idx in enumerate(tokens_per_expert):
            start_idx = 0 if i == 0 else tokens_per_expert[i - 1]
            if start_idx == end_idx:
                continue
            expert = self.experts[i]
            exp_token_idx = token_idxs[start_idx:end_idx]
            expert_tokens = x[exp_token_idx]
            out = expert(expert_tokens)
            out.mul_(flat_expert_weights[idxs[start_idx:end_idx]])
            cache.scatter_add_(0, exp_token_idx.view(-1, 1).repeat(1, x.shape[-1]), out)
        return cache


class DeepSeekV3(DeepSeek):
    def forward(self, x):
        shape = x.size()
        x = x.view(-1, shape[-1])
        scores = F.linear(x, self.gate).sigmoid()
        indices = torch.topk(scores, self.k, dim=-1)[1]
        weights = scores.gather(1, indices)
        y = torch.zeros_like(x)
        counts = torch.bincount(indices.flatten(), minlength=self.n).tolist()
        for i in range(self.n):
            if counts[i] == 0:
                continue
            expert = self.experts[i]
            idx, top = torch.where(indices == i)
            y[idx] += expert(x[idx]) * weights[idx, top, None]
        z = self.shared(x)
        return (y + z).view(shape)


class HFDeepSeek(DeepSeek):
    """tokens sorted by expert, split by counts"""

    def forward(self, x):
        shape = x.size()
        x = x.view(-1, shape[-1])
        scores = F.linear(x, self.gate).sigmoid()
        topk_ids = torch.topk(scores, self.k, dim=-1)[1]
        topk_weight = scores.gather(1, topk_ids)
        cnts = topk_ids.new_zeros((topk_ids.shape[0], len(self.experts)))
        cnts.scatter_(1, topk_ids, 1)
        tokens_per_expert = cnts.sum(dim=0)
        idxs = topk_ids.view(-1).argsort()
        sorted_tokens = x[idxs // topk_ids.shape[1]]
        tokens_per_expert = tokens_per_expert.cpu().numpy()
        outputs = []
        start_idx = 0
        for i, num_tokens in enumerate(tokens_per_expert):
            end_idx = start_idx + num_tokens
            if num_tokens == 0:
                continue
            expert = self.experts[i]
            tokens_for_this_expert = sorted_tokens[start_idx:end_idx]
            expert_out = expert(tokens_for_this_expert)
            outputs.append(expert_out)
            start_idx = end_idx
        outs = torch.cat(outputs, dim=0) if outputs else sorted_tokens.new_empty(0)
        new_x = torch.empty_like(outs)
        new_x[idxs] = outs
        final_out = (
            new_x.view(*topk_ids.shape, -1)
            .type(topk_weight.dtype)
            .mul_(topk_weight.unsqueeze(dim=-1))
            .sum(dim=1)
            .type(new_x.dtype)
        )
        return final_out.view(*shape) + self.shared(x).view(*shape)


class Early(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
            p = self.head(x)
            if p.max() > 0.9:
                break
        return p


class Gen(nn.Module):
    def __init__(self, vocab=11, dim=8):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.k = nn.Linear(dim, dim)
        self.v = nn.Linear(dim, dim)
        self.head = nn.Linear(dim, vocab)

    def forward(self, idx, past=None):
        x = self.emb(idx)
        k, v = self.k(x), self.v(x)
        if past is not None:
            k = torch.cat([past[0], k], 1)
            v = torch.cat([past[1], v], 1)
        y = F.scaled_dot_product_attention(x, k, v)
        return self.head(y), (k, v)

    def generate(self, idx, max_new_tokens=100, eos=2):
        finished = torch.zeros(idx.shape[0], dtype=torch.bool)
        past = None
        for _ in range(max_new_tokens):
            past_len = past[0].shape[1] if past else 0
            logits, past = self(idx[:, past_len:], past)
            nxt = logits[:, -1].argmax(-1, keepdim=True)
            idx = torch.cat([idx, nxt], 1)
            finished |= nxt.squeeze(-1) == eos
            if finished.all():
                break
        return idx

    def generate2(self, idx, eos=2):
        finished = torch.zeros(idx.shape[0], dtype=torch.bool)
        past = None
        nxt = idx
        out = [idx]
        while not finished.all():
            logits, past = self(nxt, past)
            nxt = logits[:, -1].argmax(-1, keepdim=True)
            out.append(nxt)
            finished = finished | (nxt.squeeze(-1) == eos)
        return torch.cat(out, 1)

    def generate3(self, idx, eos=2):
        past, nxt = None, idx
        while True:
            logits, past = self(nxt, past)
            nxt = logits[:, -1].argmax(-1, keepdim=True)
            idx = torch.cat([idx, nxt], 1)
            if nxt[0, 0].item() == eos:
                return idx
