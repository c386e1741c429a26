"""Layers by the names under which they are imported."""
from .core import (
    Attention, AttentionPoolLatent, DropPath, GluMlp, GatedMlp, LayerNorm, LayerNorm2d, LayerScale, Mlp, ConvMlp,
    PatchEmbed, SwiGLU, RmsNorm, drop_path, make_divisible, to_1tuple, to_2tuple, to_3tuple, to_4tuple, to_ntuple,
    use_fused_attn, get_act_layer, get_norm_layer, SelectAdaptivePool2d, Swish, SqueezeExcite, ConvNormAct, Identity,
)
from .weight_init import trunc_normal_, trunc_normal_tf_, variance_scaling_, lecun_normal_, init_weight_vit
from timm_not_modelled import resample_abs_pos_embed, resample_patch_embed, RotaryEmbeddingCat, apply_rot_embed_cat, PatchDropout, BatchNormAct2d, create_conv2d, create_classifier, ClassifierHead, EvoNorm2dS0, StdConv2d
