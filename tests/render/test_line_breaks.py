"""A long name in a cell is broken behind its separators only."""

from __future__ import annotations

import pytest
from markupsafe import Markup, escape

from analyzer.render.line_breaks import breakable


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("transformer.layers.0", "transformer.<wbr>layers.<wbr>0"),
        ("transformer.h.0", "transformer.h.0"),
        ("data/shakespeare_char/prepare.py:21", "data/<wbr>shakespeare_<wbr>char/<wbr>prepare.py:21"),
        ("nn.Linear", "nn.Linear"),
        ("in_features=768, out_features=50304", "in_features=768, out_<wbr>features=<wbr>50304"),
        ("[B, T, n_embd//num_attention_heads]", "[B, T, n_embd//<wbr>num_<wbr>attention_<wbr>heads]"),
        ("5,609,226,240,000", "5,609,226,240,000"),
        ("__init_subclassing__", "__init_<wbr>subclassing__"),
        ("a_name_with<angle>", "a_name_<wbr>with&lt;angle&gt;"),
    ],
)
def test_a_long_name_is_broken_between_its_parts(text: str, html: str) -> None:
    assert breakable(text) == Markup(html)
    assert str(breakable(text)).replace("<wbr>", "") == str(escape(text))
