"""Random numbers of NumPy: constants where the code seeds them, unknown where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.evaluator import CannotEvaluate


@pytest.mark.parametrize(
    "expression",
    [
        "np.random.default_rng(7).choice([-1, 1, 1], 5).tolist()",
        "np.random.default_rng(seed=3).integers(0, 9, 4).tolist()",
        "np.random.RandomState(1).permutation(6).tolist()",
        "np.random.RandomState(1).rand(3).tolist()",
    ],
)
def test_a_seeded_generator_gives_its_numbers(expression: str, repository) -> None:  # type: ignore[no-untyped-def]
    assert repository("import numpy as np\n").evaluate("model.py", expression) == eval(expression, {"np": np})


def test_what_an_unseeded_one_is_written_to_is_unknown(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
import numpy as np
class Wiring:
    def __init__(self, seed=None):
        self.matrix = np.zeros((2, 2))
        self.matrix[np.random.default_rng(seed).choice([0, 1]), 0] = 1
"""
    interpreter = repository(text)
    assert interpreter.evaluate("model.py", "Wiring(5).matrix.sum()") == 1
    with pytest.raises(CannotEvaluate, match="random_value"):
        interpreter.evaluate("model.py", "Wiring().matrix.sum()")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("version.parse('2.13.0+cpu') >= version.parse('2.0.0')", True),
        ("version.parse('2.0') == version.parse('2.0.0')", True),
        ("version.parse('2.0.0rc1') < version.parse('2.0.0')", True),
        ("version.parse('1.9.1') > version.parse('1.13')", False),
        ("version.parse(torch.__version__).major >= 2", True),
    ],
)
def test_versions_compare_by_their_numbers(expression: str, value: bool, repository) -> None:  # type: ignore[no-untyped-def]
    import torch
    from packaging import version as real  # the same comparison by the package itself

    interpreter = repository("import torch\nfrom packaging import version\n")
    assert interpreter.evaluate("model.py", expression) is value
    assert eval(expression, {"version": real, "torch": torch}) is value


def test_backends_of_attention_have_names(repository) -> None:  # type: ignore[no-untyped-def]
    text = "from torch.nn.attention import SDPBackend\nkinds = [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]\n"
    assert repository(text).evaluate("model.py", "len(kinds), kinds[0] == SDPBackend.MATH") == (2, True)
