"""Unknown values of which it is certain that they are no part of a model: neither a module nor a parameter.

A number, a text, a truth; what an operator of torch gives, which is never a parameter; whatever comes from a library
that knows no modules. Only such values may be missing from a model whose parameters are counted.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import torch

from analyzer.evaluator.errors import Cause
from analyzer.evaluator.values import PartlessUnknown, UnknownValue

LIBRARIES_TEXT = """
math cmath time datetime calendar os posixpath pathlib platform re string textwrap json logging warnings hashlib uuid
socket getpass subprocess shutil tempfile glob fnmatch struct base64 zlib gzip csv configparser traceback statistics
fractions decimal numbers secrets resource signal locale unicodedata inspect
numpy scipy pandas PIL cv2 matplotlib sklearn skimage librosa soundfile nltk sentencepiece tokenizers tiktoken psutil
h5py yaml wandb termcolor colorama requests shapely pycocotools rdkit ase networkx jieba g2p_en pyworld num2words
inflect unidecode phonemizer regex ftfy sacremoses sacrebleu nibabel SimpleITK trimesh open3d imageio decord lmdb
msgpack pyarrow
torch.optim torch.amp torch.utils.data torch.utils.tensorboard torch.func torch.vmap torch.cuda torch.backends
torch.profiler torch.linalg torch.fft torch.special torch.Generator torchvision.transforms torchvision.datasets
torchvision.io torchvision.utils
"""
LIBRARIES = frozenset(LIBRARIES_TEXT.split())
"""Libraries and parts of torch whose functions and objects give no module and no parameter that they were not given."""
MODULES_WITHIN = re.compile(r"^torch\.optim\.swa_utils\b")
"""A part of such a library that has modules after all."""
NOT_MODELS = re.compile(
    r"^transformers(?:_not_modelled)?\.(?:\w+\.)*\w*(?:Tokenizer|TokenizerFast|Processor|FeatureExtractor)$"
)
"""Classes of transformers that prepare data."""
GIVES_TENSORS_TEXT = """
tensor zeros ones full empty arange linspace logspace eye rand randn randint randperm from_numpy cat concat stack einsum
matmul mm bmm exp log sqrt rsqrt sin cos tan tanh sigmoid atan2 pow cumsum cumprod sum mean std var argmax argmin outer
tril triu where allclose equal numel is_tensor hann_window hamming_window kaiser_window blackman_window bincount clamp
abs floor ceil sign polar zeros_like ones_like full_like rand_like randn_like empty_like topk sort argsort unique
nonzero histc flip roll diff cross dot norm log2 log10 log1p erf logical_and logical_or logical_not eq ne lt le gt ge
add sub mul div diag
"""
GIVES_TENSORS = frozenset(id(getattr(torch, name)) for name in GIVES_TENSORS_TEXT.split())
SCALARS = (int, float, bool, str, complex, len, isinstance)
SCALAR_NAMES = ("int", "float", "bool", "str", "complex", "len", "isinstance", "issubclass", "hasattr", "callable")
NUMERIC = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
"""Operators that no container of modules has."""


def unknown_of(cause: Cause) -> UnknownValue:
    """The unknown value of that cause; a name that a library has and the evaluator has not may be known as partless."""
    named = cause.arguments[0] if cause.arguments else ""
    is_library = cause.reason in ("not_in_library", "package_not_available", "not_modelled")
    return PartlessUnknown(cause) if is_library and knows_no_parts(named) else UnknownValue(cause)


def knows_no_parts(name: str) -> bool:
    """Whether a dotted name lies in a library without modules."""
    parts = name.split(".")
    of_library = any(".".join(parts[:count]) in LIBRARIES for count in (1, 2, 3)) and not MODULES_WITHIN.match(name)
    return of_library or NOT_MODELS.match(name) is not None


def gives_no_part(function: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a real function gives a number or a new tensor, whatever it is given."""
    if "out" in kwargs:
        return False
    scalar = any(function is known for known in SCALARS)
    module = getattr(function, "__module__", None)
    numeric = isinstance(module, str) and (module == "math" or module.partition(".")[0] == "numpy")
    return scalar or numeric or id(function) in GIVES_TENSORS


def is_partless_text(node: ast.expr) -> bool:
    """Whether an expression is a truth, a number or a text by its form; builtins are taken by their names."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or is_partless_text(node.operand)
    if isinstance(node, ast.BinOp):
        plain = is_partless_text(node.left) and is_partless_text(node.right)
        return plain or isinstance(node.op, NUMERIC)
    if isinstance(node, (ast.BoolOp, ast.IfExp)):
        values = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        return all(map(is_partless_text, values))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in SCALAR_NAMES
    return isinstance(node, (ast.Compare, ast.Constant, ast.JoinedStr))
