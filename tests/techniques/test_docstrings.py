"""Defaults that docstrings state, against the signature: certain ones only, each at its own line."""

from __future__ import annotations

import pytest

from analyzer.techniques.claims.docstrings import check_docstrings
from tests.techniques.sources import index_of

GOOGLE = '''
def f(width=8, rate=0.1, name="a", on=True):
    """Does it.

    Args:
        width (int): how many columns,
            with two lines. Default: {width}
        rate (float, optional): step. Defaults to {rate}. Must be small.
        name: a word (default: ``{name}``)
        on (bool): default is {on}.
    """
'''
FORMS = [
    ("    :param int width: columns, default 8", "agree"),
    ("    - width: columns (default=9)", "differ"),
    ("    width : int, default: 8", "agree"),
    ("    width (int, default 16): columns", "differ"),
    ("    width: default 8 * depth", None),
    ("    width: the default of 8 holds for small ones", None),
    ("    other: default 9", None),
    ("    @param width: Default value: 8.", "agree"),
]


@pytest.mark.parametrize(
    ("stated", "verdicts"),
    [
        ({}, ["agree"] * 4),
        ({"width": 9}, ["differ", "agree", "agree", "agree"]),
        ({"rate": "1e-1"}, ["agree"] * 4),
        ({"rate": "0.2", "name": "'b'", "on": "False"}, ["agree", "differ", "differ", "differ"]),
        ({"on": "1"}, ["agree", "agree", "agree", "differ"]),
        ({"on": "true"}, ["agree"] * 4),
        ({"on": "false"}, ["agree", "agree", "agree", "differ"]),
    ],
)
def test_stated_defaults_are_held_against_the_signature(stated: dict[str, object], verdicts: list[str]) -> None:
    values = {"width": 8, "rate": 0.1, "name": "'a'", "on": True, **stated}
    index = index_of(a=GOOGLE.format(**values))
    claims = check_docstrings(index)
    assert [claim.verdict for claim in claims] == verdicts
    assert [(claim.where.first_line, claim.where.last_line) for claim in claims] == [(6, 7), (8, 8), (9, 9), (10, 10)]
    for claim in claims:
        where = claim.where
        assert claim.text.split() == index.quote(where.path, where.first_line, where.last_line).split()
    assert {claim.derived_where[0].first_line for claim in claims} == {2}


@pytest.mark.parametrize(("line", "verdict"), FORMS)
def test_forms_of_entries(line: str, verdict: str | None) -> None:
    source = f'def f(width=8):\n    """Does it.\n\n{line}\n    """\n'
    assert [claim.verdict for claim in check_docstrings(index_of(a=source))] == ([verdict] if verdict else [])


def test_none_in_the_signature_is_no_default_that_differs() -> None:
    source = 'def f(width=None):\n    """width: columns. Default: 8."""\n'
    assert check_docstrings(index_of(a=source)) == ()


def test_a_class_documents_its_constructor() -> None:
    documented = '    """It.\n\n    Args:\n        width: columns. Default: 8.\n    """\n'
    source = f"class A:\n{documented}    def __init__(self, width=4): ...\n"
    (claim,) = check_docstrings(index_of(a=source))
    assert (claim.verdict, claim.subject, claim.claimed, claim.derived) == ("differ", "width", "8", "4")
