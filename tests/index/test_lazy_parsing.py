"""Only the files that a question is about are parsed: a repository may have thousands."""

from pathlib import Path

import pytest

from analyzer.index import open_repository, source_index
from analyzer.shapes.derivation import find_model

FILES = {
    "net.py": "from parts import Base\nclass Net(Base):\n    def forward(self, x):\n        return x\n",
    "parts.py": "from torch import nn\nclass Base(nn.Module):\n    pass\n",
    "other.py": "class Net:\n    pass\n",
}


@pytest.fixture
def parsed(monkeypatch) -> list[str]:
    seen = []
    parse = source_index.parse_python
    monkeypatch.setattr(source_index, "parse_python", lambda file: (seen.append(file.path), parse(file))[1])
    return seen


@pytest.fixture
def index(tmp_path: Path):
    for path, text in FILES.items():
        (tmp_path / path).write_text(text)
    return open_repository(str(tmp_path))


def test_a_model_is_found_in_its_own_file_alone(index, parsed):
    assert find_model(index, "net.py:Net").path == "net.py"
    assert parsed == ["net.py"]


def test_a_name_is_followed_into_the_files_that_it_leads_to(index, parsed):
    assert index.symbols.resolve("net.py", "Base").path == "parts.py"
    assert sorted(parsed) == ["net.py", "parts.py"]


def test_all_classes_are_those_of_all_files(index, parsed):
    assert [(found.path, found.name) for found in index.symbols.classes()] == [
        ("net.py", "Net"),
        ("other.py", "Net"),
        ("parts.py", "Base"),
    ]
    assert sorted(parsed) == sorted(FILES)
