"""Python examples of documents and docstrings: which text is one, and which line its first statement stands on."""

import ast

import pytest

from analyzer.facts.documented_code import docstring_examples, document_examples

DOCUMENTS = [
    ("fence", "Text\n\n```python\na = Net()\n```\n", [(4, "a = Net()")]),
    ("fence without a language", "```\na = Net()\n```\n", [(2, "a = Net()")]),
    ("fence of another language", "```bash\na=1\n```\n", []),
    ("fence with an interpreter session", "```python\n>>> a = Net()\n>>> a\nNet(3)\n```\n", [(2, "a = Net()\na")]),
    ("directive", "Use:\n\n.. code-block:: python\n\n   a = Net()\n   a(x)\n\nEnd\n", [(4, "a = Net()\na(x)")]),
    ("directive of another language", ".. code-block:: bash\n\n   a=1\n", []),
    ("literal block", "As follows::\n\n    a = Net()\n\nEnd\n", [(2, "a = Net()")]),
    ("session", "Text\n\n>>> a = Net()\n>>> print(a)\nNet\n>>> b = 1\n", [(3, "a = Net()\nprint(a)\nb = 1")]),
    ("heading", "Example usage:\n    a = Net()\n", [(2, "a = Net()")]),
    ("prose under a heading", "Example:\n    This shows nothing.\n", []),
    ("two, in their order", "::\n\n    a = 1\n\nNow\n\n```python\nb = 2\n```\n", [(2, "a = 1"), (8, "b = 2")]),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_examples_of_documents(repository, text, expected):
    index = repository({"README.md": text, "guide.rst": ""})
    assert [(e.first_line, ast.unparse(e.tree)) for e in document_examples(index)] == expected


def test_examples_of_docstrings_have_the_files_own_lines(repository):
    index = repository(
        {
            "net.py": '''
            """Networks."""

            class Net:
                """A net.

                Example usage:
                ```python
                # ids
                net = Net(config)
                ```
                """

                def run(self):
                    """Example::

                        net.run()
                    """
            '''
        }
    )
    examples = [
        (ast.unparse(e.tree), e.first_line + e.tree.body[0].lineno - 1) for e in docstring_examples(index, "net.py")
    ]
    assert [(code, index.lines("net.py")[line - 1].strip()) for code, line in examples] == [
        ("net = Net(config)", "net = Net(config)"),
        ("net.run()", "net.run()"),
    ]
