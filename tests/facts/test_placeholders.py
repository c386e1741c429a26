"""What a document's command leaves to its reader is no value of an option."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts.configuration import find_tables
from analyzer.facts.configuration.placeholders import is_placeholder
from analyzer.facts.configuration.presets import find_presets
from analyzer.index import SourceIndex

Write = Callable[[Mapping[str, str]], SourceIndex]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{checkpoint number}", True), ("<path>", True), ("...", True), ("/path/to/images", True),
        ("path/to/x.png", True),
        ("path-to-model", True), ("your_data", True), ("./your-images", True), ("DATA_DIR", True),
        ("[NAME OF RUN]", True),
        ("data/paths.txt", False), ("./data", False), ("[1, 2]", False), ('{"a": 1}', False), ("{1..4}", False),
        ("1e-4", False), ("gpt2-xl", False), ("pathology", False), ("a<b", False), ("yours", False),
    ],
)  # fmt: skip
def test_placeholders_are_told_from_values(text: str, expected: bool) -> None:
    assert is_placeholder(text) is expected


def test_a_command_gives_no_placeholder_to_an_option(repository: Write) -> None:
    parser = "import argparse\nparser = argparse.ArgumentParser()\n"
    parser += "".join(f"parser.add_argument('--{name}', default=None)\n" for name in ("data", "name", "size"))
    readme = "# X\n\n```bash\npython run.py --data /path/to/data --name {run name} --size 4\n```\n"
    index = repository({"run.py": parser + "print(parser.parse_args())\n", "README.md": readme})
    (preset,) = find_presets(index, find_tables(index))
    assert [name for name, _ in preset.values] == ["size"]
