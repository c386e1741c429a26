"""What the article quotes from prose and comments, and what it leaves alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from document_sample import sample_analysis

from analyzer.document.chapters.preface import opening_of
from analyzer.document.companions.prompts import template_lines
from analyzer.document.context import Context
from analyzer.document.inline import statement
from analyzer.document.remarks import remarks
from analyzer.document.wording import Words
from analyzer.records.source import SourceFile, Span


def file(path: str, text: str, kind: str = "python") -> SourceFile:
    return SourceFile(path, kind, len(text), text.count("\n"), hashlib.sha256(text.encode()).hexdigest(), text)


def context_of(*files: SourceFile) -> Context:
    sample = sample_analysis()
    return Context(replace(sample, facts=replace(sample.facts, files=files)), Words("en"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# T\n\n![b](x)\n\nThis project trains a very small network on a very small data set.\n", (5, 5)),
        ("# T\n\n**Update 2025**: a long announcement that has nothing to do with what it is.\n\n- a\n", None),
        ("<p>x</p>\n| a | b |\nshort\n", None),
        ("一个从零开始训练的小型语言模型，全部代码都可以逐行阅读。\n", (1, 1)),
    ],
)
def test_opening_is_the_first_paragraph_of_prose(text: str, lines: tuple[int, int] | None) -> None:
    span = opening_of(file("README.md", text, "markdown"))
    assert (span and (span.first_line, span.last_line)) == lines


def test_only_comments_that_state_a_reason_are_quoted() -> None:
    kept = "# the bias is dropped because\n# the norm has one\n"
    text = f"x = 1\n{kept}# y = 2  because of x\n# next the second layer\nz = 3\n"
    found = remarks(context_of(file("a.py", text)), Span("a.py", 1, 6))
    assert len(found) == 1
    assert "the bias is dropped because the norm has one" in found[0][0].text


def test_template_is_found_in_code_and_not_in_prose() -> None:
    code, prose = file("a.py", "x = 1\nt = '<|im_start|>user'\n"), file("README.md", "<|im_start|>", "markdown")
    assert [(span.path, span.first_line) for span in template_lines(context_of(code, prose))] == [("a.py", 2)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x = f(y)  # (B, T)", "x = f(y)"),
        ("x = '#'  # a # b", "x = '#'"),
        ("x = ' # '", "x = ' # '"),
    ],
)
def test_statement_is_shown_without_its_comment(text: str, shown: str) -> None:
    assert statement(text)[0].text == shown


def test_the_metadata_of_a_distribution_tells_what_the_project_is() -> None:
    text = (
        "Metadata-Version: 2.4\nName: net\nSummary: A net that finds all that there is to find in a sea.\n\n# Net\n\n"
    )
    text += "Net is a small network that finds the fish in pictures of the sea.\n"
    span = opening_of(file("net-1.0.dist-info/METADATA", text, "text"))
    assert span is not None and span.first_line == span.last_line == 7
