"""A repository of many files is not parsed for the sake of one import."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.index import open_repository


def test_an_import_is_resolved_without_parsing_files_that_do_not_name_the_search_path(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import part\n")
    (tmp_path / "part.py").write_text("X = 1\n")
    (tmp_path / "other.py").write_text("import sys\nsys.argv\n")
    index = open_repository(str(tmp_path))
    assert index.resolve_module("model.py", "part") == "part.py"
    assert not index._trees


@pytest.mark.parametrize("line", ["sys.path.append('lib')", "sys . path . insert(0, 'lib')", "site.addsitedir('lib')"])
def test_a_file_that_names_the_search_path_is_read_for_it(tmp_path: Path, line: str) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "einops.py").write_text("X = 1\n")
    (tmp_path / "model.py").write_text("import einops\n")
    (tmp_path / "start.py").write_text(f"import site, sys\n{line}\n")
    index = open_repository(str(tmp_path))
    assert index.resolve_module("model.py", "einops") == "lib/einops.py"
