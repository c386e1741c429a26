"""`--build` expressions that the file cannot mean are refused before anything is evaluated."""

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.errors import UserError
from analyzer.shapes.build_expression import check_build

SOURCES = {
    "net.py": "from torch import nn\nfrom config import Config as C\n\nSIZE = 3\n\nclass Net(nn.Module): ...\n",
    "config.py": "class Config: ...\n",
    "star.py": "from torch.nn import *\n\nclass Net(Module): ...\n",
}
Write = Callable[[Mapping[str, str]], SourceIndex]


@pytest.mark.parametrize(
    "text",
    ["Net()", "Net(C(), SIZE)", "x = 3; Net(x)", "from a import B; Net(B())", "Net(*[i for i in range(3)])",
     "Net(f=lambda v: v + 1)", "nn.Linear(1, 2)"],
)  # fmt: skip
def test_expression_of_known_names_passes(repository: Write, text: str) -> None:
    check_build(repository(SOURCES), "net.py", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Net((", "does not parse"),
        ("", "must end in an expression"),
        ("x = Net()", "must end in an expression"),
        ("Nett()", "'Nett'"),
        ("Net(Config())", "'Config'"),
    ],
)
def test_expression_that_means_nothing_is_refused(repository: Write, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_build(repository(SOURCES), "net.py", text)


def test_nothing_is_refused_where_a_star_import_hides_the_names(repository: Write) -> None:
    check_build(repository(SOURCES), "star.py", "Linear(1, 2)")
