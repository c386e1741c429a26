"""What the model is made of and how it is trained, as two dataclasses and four presets of each.

`classic` is the dialect of GPT-2 (2019) with the ReLU of the original Transformer (2017); `tiny`, `small` and
`medium` speak the modern one (RoPE, RMSNorm, grouped-query attention, SwiGLU). Sinusoids and experts are there for
comparisons; no preset has them. It imports neither torch nor data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reference_model.errors import UserError

Position = Literal["learned", "sinusoidal", "rope"]
Norm = Literal["layer_norm", "rms_norm"]
Activation = Literal["relu", "gelu", "swiglu"]
AttentionKernel = Literal["sdpa", "explicit"]
Schedule = Literal["constant", "linear", "cosine", "restarts"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
SCHEDULES: tuple[Schedule, ...] = ("constant", "linear", "cosine", "restarts")
PRECISIONS: tuple[Precision, ...] = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class ModelConfig:
    """Every size and choice of the network; the defaults are the `tiny` preset."""

    vocab_size: int = 78  # the characters of assets/opticks.txt; training sets its tokenizer's own size
    context_length: int = 128  # the most tokens that attention may look at
    d_model: int = 128  # width of the residual stream
    n_layers: int = 4
    n_heads: int = 4
    n_kv_heads: int = 2  # n_heads: multi-head; 1: multi-query; between them: grouped-query attention
    d_ff: int = 352  # 8/3 of d_model, rounded up to 32: three matrices then cost what two of 4 * d_model do
    position: Position = "rope"
    norm: Norm = "rms_norm"
    activation: Activation = "swiglu"
    tie_weights: bool = True  # one matrix reads tokens in and writes logits out (Press & Wolf, 2017)
    bias: bool = False  # Linear and LayerNorm biases: GPT-2 has them, newer models leave them out
    dropout: float = 0.0  # `tiny` stops while its validation loss still falls; longer runs need some
    norm_eps: float = 1e-5
    rope_base: float = 10_000.0  # the longest wavelength is about 2 * pi * rope_base tokens
    init_std: float = 0.02  # Radford et al., 2018; see GPT.initialize_weights
    attention: AttentionKernel = "sdpa"  # "explicit" writes softmax(QK/sqrt(D))V out, for reading and comparing
    n_experts: int = 1  # above 1, a router sends each token to some of several feed-forward layers
    experts_per_token: int = 2
    balance_weight: float = 0.01  # of the loss that keeps the experts evenly used (Fedus et al., 2022)

    @property
    def head_dim(self) -> int:
        return self.d_model // self.n_heads

    def __post_init__(self) -> None:
        for name in (
            "vocab_size",
            "context_length",
            "d_model",
            "n_layers",
            "n_heads",
            "n_kv_heads",
            "d_ff",
            "n_experts",
        ):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.d_model % self.n_heads != 0:
            raise UserError(f"d_model {self.d_model} is not a multiple of n_heads {self.n_heads}")
        if self.n_heads % self.n_kv_heads != 0:
            raise UserError(f"n_heads {self.n_heads} is not a multiple of n_kv_heads {self.n_kv_heads}")
        if self.position == "rope" and self.head_dim % 2 != 0:
            raise UserError(f"RoPE turns pairs of features, but head_dim is {self.head_dim}")
        if self.position == "sinusoidal" and self.d_model % 2 != 0:
            raise UserError(f"each sinusoid fills two features, but d_model is {self.d_model}")
        if self.n_experts > 1 and not 1 <= self.experts_per_token <= self.n_experts:
            raise UserError(f"experts_per_token must lie between 1 and {self.n_experts}, not {self.experts_per_token}")


@dataclass(frozen=True)
class TrainingConfig:
    """How the weights are found; the defaults are the `tiny` preset: about a minute on two CPU cores."""

    steps: int = 400  # optimizer steps
    batch_size: int = 16  # sequences of context_length tokens per forward pass
    accumulation: int = 1  # forward passes per optimizer step
    learning_rate: float = 3e-3  # the peak, reached at the end of the warm-up; small models bear large ones
    min_learning_rate: float = 3e-4  # a tenth of the peak, where the cosine ends
    warmup_steps: int = 40
    schedule: Schedule = "cosine"  # what follows the warm-up
    restarts: int = 3  # cosines one after another, where the schedule is "restarts"
    weight_decay: float = 0.1  # on matrices only, see train.parameter_groups
    beta1: float = 0.9
    beta2: float = 0.95  # 0.999 remembers too long for noisy gradients of short runs
    clip_norm: float = 1.0  # of the gradient of all parameters together
    eval_interval: int = 100
    eval_batches: int = 8
    checkpoint_interval: int = 200
    validation_fraction: float = 0.1  # the end of the corpus
    isolate: bool = True  # packed conversations do not see each other; False as in GPT-3 (Brown et al., 2020, app. B)
    precision: Precision = "auto"  # bfloat16 products on a GPU that has them, else float32; weights stay float32
    compile: bool = False  # let torch.compile fuse the forward and backward pass: slow to start, then faster
    lora_rank: int = 0  # above 0, only a low-rank update of that rank is trained, see adapters.py
    seed: int = 1337

    def __post_init__(self) -> None:
        counts = ("steps", "batch_size", "accumulation", "eval_interval", "eval_batches", "checkpoint_interval")
        for name in (*counts, "restarts"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.schedule not in SCHEDULES:
            raise UserError(f"schedule must be one of {', '.join(SCHEDULES)}, not {self.schedule!r}")
        if self.precision not in PRECISIONS:
            raise UserError(f"precision must be one of {', '.join(PRECISIONS)}, not {self.precision!r}")


PRESETS: dict[str, ModelConfig] = {
    "classic": ModelConfig(
        context_length=256,
        d_model=256,
        n_layers=6,
        n_heads=8,
        n_kv_heads=8,
        d_ff=1024,  # 4 * d_model, as in the original Transformer
        position="learned",
        norm="layer_norm",
        activation="relu",
        bias=True,
        dropout=0.1,
    ),
    "tiny": ModelConfig(),
    "small": ModelConfig(
        context_length=512,
        d_model=512,
        n_layers=8,
        n_heads=8,
        n_kv_heads=2,
        d_ff=1376,
        dropout=0.1,
    ),
    "medium": ModelConfig(
        vocab_size=50_304,  # room for GPT-2's 50,257 byte pairs, rounded up to a multiple of 64
        context_length=1024,
        d_model=1024,
        n_layers=24,
        n_heads=16,
        n_kv_heads=4,
        d_ff=2752,
    ),
}

TRAINING_PRESETS: dict[str, TrainingConfig] = {
    "classic": TrainingConfig(
        steps=5_000,
        batch_size=64,
        learning_rate=1e-3,
        min_learning_rate=1e-4,
        warmup_steps=100,
        eval_interval=250,
        checkpoint_interval=500,
    ),
    "tiny": TrainingConfig(),
    "small": TrainingConfig(
        steps=10_000,
        batch_size=32,
        learning_rate=6e-4,
        min_learning_rate=6e-5,
        warmup_steps=200,
        eval_interval=500,
        checkpoint_interval=1_000,
    ),
    "medium": TrainingConfig(
        steps=100_000,
        batch_size=8,
        accumulation=16,  # 8 * 16 * 1024 = 131,072 tokens per optimizer step
        learning_rate=3e-4,
        min_learning_rate=3e-5,
        warmup_steps=2_000,
        eval_interval=1_000,
        eval_batches=32,
        checkpoint_interval=1_000,
    ),
}
