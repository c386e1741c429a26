"""Quantities that papers state and code configures: how sentences name them, and the names they bear in code.

The names in code are those that many repositories share; a value under any other name is not compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER = (
    r"(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s*(?:[×x·*]|\\times)\s*10\s*\^?\s*[-−–]?\s*\d+|[eE][-+−]?\d+)?[KkM]?"
)
POWER = r"10\s*\^?\s*[-−–]\s*\d+"


@dataclass(frozen=True)
class Quantity:
    """One quantity: `words` is a pattern of its printed names, `names` its names in code, in lower case."""

    id: str
    words: str
    names: tuple[str, ...]
    symbol: str = ""
    """Pattern of its symbol, which needs an equals sign behind it."""
    counted: str = ""
    """Pattern of the noun that a number may stand before: `12 layers`."""


QUANTITIES = (
    Quantity("layers",
             r"(?:number of|num\.?|#)\s*(?:transformer\s+|decoder\s+|encoder\s+)?(?:layers|blocks)|layers|depth|"
             r"n_?layers?",
             ("n_layer", "n_layers", "num_layers", "num_hidden_layers", "depth", "layers", "n_blocks", "num_blocks"),
             r"n_?\s?layers?|N_?\s?layers?|L|N",
             r"(?:(?:transformer |decoder |encoder |identical )?(?:layers|blocks)\b|(?<=-)layer (?=[A-Za-z]))"),
    Quantity("heads",
             r"(?:number of|num\.?|#)\s*(?:attention\s+)?heads|(?:attention\s+)?heads|n_?heads?|q_heads?|query heads",
             ("n_head", "n_heads", "num_heads", "num_attention_heads", "heads", "nhead"), r"n_?\s?heads?|h|H",
             r"(?:attention |parallel attention )?heads\b"),
    Quantity("kv_heads", r"(?:number of\s+)?(?:kv|key[-/ ]?value)[-_ ]?heads?",
             ("num_key_value_heads", "n_kv_heads", "n_kv_head", "num_kv_heads", "kv_heads"), "",
             r"(?:kv|key[-/ ]value)[- ]heads\b"),
    Quantity("experts", r"(?:number of\s+)(?:routed\s+)?experts|num_experts|n_experts",
             ("num_experts", "n_experts", "num_local_experts", "n_routed_experts"), "", r"(?:routed )?experts\b"),
    Quantity("rotary_base", r"ro(?:pe|tary)[-_ ](?:theta|base(?:\s+frequency)?)",
             ("rope_theta", "rope_base", "rotary_base", "rotary_emb_base"), ""),
    Quantity("width",
             r"hidden\s+(?:size|dim(?:ension)?)|model\s+(?:dim(?:ension)?|width)|"
             r"embedding\s+(?:size|dim(?:ension)?)|d_?\s?model|width",
             ("n_embd", "d_model", "hidden_size", "embed_dim", "dim", "hidden_dim", "width", "embedding_dim",
              "emb_dim"),
             r"d_?\s?model|D|n_?\s?embd",
             r"(?:feature channels|hidden units|embedding (?:size|dim(?:ension)?s?)|"
             r"dimensional (?:states|embeddings?))\b"),
    Quantity("feed_forward",
             r"(?:mlp|ffn|feed[- ]?forward|intermediate|inner[- ]layer)\s+(?:size|dim(?:ension)?|width)|"
             r"d_?\s?ff",
             ("intermediate_size", "d_ff", "mlp_dim", "ffn_dim", "dim_feedforward", "ffn_hidden", "n_inner", "ff_dim"),
             r"d_?\s?ff"),
    Quantity("context",
             r"(?:context|sequence|block)\s+(?:length|size|window)|max(?:imum)?\.?\s+(?:sequence\s+)?length|n_?ctx|"
             r"max_?pos(?:itions?)?|ctx(?:_len(?:gth)?)?",
             ("block_size", "n_ctx", "max_seq_len", "max_position_embeddings", "seq_len", "context_length",
              "max_seq_length", "sequence_length", "n_positions", "max_length"), r"n_?\s?ctx|T"),
    Quantity("vocabulary", r"vocab(?:ulary)?\s*(?:size)?|len_vocab|vocab_len",
             ("vocab_size", "n_vocab", "num_tokens", "vocabulary_size"), r"\|?V\|?"),
    Quantity("patch", r"patch\s+size", ("patch_size",), r"[pP]"),
    Quantity("image", r"(?:image|input)\s+(?:size|resolution)", ("image_size", "img_size", "resolution", "input_size")),
    Quantity("batch", r"(?:mini[- ]?|global\s+|total\s+)?batch\s*-?\s*size|batches",
             ("batch_size", "train_batch_size", "global_batch_size", "per_device_train_batch_size", "batch"), r"B"),
    Quantity("learning_rate", r"(?:base\s+|peak\s+|max(?:imum)?\.?\s+|initial\s+)?learning\s*-?\s*rate|\blr\b",
             ("learning_rate", "lr", "max_lr", "base_lr", "peak_lr"), r"η|α|lr"),
    Quantity("weight_decay", r"weight\s*-?\s*decay", ("weight_decay", "wd"), r"λ"),
    Quantity("dropout", r"(?:residual\s+|attention\s+|embedding\s+)?dropout\s*(?:rate|probability|ratio)?|p_?\s?drop",
             ("dropout", "dropout_rate", "p_drop", "drop_rate", "resid_pdrop", "attn_pdrop", "embd_pdrop", "dropout_p"),
             r"P_?\s?drop"),
    Quantity("beta1", r"beta_?\s?1|adam\s+β\s?1", ("beta1", "adam_beta1"), r"β_?\s?1|beta_?\s?1"),
    Quantity("beta2", r"beta_?\s?2|adam\s+β\s?2", ("beta2", "adam_beta2"), r"β_?\s?2|beta_?\s?2"),
    Quantity("momentum", r"momentum", ("momentum",)),
    Quantity("warmup", r"(?:linear\s+)?warm-?\s?up\s*(?:steps|iterations|iters|epochs)?",
             ("warmup_steps", "warmup_iters", "warmup", "warmup_epochs", "num_warmup_steps", "lr_warmup_steps"), "",
             r"warm-?\s?up (?:steps|iterations)\b"),
    Quantity("epochs", r"(?:number of\s+)?(?:training\s+)?epochs",
             ("epochs", "num_epochs", "max_epochs", "num_train_epochs", "n_epochs"),
             "", r"epochs\b"),
    Quantity("steps", r"(?:training|total|max\.?|number of)\s+(?:steps|iterations|updates)",
             ("max_iters", "max_steps", "total_steps", "train_steps", "num_steps", "iterations", "num_train_steps"), "",
             r"(?:training |gradient )?(?:steps|iterations|updates)\b"),
    Quantity("clipping", r"grad(?:ient)?\s*(?:norm\s+)?clip(?:ping)?(?:\s+(?:norm|threshold|value))?",
             ("grad_clip", "clip_grad", "grad_norm_clip", "max_grad_norm", "gradient_clip_val", "clip",
              "clip_grad_norm")),
    Quantity("label_smoothing", r"label\s+smoothing", ("label_smoothing", "smoothing"), r"ϵ_?\s?ls|ε_?\s?ls"),
    Quantity("temperature", r"(?:softmax\s+)?temperature", ("temperature", "tau", "temp"), r"τ"),
    Quantity("parameters", r"(?:number of\s+|#\s*)?(?:model\s+)?param(?:eter)?s(?:\s*count)?|model\s+size", (), "",
             r"(?:trainable |model )?param(?:eter)?s\b"),
)  # fmt: skip
BY_ID = {quantity.id: quantity for quantity in QUANTITIES}
NAMED = {name: quantity.id for quantity in QUANTITIES for name in quantity.names}


def quantity_named(text: str) -> str | None:
    """The quantity that a cell or a label names as a whole."""
    plain = " ".join(re.sub(r"\([^)]*\)", " ", text).replace("_", " _ ").split()).replace(" _ ", "_").strip(" :.*†‡")
    for quantity in QUANTITIES:
        if re.fullmatch(quantity.words, plain, re.IGNORECASE):
            return quantity.id
        if quantity.symbol and re.fullmatch(quantity.symbol, plain) and len(plain) > 1:
            return quantity.id
    return NAMED.get(plain.lower())


def number_of(text: str) -> float | None:
    """The number that a printed text is: `6e-4`, `6 × 10−4`, `1,024`, `124M`, `10−3`."""
    plain = text.strip().replace("−", "-").replace("–", "-").replace(",", "").replace("\\times", "×")
    scale = {"K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9}.get(plain[-1:], 1.0)
    plain = plain[:-1] if scale != 1.0 else plain
    power = re.fullmatch(r"(?:([\d.]+)\s*[×x·*]\s*)?10\s*\^?\s*(-?)\s*(\d+)", plain)
    if power is not None and (power.group(1) or power.group(2)):
        return float(f"{power.group(1) or 1}e{power.group(2)}{power.group(3)}")
    try:
        return float(plain) * scale
    except ValueError:
        return None
