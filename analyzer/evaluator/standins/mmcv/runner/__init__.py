"""Bases of modules by their older names."""
from mmengine.model import BaseModule, ModuleList, Sequential


def force_fp32(apply_to=None, out_fp16=False):
    return lambda function: function


def auto_fp16(apply_to=None, out_fp32=False):
    return lambda function: function
