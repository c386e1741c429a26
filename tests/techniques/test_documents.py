"""Numbers of documents against the configuration: only where the line says which file or default it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts import derive_facts
from analyzer.index import SourceIndex
from analyzer.techniques.claims.sentences import check_documents

SOURCE = "learning_rate = 6e-4\nn_layer = 12\nexec(open('configurator.py').read())\nprint(learning_rate, n_layer)\n"
SMALL = "n_layer = 4\n"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("The default learning rate is 6e-4.", [("6e-4", "agree", "train.py:1")]),
        ("By default a learning rate of 3e-4 is used.", [("3e-4", "differ", "train.py:1")]),
        ("Others train with a learning rate of 3e-4.", [("3e-4", "unknown", "")]),
        ("[The file](config/small.py) has 4 layers.", [("4", "agree", "config/small.py:1")]),
        ("`config/small.py` makes 6 layers.", [("6", "differ", "config/small.py:1")]),
        ("A model of 4 layers is small.", [("4", "unknown", "")]),
        ("| default learning rate 3e-4 |", []),
        ("```\ndefault learning rate of 3e-4\n```", []),
    ],
)
def test_a_number_counts_where_the_line_says_what_it_speaks_of(
    repository: Callable[[Mapping[str, str]], SourceIndex], line: str, found: list[tuple[str, str, str]]
) -> None:
    index = repository({"train.py": SOURCE, "config/small.py": SMALL, "README.md": f"# It\n\n{line}\n"})
    claims = check_documents(index, derive_facts(index))
    assert [(c.claimed, c.verdict, ",".join(map(str, c.derived_where))) for c in claims] == found
