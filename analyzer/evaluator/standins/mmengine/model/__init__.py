"""Bases of modules: what initialises weights leaves sizes and counts as they are."""
from .base_module import BaseModel, BaseModule, ModuleList, Sequential
from .weight_init import (
    bias_init_with_prob, caffe2_xavier_init, constant_init, kaiming_init, normal_init, trunc_normal_init, uniform_init,
    xavier_init,
)
