"""Which spellings mean the same operation: functions, tensor methods and module classes of torch and numpy.

A table, no logic. A row: head, names of its parameters (operands first; `-` for any number of operands), how many
of them are operands, then the spellings; an indented line goes on. Spelling `F.x` is `torch.nn.functional.x`,
`nn.X` a module class, `.x` a tensor method, `np.x` numpy's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """How an operation's arguments are named, in order; the first `operands` of them are its operands."""

    head: str
    parameters: tuple[str, ...]
    operands: int


_TABLE = """
softmax        | input dim                        | 1 | torch.softmax F.softmax .softmax nn.Softmax
    torch.special.softmax
log_softmax    | input dim                        | 1 | torch.log_softmax F.log_softmax .log_softmax nn.LogSoftmax
sigmoid        | input                            | 1 | torch.sigmoid F.sigmoid .sigmoid .sigmoid_ nn.Sigmoid
logsigmoid     | input                            | 1 | F.logsigmoid nn.LogSigmoid
tanh           | input                            | 1 | torch.tanh F.tanh .tanh nn.Tanh
relu           | input inplace                    | 1 | torch.relu F.relu .relu .relu_ nn.ReLU F.relu_ torch.relu_
relu6          | input inplace                    | 1 | F.relu6 nn.ReLU6
gelu           | input approximate                | 1 | F.gelu nn.GELU
silu           | input inplace                    | 1 | F.silu nn.SiLU
hardswish      | input inplace                    | 1 | F.hardswish nn.Hardswish
leaky_relu     | input negative_slope inplace     | 1 | F.leaky_relu nn.LeakyReLU
elu            | input alpha inplace              | 1 | F.elu nn.ELU
matmul         | input other                      | 2 | torch.matmul torch.bmm torch.mm .matmul .bmm .mm np.matmul
    .__matmul__
einsum         | -                                | 0 | torch.einsum np.einsum einops.einsum
transpose      | input dim0 dim1                  | 1 | torch.transpose .transpose torch.swapaxes .swapaxes
    torch.swapdims .swapdims
mT             | input                            | 1 | .t torch.t torch.adjoint
permute        | input                            | 1 | .permute torch.permute
mean           | input dim keepdim                | 1 | torch.mean .mean np.mean
sum            | input dim keepdim                | 1 | torch.sum .sum np.sum
var            | input dim unbiased keepdim       | 1 | torch.var .var np.var
std            | input dim unbiased keepdim       | 1 | torch.std .std np.std
sqrt           | input                            | 1 | torch.sqrt .sqrt math.sqrt np.sqrt
rsqrt          | input                            | 1 | torch.rsqrt .rsqrt
pow            | input exponent                   | 2 | torch.pow .pow math.pow np.power .pow_ torch.float_power
square         | input                            | 1 | torch.square .square np.square
reciprocal     | input                            | 1 | torch.reciprocal .reciprocal
exp            | input                            | 1 | torch.exp .exp math.exp np.exp
log            | input                            | 1 | torch.log .log math.log np.log
sin            | input                            | 1 | torch.sin .sin math.sin np.sin .sin_
cos            | input                            | 1 | torch.cos .cos math.cos np.cos .cos_
erf            | input                            | 1 | torch.erf .erf torch.special.erf math.erf
abs            | input                            | 1 | torch.abs .abs np.abs builtins.abs
neg            | input                            | 1 | torch.neg .neg
mul            | input other                      | 2 | torch.mul .mul .mul_ torch.multiply .multiply
div            | input other                      | 2 | torch.div .div .div_ torch.divide torch.true_divide
add            | input other alpha                | 2 | torch.add .add .add_
sub            | input other alpha                | 2 | torch.sub .sub .sub_ torch.subtract
lerp           | input end weight                 | 3 | torch.lerp .lerp .lerp_
clamp          | input min max                    | 1 | torch.clamp .clamp .clamp_ torch.clip .clip np.clip
minimum        | input other                      | 2 | torch.min torch.minimum .min .minimum
maximum        | input other                      | 2 | torch.max torch.maximum .max .maximum
outer          | input vec2                       | 2 | torch.outer torch.ger np.outer .outer
cat            | tensors dim                      | 1 | torch.cat torch.concat torch.concatenate np.concatenate
stack          | tensors dim                      | 1 | torch.stack np.stack
chunk          | input chunks dim                 | 1 | torch.chunk .chunk
split          | input split_size dim             | 1 | torch.split .split torch.tensor_split .tensor_split
unbind         | input dim                        | 1 | torch.unbind .unbind
masked_fill    | input mask value                 | 3 | torch.masked_fill .masked_fill .masked_fill_
where          | condition input other            | 3 | torch.where np.where
scatter        | input dim index src              | 1 | torch.scatter .scatter .scatter_
gather         | input dim index                  | 1 | torch.gather .gather
index_add      | input dim index source           | 1 | .index_add .index_add_ torch.index_add
tril           | input diagonal                   | 1 | torch.tril .tril .tril_ np.tril
triu           | input diagonal                   | 1 | torch.triu .triu .triu_ np.triu
arange         | -                                | 0 | torch.arange np.arange
linspace       | start end steps                  | 0 | torch.linspace np.linspace
topk           | input k dim                      | 1 | torch.topk .topk
multinomial    | input num_samples                | 1 | torch.multinomial .multinomial
argmax         | input dim keepdim                | 1 | torch.argmax .argmax np.argmax
argsort        | input dim descending             | 1 | torch.argsort .argsort np.argsort
sort           | input dim descending             | 1 | torch.sort .sort
cumsum         | input dim                        | 1 | torch.cumsum .cumsum np.cumsum
cumprod        | input dim                        | 1 | torch.cumprod .cumprod np.cumprod
dropout        | input p training inplace         | 1 | torch.dropout F.dropout nn.Dropout F.dropout2d nn.Dropout2d
    nn.Dropout1d F.alpha_dropout
layer_norm     | input normalized_shape weight bias eps | 1 | F.layer_norm torch.layer_norm nn.LayerNorm
rms_norm       | input normalized_shape weight eps | 1 | F.rms_norm torch.rms_norm nn.RMSNorm
batch_norm     | input running_mean running_var   | 1 | F.batch_norm nn.BatchNorm1d nn.BatchNorm2d nn.BatchNorm3d
    nn.SyncBatchNorm
group_norm     | input num_groups weight bias eps | 1 | F.group_norm nn.GroupNorm
instance_norm  | input                            | 1 | F.instance_norm nn.InstanceNorm1d nn.InstanceNorm2d
    nn.InstanceNorm3d
normalize      | input p dim eps                  | 1 | F.normalize
norm           | input p dim keepdim              | 1 | torch.norm .norm torch.linalg.norm torch.linalg.vector_norm
    np.linalg.norm
linear         | input weight bias                | 1 | F.linear nn.Linear
conv1d         | input weight bias stride padding dilation groups | 1 | F.conv1d nn.Conv1d
conv2d         | input weight bias stride padding dilation groups | 1 | F.conv2d nn.Conv2d
conv3d         | input weight bias stride padding dilation groups | 1 | F.conv3d nn.Conv3d
conv_transpose | input weight bias stride         | 1 | F.conv_transpose2d nn.ConvTranspose1d nn.ConvTranspose2d
    nn.ConvTranspose3d F.conv_transpose1d
interpolate    | input size scale_factor mode     | 1 | F.interpolate nn.Upsample F.upsample nn.UpsamplingBilinear2d
    nn.UpsamplingNearest2d
pool           | input kernel_size stride         | 1 | F.max_pool1d F.max_pool2d F.avg_pool2d F.avg_pool1d
    nn.MaxPool1d nn.MaxPool2d nn.AvgPool2d nn.AvgPool1d nn.MaxPool3d nn.AvgPool3d
global_pool    | input output_size                | 1 | F.adaptive_avg_pool2d F.adaptive_avg_pool1d
    nn.AdaptiveAvgPool2d nn.AdaptiveAvgPool1d F.adaptive_max_pool2d nn.AdaptiveMaxPool2d
embedding      | input weight                     | 1 | nn.Embedding
identity       | input                            | 1 | nn.Identity
cross_entropy  | input target weight ignore_index reduction label_smoothing | 2 | F.cross_entropy nn.CrossEntropyLoss
nll_loss       | input target                     | 2 | F.nll_loss nn.NLLLoss
mse_loss       | input target reduction           | 2 | F.mse_loss nn.MSELoss
l1_loss        | input target reduction           | 2 | F.l1_loss nn.L1Loss
smooth_l1_loss | input target reduction           | 2 | F.smooth_l1_loss nn.SmoothL1Loss F.huber_loss nn.HuberLoss
kl_div         | input target reduction log_target | 2 | F.kl_div nn.KLDivLoss
bce            | input target                     | 2 | F.binary_cross_entropy F.binary_cross_entropy_with_logits
    nn.BCELoss nn.BCEWithLogitsLoss
sdpa           | query key value attn_mask dropout_p is_causal scale enable_gqa | 3 | F.scaled_dot_product_attention
view           | input                            | 1 | .view .view_as
reshape        | input                            | 1 | .reshape torch.reshape .reshape_as
flatten        | input start_dim end_dim          | 1 | torch.flatten .flatten nn.Flatten
unflatten      | input dim sizes                  | 1 | .unflatten torch.unflatten nn.Unflatten
unsqueeze      | input dim                        | 1 | torch.unsqueeze .unsqueeze
squeeze        | input dim                        | 1 | torch.squeeze .squeeze
expand         | input                            | 1 | .expand .expand_as torch.broadcast_to .broadcast_to
repeat         | input                            | 1 | .repeat .tile torch.tile
repeat_interleave | input repeats dim             | 1 | torch.repeat_interleave .repeat_interleave
rearrange      | input pattern                    | 1 | einops.rearrange einops.layers.torch.Rearrange
einops_repeat  | input pattern                    | 1 | einops.repeat
einops_reduce  | input pattern reduction          | 1 | einops.reduce einops.layers.torch.Reduce
rand           | -                                | 0 | torch.rand torch.randn torch.rand_like torch.randn_like
full           | size fill_value                  | 0 | torch.full
full_like      | input fill_value                 | 0 | torch.full_like
ones           | -                                | 0 | torch.ones torch.ones_like
zeros          | -                                | 0 | torch.zeros torch.zeros_like torch.empty torch.empty_like
fill           | input value                      | 2 | .fill_
bernoulli      | input p                          | 1 | torch.bernoulli .bernoulli .bernoulli_
floor          | input                            | 1 | torch.floor .floor .floor_
polar          | abs angle                        | 2 | torch.polar
view_as_complex | input                           | 1 | torch.view_as_complex
view_as_real   | input                            | 1 | torch.view_as_real
complex        | real imag                        | 2 | torch.complex
detach         | input                            | 1 | .detach
size           | input dim                        | 1 | .size
len            | input                            | 1 | builtins.len .numel
backward       | input                            | 1 | .backward
item_value     | input                            | 1 | .item
roll           | input shifts dims                | 1 | torch.roll .roll
bincount       | input                            | 1 | torch.bincount .bincount
unique         | input                            | 1 | torch.unique .unique
"""

CASTS = frozenset({
    "to", "float", "half", "double", "bfloat16", "type", "type_as", "contiguous", "cuda", "cpu", "long", "int",
})  # fmt: skip


def _expand(spelling: str) -> str:
    for short, long in (("F.", "torch.nn.functional."), ("nn.", "torch.nn."), ("np.", "numpy.")):
        if spelling.startswith(short):
            return long + spelling[len(short) :]
    return spelling


def _rows() -> tuple[dict[str, Operation], dict[str, Operation], dict[str, Operation]]:
    functions: dict[str, Operation] = {}
    methods: dict[str, Operation] = {}
    modules: dict[str, Operation] = {}
    for line in _TABLE.strip().replace("\n    ", " ").splitlines():
        head, parameters, operands, spellings = (part.strip() for part in line.split("|"))
        operation = Operation(head, tuple(parameters.replace("-", "").split()), int(operands))
        for spelling in map(_expand, spellings.split()):
            last = spelling.rpartition(".")[2]
            if spelling.startswith("."):
                methods[spelling[1:]] = operation
            elif spelling.startswith(("torch.nn.", "einops.layers")) and last[0].isupper():
                modules[spelling] = operation
            else:
                functions[spelling] = operation
    return functions, methods, modules


FUNCTIONS, METHODS, MODULES = _rows()

CONSTRUCTORS: dict[str, tuple[str, ...]] = {
    f"torch.nn.{name}": tuple(parameters.split())
    for name, parameters in {
        "Linear": "in_features out_features bias",
        "Embedding": "num_embeddings embedding_dim padding_idx",
        "LayerNorm": "normalized_shape eps elementwise_affine bias",
        "RMSNorm": "normalized_shape eps elementwise_affine",
        "BatchNorm1d": "num_features eps momentum affine track_running_stats",
        "BatchNorm2d": "num_features eps momentum affine track_running_stats",
        "BatchNorm3d": "num_features eps momentum affine track_running_stats",
        "GroupNorm": "num_groups num_channels eps affine",
        "Dropout": "p inplace",
        "Dropout2d": "p inplace",
        "Softmax": "dim",
        "LogSoftmax": "dim",
        "Conv1d": "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode",
        "Conv2d": "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode",
        "Conv3d": "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode",
        "ConvTranspose2d": "in_channels out_channels kernel_size stride padding output_padding groups bias dilation",
        "MultiheadAttention": "embed_dim num_heads dropout bias add_bias_kv add_zero_attn kdim vdim batch_first",
        "GELU": "approximate",
        "Parameter": "data requires_grad",
        "CrossEntropyLoss": "weight size_average ignore_index reduce reduction label_smoothing",
        "MSELoss": "size_average reduce reduction",
    }.items()
}
