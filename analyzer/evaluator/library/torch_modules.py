# ruff: noqa: E501 - one row, one line
"""Classes of `torch.nn` with what may be touched on them, and `torch.nn.init`, `torch.nn.utils`."""

from torch import nn

CLASSES = """
Module Parameter Buffer UninitializedParameter Sequential ModuleList ModuleDict ParameterList ParameterDict Identity Linear Bilinear LazyLinear
Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d Fold Unfold
MaxPool1d MaxPool2d MaxPool3d MaxUnpool2d AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d FractionalMaxPool2d
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d
ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d CircularPad1d CircularPad2d CircularPad3d
ELU Hardshrink Hardsigmoid Hardtanh Hardswish LeakyReLU LogSigmoid MultiheadAttention PReLU ReLU ReLU6 RReLU SELU CELU
GELU Sigmoid SiLU Mish Softplus Softshrink Softsign Tanh Tanhshrink Threshold GLU Softmin Softmax Softmax2d LogSoftmax
AdaptiveLogSoftmaxWithLoss BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm
LocalResponseNorm RMSNorm RNNBase RNN LSTM GRU RNNCell LSTMCell GRUCell Transformer TransformerEncoder TransformerDecoder
TransformerEncoderLayer TransformerDecoderLayer Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout
Embedding EmbeddingBag CosineSimilarity PairwiseDistance L1Loss MSELoss CrossEntropyLoss CTCLoss NLLLoss PoissonNLLLoss
GaussianNLLLoss KLDivLoss BCELoss BCEWithLogitsLoss MarginRankingLoss HingeEmbeddingLoss MultiLabelMarginLoss HuberLoss
SmoothL1Loss SoftMarginLoss MultiLabelSoftMarginLoss CosineEmbeddingLoss MultiMarginLoss TripletMarginLoss
TripletMarginWithDistanceLoss PixelShuffle PixelUnshuffle Upsample UpsamplingNearest2d UpsamplingBilinear2d ChannelShuffle
Flatten Unflatten DataParallel
"""
MODULE_METHODS = """
__init__ __call__ __setattr__ __getattr__ __delattr__ __dir__ __repr__ add_module apply bfloat16 buffers children cpu cuda
dump_patches double eval extra_repr float forward get_buffer get_parameter get_submodule half load_state_dict modules
named_buffers named_children named_modules named_parameters parameters register_buffer register_forward_hook
register_forward_pre_hook register_full_backward_hook register_load_state_dict_post_hook register_module register_parameter
requires_grad_ set_submodule state_dict to to_empty train training type xpu zero_grad _get_name __setstate__ __class__
_modules _parameters _buffers _load_from_state_dict _register_load_state_dict_pre_hook _apply _version get_extra_state call_super_init
_non_persistent_buffers_set register_state_dict_pre_hook _register_state_dict_hook register_load_state_dict_pre_hook
"""
CONTAINER_METHODS = {
    "Sequential": "append extend insert pop __getitem__ __setitem__ __len__ __iter__ __add__",
    "ModuleList": "append extend insert pop __getitem__ __setitem__ __len__ __iter__ __add__ __iadd__ __dir__",
    "ModuleDict": "keys values items get update pop clear __getitem__ __setitem__ __len__ __iter__ __contains__",
    "ParameterList": "append extend pop __getitem__ __setitem__ __len__ __iter__",
    "ParameterDict": "keys values items get update pop clear setdefault __getitem__ __setitem__ __len__ __iter__ __contains__",
    "MultiheadAttention": "_reset_parameters merge_masks batch_first",
    "Transformer": "generate_square_subsequent_mask _reset_parameters",
    "RNNBase": "flatten_parameters all_weights check_input check_forward_args get_expected_hidden_size permute_hidden",
    "SyncBatchNorm": "convert_sync_batchnorm",
    "Embedding": "from_pretrained _fill_padding_idx_with_zero",
    "AdaptiveLogSoftmaxWithLoss": "log_prob predict",
    "Parameter": "data grad requires_grad __init__ __new__",
}
EVERY_CLASS = (
    "_conv_forward __init__ forward extra_repr reset_parameters reset_running_stats __constants__ __setstate__ __repr__"
)
INTERNAL = {
    "modules.batchnorm": "_BatchNorm _NormBase",
    "modules.conv": "_ConvNd _ConvTransposeNd",
    "modules.loss": "_Loss _WeightedLoss",
    "modules.dropout": "_DropoutNd",
    "modules.instancenorm": "_InstanceNorm",
    "modules.padding": "_CircularPadNd _ConstantPadNd _ReflectionPadNd _ReplicationPadNd",
    "modules.linear": "NonDynamicallyQuantizableLinear",
    "modules.pooling": "_MaxPoolNd _MaxUnpoolNd _AvgPoolNd _LPPoolNd _AdaptiveMaxPoolNd _AdaptiveAvgPoolNd",
}
INSIDE_TRANSFORMER = "_get_activation_fn _get_clones"
INTERNAL_METHODS = "_check_input_dim _conv_forward _reversed_padding_repeated_twice _output_padding"
ATTENTION_BACKENDS = "FLASH_ATTENTION EFFICIENT_ATTENTION CUDNN_ATTENTION MATH OVERRIDEABLE"
INIT = """
uniform_ normal_ trunc_normal_ constant_ ones_ zeros_ eye_ dirac_ xavier_uniform_ xavier_normal_ kaiming_uniform_
kaiming_normal_ orthogonal_ sparse_ calculate_gain _calculate_fan_in_and_fan_out _calculate_correct_fan xavier_uniform
xavier_normal kaiming_uniform kaiming_normal normal uniform constant _no_grad_trunc_normal_ _no_grad_normal_ _no_grad_uniform_
"""


def _other_places(name: str) -> list[str]:
    """Where code also imports a class from: the file that defines it, and `torch.nn.modules`."""
    home = getattr(nn, name).__module__
    return [f"{home}.{name}", *([f"torch.nn.modules.{name}"] if hasattr(nn.modules, name) else [])]


def _rows() -> list[str]:
    rows = [f"torch.nn.{name}" for name in CLASSES.split()]
    rows += [f"torch.nn.Module.{name}" for name in MODULE_METHODS.split()]
    for name in CLASSES.split():
        rows += [
            f"torch.nn.{name}.{method}" for method in (EVERY_CLASS + " " + CONTAINER_METHODS.get(name, "")).split()
        ]
    for module, classes in INTERNAL.items():
        for name in classes.split():
            rows.append(f"torch.nn.{module}.{name}")
            rows += [f"torch.nn.{module}.{name}.{method}" for method in f"{EVERY_CLASS} {INTERNAL_METHODS}".split()]
    rows += [place for name in CLASSES.split() for place in _other_places(name)]
    rows += [f"torch.nn.modules.transformer.{name}" for name in INSIDE_TRANSFORMER.split()]
    rows += [f"torch.nn.RNNBase.{method}" for method in CONTAINER_METHODS["RNNBase"].split()]
    rows += [f"torch.nn.init.{name}" for name in INIT.split()]
    rows += [
        "torch.nn.parameter.Parameter",
        "torch.nn.utils.parametrizations.weight_norm",
        "torch.nn.utils.weight_norm",
    ]
    rows += [
        "torch.nn.utils.spectral_norm",
        "torch.nn.utils.parametrizations.spectral_norm",
        "torch.nn.utils.remove_weight_norm",
    ]
    rows += ["torch.nn.utils.rnn.pad_sequence", "torch.nn.utils.clip_grad_norm_", "torch.nn.modules.utils._pair"]
    rows += [f"torch.nn.attention.SDPBackend.{name}" for name in ATTENTION_BACKENDS.split()]
    rows += ["torch.nn.attention.SDPBackend", "torch.nn.attention.sdpa_kernel", "torch.nn.modules.utils._single"]
    rows += [
        "torch.nn.modules.utils._triple",
        "torch.nn.modules.utils._ntuple",
        "torch.nn.utils.rnn.pack_padded_sequence",
    ]
    rows += ["torch.nn.utils.rnn.pad_packed_sequence", "torch.nn.utils.parametrize.register_parametrization"]
    parts = (
        "data",
        "batch_sizes",
        "sorted_indices",
        "unsorted_indices",
        "is_cuda",
        "to",
        "cuda",
        "cpu",
        "__getitem__",
        "__len__",
    )
    rows += [f"torch.nn.utils.rnn.{kind}.{part}" for kind in ("PackedSequence", "PackedSequence_") for part in parts]
    rows += ["torch.nn.utils.rnn.PackedSequence", "torch.nn.utils.rnn.PackedSequence_"]
    rows += ["torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel"]
    rows += [
        "torch.jit.ScriptModule",
        "torch.jit.script_method",
        "torch.nn.parallel.distributed.DistributedDataParallel",
    ]
    return rows


ROWS = "\n".join(_rows())
