"""The network, in build order: norm, position, attention, feed-forward, block, GPT. The margin shows shapes.

    B  batch: sequences side by side        C  d_model: width of the residual stream
    T  tokens read in this call             H  query heads            G  key/value heads (G divides H)
    S  positions attended to: the T         D  head_dim = C / H       F  d_ff: width inside the feed-forward
       of this call and the cached ones     V  vocab_size           E  n_experts

It maps token ids to logits and knows nothing of text, data, optimizers or sampling.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reference_model.config import ModelConfig

# ---- normalisation


class RMSNorm(nn.Module):
    """x / rms(x) * weight: LayerNorm without its mean and bias (Zhang & Sennrich, 2019)."""

    def __init__(self, d_model: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Tensor) -> Tensor:  # -> x [B, T, d_model]
        mean_square = x.float().pow(2).mean(dim=-1, keepdim=True)  # (B, T, 1); float32 also under mixed precision  # -> mean_square [B, T, 1]
        normed = x.float() * torch.rsqrt(mean_square + self.eps)  # -> normed [B, T, d_model]
        return normed.type_as(x) * self.weight  # -> return [B, T, d_model]


def build_norm(config: ModelConfig) -> nn.Module:
    if config.norm == "rms_norm":
        return RMSNorm(config.d_model, config.norm_eps)
    return nn.LayerNorm(config.d_model, config.norm_eps, bias=config.bias)


# ---- position


class SinusoidalEmbedding(nn.Module):
    """One wave per feature pair, from wavelength 2 pi to 10,000 * 2 pi (Vaswani et al., 2017, section 3.5)."""

    table: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        frequencies = 10_000.0 ** -(torch.arange(0, config.d_model, 2).float() / config.d_model)  # (C/2,)
        angles = torch.outer(torch.arange(config.context_length).float(), frequencies)  # (context_length, C/2)
        table = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)  # (context_length, C), sin and cos in turn
        self.register_buffer("table", table, persistent=False)

    def forward(self, positions: Tensor) -> Tensor:
        return self.table[positions]  # (T, C)


class RotaryEmbedding(nn.Module):
    """Angles by which queries and keys are turned, so that q·k depends on their distance only (Su et al., 2021).

    Feature i is paired with feature i + D/2, the order of GPT-NeoX and Llama; the paper pairs neighbours, which
    is the same up to a fixed permutation of the features.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        exponents = torch.arange(0, config.head_dim, 2).float() / config.head_dim  # (D/2,)
        frequencies = config.rope_base**-exponents  # (D/2,), from 1 down to about 1 / rope_base
        angles = torch.outer(torch.arange(config.context_length).float(), frequencies)  # (context_length, D/2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:  # -> positions [T]
        """For positions (T,) that all sequences share, or (B, T) of their own; the same for every head."""
        return self.cos[positions].unsqueeze(-3), self.sin[positions].unsqueeze(-3)  # (1, T, D/2) or (B, 1, T, D/2)  # -> return [1, T, 16], [1, T, 16]


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # -> x [B, n_heads, T, d_model//n_heads]; cos [1, T, 16]; sin [1, T, 16] …
    """Turn each feature pair of `x` (B, H, T, D) by the angle of its position."""
    first, second = x.chunk(2, dim=-1)  # (B, H, T, D/2) each  # -> first [B, n_heads, T, 16]; second [B, n_heads, T, 16] …
    turned = torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)  # (B, H, T, D)  # -> turned [B, n_heads, T, d_model//n_heads] …
    return turned.type_as(x)  # -> return [B, n_heads, T, d_model//n_heads] …


# ---- attention


class LayerCache:
    """Keys and values that one layer computed for earlier tokens, so that a new token costs one row, not T."""

    def __init__(self, config: ModelConfig, batch_size: int, like: Tensor) -> None:
        shape = (batch_size, config.n_kv_heads, config.context_length, config.head_dim)
        self.keys = torch.zeros(shape, dtype=like.dtype, device=like.device)  # (B, G, context_length, D)
        self.values = torch.zeros(shape, dtype=like.dtype, device=like.device)  # (B, G, context_length, D)
        self.length = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the rows of T new tokens and return those of all S tokens so far."""
        end = self.length + k.size(2)
        self.keys[:, :, self.length : end] = k
        self.values[:, :, self.length : end] = v
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]  # (B, G, S, D) each


class Attention(nn.Module):
    """Causal self-attention (Vaswani et al., 2017), H query heads sharing G key/value heads.

    G = H is multi-head attention, G = 1 multi-query (Shazeer, 2019), anything between them grouped-query attention
    (Ainslie et al., 2023), whose cache is H / G times smaller.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads = config.n_heads
        self.n_kv_heads = config.n_kv_heads
        self.head_dim = config.head_dim
        self.dropout = config.dropout
        self.kernel = config.attention
        self.query = nn.Linear(config.d_model, config.n_heads * config.head_dim, bias=config.bias)
        self.key = nn.Linear(config.d_model, config.n_kv_heads * config.head_dim, bias=config.bias)
        self.value = nn.Linear(config.d_model, config.n_kv_heads * config.head_dim, bias=config.bias)
        self.output = nn.Linear(config.n_heads * config.head_dim, config.d_model, bias=config.bias)

    def forward(
        self,
        x: Tensor,
        rotation: tuple[Tensor, Tensor] | None = None,
        cache: LayerCache | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:  # -> x [B, T, d_model]; rotation [1, T, 16], [1, T, 16]
        B, T, C = x.shape
        H, G, D = self.n_heads, self.n_kv_heads, self.head_dim
        q = self.query(x).view(B, T, H, D).transpose(1, 2)  # (B, H, T, D)  # -> q [B, n_heads, T, d_model//n_heads]
        k = self.key(x).view(B, T, G, D).transpose(1, 2)  # (B, G, T, D)  # -> k [B, n_kv_heads, T, d_model//n_heads]
        v = self.value(x).view(B, T, G, D).transpose(1, 2)  # (B, G, T, D)  # -> v [B, n_kv_heads, T, d_model//n_heads]
        if rotation is not None:
            cos, sin = rotation  # -> cos [1, T, 16]; sin [1, T, 16]
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)  # -> q [B, n_heads, T, d_model//n_heads]; k [B, n_kv_heads, T, d_model//n_heads]
        if cache is not None:
            k, v = cache.append(k, v)  # (B, G, S, D) each
        k = k.repeat_interleave(H // G, dim=1)  # (B, H, S, D): the query heads of a group share its rows  # -> k [B, n_heads, T, d_model//n_heads]
        v = v.repeat_interleave(H // G, dim=1)  # (B, H, S, D)  # -> v [B, n_heads, T, d_model//n_heads]
        y = self.attend(q, k, v, mask)  # (B, H, T, D)  # -> y [B, n_heads, T, d_model//n_heads]
        y = y.transpose(1, 2).reshape(B, T, C)  # (B, T, C), the heads side by side: H * D = C  # -> y [B, T, d_model]
        out: Tensor = self.output(y)  # (B, T, C)  # -> out [B, T, d_model]
        return out  # -> return [B, T, d_model]

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:  # -> q [B, n_heads, T, d_model//n_heads]; k [B, n_heads, T, d_model//n_heads]; v [B, n_heads, T, d_model//n_heads]
        dropout = self.dropout if self.training else 0.0
        if self.kernel == "explicit":
            return explicit_attention(q, k, v, dropout, mask)
        if mask is None and q.size(2) == k.size(2):
            return F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)  # -> return [B, n_heads, T, d_model//n_heads]
        if mask is None:
            # SDPA's is_causal aligns the triangle at the top left, which is wrong when earlier tokens are cached.
            mask = causal_mask(q.size(2), k.size(2), q.device)  # (T, S)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)


def causal_mask(new: int, total: int, device: torch.device) -> Tensor:
    """True where a query may look: its own position and all before it; the last `new` of `total` are queries."""
    return torch.ones(new, total, dtype=torch.bool, device=device).tril(diagonal=total - new)  # (T, S)


def padded_mask(padding: Tensor, new: int, total: int) -> Tensor:
    """The causal mask without the first `padding` (B,) keys of each sequence, which only fill the batch up.

    A padded position sees itself: a row with nothing to see would make softmax, and then its neighbours, NaN.
    """
    keys = torch.arange(total, device=padding.device)  # (S,)
    queries = keys[total - new :, None]  # (T, 1)
    real = (keys >= padding[:, None, None]) | (keys == queries)  # (B, T, S)
    return (causal_mask(new, total, padding.device) & real)[:, None]  # (B, 1, T, S): the same for every head


def document_mask(documents: Tensor) -> Tensor:
    """The causal mask within each document: of a row that holds several, none sees another."""
    T = documents.size(1)
    same = documents[:, :, None] == documents[:, None, :]  # (B, T, T)
    return (causal_mask(T, T, documents.device) & same)[:, None]  # (B, 1, T, T): the same for every head


def document_positions(documents: Tensor) -> Tensor:
    """Positions that begin anew with each document, as if it were alone."""
    places = torch.arange(documents.size(1), device=documents.device)  # (T,)
    begins = F.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=True)  # (B, T)
    return places - torch.where(begins, places, 0).cummax(dim=1).values  # (B, T)


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QK^T / sqrt(D)): how much each query takes from each position that it may see."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))  # (B, H, T, S)
    visible = mask if mask is not None else causal_mask(q.size(2), k.size(2), q.device)  # (T, S) or (B, 1, T, S)
    scores = scores.masked_fill(~visible, float("-inf"))
    return F.softmax(scores, dim=-1)  # (B, H, T, S), each row sums to 1


def explicit_attention(q: Tensor, k: Tensor, v: Tensor, dropout: float, mask: Tensor | None = None) -> Tensor:
    """What the fused kernel computes, with the (T, S) weights in memory."""
    weights = F.dropout(attention_weights(q, k, mask), dropout)  # (B, H, T, S)
    return weights @ v  # (B, H, T, D)


# ---- feed-forward


class FeedForward(nn.Module):
    """Two matrices around a non-linearity: ReLU (Vaswani et al., 2017) or GELU (Hendrycks & Gimpel, 2016)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.d_model, config.d_ff, bias=config.bias)
        self.activation = nn.ReLU() if config.activation == "relu" else nn.GELU()
        self.down = nn.Linear(config.d_ff, config.d_model, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.activation(self.up(x))  # (B, T, F)
        out: Tensor = self.down(hidden)  # (B, T, C)
        return out


class SwiGLU(nn.Module):
    """One projection gates the other: (SiLU(x gate) * x up) down (Shazeer, 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=config.bias)
        self.up = nn.Linear(config.d_model, config.d_ff, bias=config.bias)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:  # -> x [B, T, d_model]
        hidden = F.silu(self.gate(x)) * self.up(x)  # (B, T, F)  # -> hidden [B, T, d_ff]
        out: Tensor = self.down(hidden)  # (B, T, C)  # -> out [B, T, d_model]
        return out  # -> return [B, T, d_model]


def build_expert(config: ModelConfig) -> nn.Module:
    if config.activation == "swiglu":
        return SwiGLU(config)
    return FeedForward(config)


class MixtureOfExperts(nn.Module):
    """Each token passes through the K of E feed-forward layers that its router scores highest (Shazeer et al., 2017).

    The K scores are a softmax of their own, as in Mixtral (Jiang et al., 2024). Parameters grow with E, the work per
    token with K. `balance_loss` is E * sum of (share of choices) * (mean probability) over the experts: 1 where all
    are used alike, more where few are (Fedus et al., 2022, section 2.2).
    """

    balance_loss: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.experts_per_token = config.experts_per_token
        self.router = nn.Linear(config.d_model, config.n_experts, bias=False)
        self.experts = nn.ModuleList([build_expert(config) for _ in range(config.n_experts)])

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        tokens = x.reshape(B * T, C)  # (B*T, C): each token is routed by itself
        scores = self.router(tokens)  # (B*T, E)
        best, chosen = scores.topk(self.experts_per_token, dim=-1)  # (B*T, K) each
        weights = F.softmax(best, dim=-1)  # (B*T, K), each row sums to 1
        out = torch.zeros_like(tokens)  # (B*T, C)
        for index, expert in enumerate(self.experts):
            rows, slots = (chosen == index).nonzero(as_tuple=True)  # (N,) each: the N tokens that chose this expert
            share = weights[rows, slots, None] * expert(tokens[rows])  # (N, C)
            out = out.index_add(0, rows, share.type_as(out))  # (B*T, C)
        used = F.one_hot(chosen, len(self.experts)).float().mean(dim=(0, 1))  # (E,), sums to 1
        self.balance_loss = len(self.experts) * (used * F.softmax(scores.float(), dim=-1).mean(dim=0)).sum()
        return out.view(B, T, C)  # (B, T, C)


def build_feed_forward(config: ModelConfig) -> nn.Module:
    if config.n_experts > 1:
        return MixtureOfExperts(config)
    return build_expert(config)


# ---- block


class Block(nn.Module):
    """Attention, then feed-forward, each normalised before and added after (pre-norm: Xiong et al., 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = build_norm(config)
        self.attention = Attention(config)
        self.feed_forward_norm = build_norm(config)
        self.feed_forward = build_feed_forward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        rotation: tuple[Tensor, Tensor] | None = None,
        cache: LayerCache | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:  # -> x [B, T, d_model]; rotation [1, T, 16], [1, T, 16]
        x = x + self.dropout(self.attention(self.attention_norm(x), rotation, cache, mask))  # (B, T, C)  # -> x [B, T, d_model]
        x = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))  # (B, T, C)  # -> x [B, T, d_model]
        return x  # -> return [B, T, d_model]


# ---- the whole


class GPT(nn.Module):
    """A decoder-only Transformer that predicts the next token (Radford et al., 2018 and 2019)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        if config.position == "learned":
            self.position_embedding = nn.Embedding(config.context_length, config.d_model)
        elif config.position == "sinusoidal":
            self.sinusoidal_embedding = SinusoidalEmbedding(config)
        else:
            self.rotary_embedding = RotaryEmbedding(config)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.n_layers)])
        self.final_norm = build_norm(config)
        self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.tie_weights:
            self.head.weight = self.token_embedding.weight
        self.initialize_weights()

    def forward(
        self,
        tokens: Tensor,
        targets: Tensor | None = None,
        cache: list[LayerCache] | None = None,
        padding: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:  # -> tokens [B, T]; targets [B, T]
        """Logits, and the loss where `targets` are given; without them, logits of the last position only.

        A target of -100 is not learned. `padding` (B,) counts the tokens at the left of each sequence that only fill
        the batch up: nothing looks at them, and positions count from the first real token. `documents` (B, T) numbers
        the documents that a row holds side by side: each is read as if it were alone.
        """
        B, T = tokens.shape
        start = cache[0].length if cache is not None else 0
        if start + T > self.config.context_length:
            raise ValueError(f"{start + T} tokens exceed the context length {self.config.context_length}")
        positions = torch.arange(start, start + T, device=tokens.device)  # (T,)  # -> positions [T]
        mask = None
        if padding is not None:
            positions = (positions - padding[:, None]).clamp(min=0)  # (B, T)
            mask = padded_mask(padding, T, start + T)  # (B, 1, T, S)
        if documents is not None:
            positions, mask = document_positions(documents), document_mask(documents)  # (B, T), (B, 1, T, T)
        x = self.token_embedding(tokens)  # (B, T, C)  # -> x [B, T, d_model]
        rotation = None
        if self.config.position == "learned":
            x = x + self.position_embedding(positions)  # (B, T, C)
        elif self.config.position == "sinusoidal":
            # Vaswani et al., section 3.4: without the factor, the waves would drown the embeddings.
            x = x * math.sqrt(self.config.d_model) + self.sinusoidal_embedding(positions)  # (B, T, C)
        else:
            rotation = self.rotary_embedding(positions)  # two of (1, T, D/2)  # -> rotation [1, T, 16], [1, T, 16]
        x = self.dropout(x)  # -> x [B, T, d_model]
        for layer, block in enumerate(self.blocks):
            x = block(x, rotation, cache[layer] if cache is not None else None, mask)  # (B, T, C)  # -> x [B, T, d_model]
        x = self.final_norm(x)  # -> x [B, T, d_model]
        if targets is None:
            return self.head(x[:, -1:]), None  # (B, 1, V): generation needs no other position
        logits = self.head(x)  # (B, T, V)  # -> logits [B, T, vocab_size]
        loss = F.cross_entropy(logits.reshape(B * T, -1), targets.reshape(B * T))  # (B*T, V) against (B*T,)  # -> loss []
        if self.config.n_experts > 1 and self.training:
            loss = loss + self.config.balance_weight * self.balance_loss()
        return logits, loss  # -> return [B, T, vocab_size], []

    def balance_loss(self) -> Tensor:
        """How unevenly the routers of all layers chose in the last forward pass."""
        routed = [module for module in self.modules() if isinstance(module, MixtureOfExperts)]
        return torch.stack([module.balance_loss for module in routed]).sum()

    def new_cache(self, batch_size: int) -> list[LayerCache]:
        """An empty key/value cache, one entry per layer."""
        return [LayerCache(self.config, batch_size, self.token_embedding.weight) for _ in self.blocks]

    def num_parameters(self) -> int:
        """Trainable numbers; a tied matrix counts once, because `parameters()` lists each tensor once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def initialize_weights(self) -> None:
        """Normal(0, 0.02) for matrices, zero biases (Radford et al., 2018); narrower before each residual addition.

        2 * n_layers additions of independent terms would multiply the variance of the stream; GPT-2 (Radford et
        al., 2019, section 2.3) scales the projections that write into it by 1 / sqrt of their number.
        """
        residual_std = self.config.init_std / math.sqrt(2 * self.config.n_layers)
        for name, parameter in self.named_parameters():
            if name.endswith(("attention.output.weight", "down.weight")):
                nn.init.normal_(parameter, mean=0.0, std=residual_std)
            elif parameter.dim() >= 2:
                nn.init.normal_(parameter, mean=0.0, std=self.config.init_std)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
