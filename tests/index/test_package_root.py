"""A root directory that is itself a package."""

from pathlib import Path

from analyzer.index import open_repository


def test_root_that_is_a_package_imports_its_modules_by_its_own_name(tmp_path: Path) -> None:
    root = tmp_path / "mypackage"
    root.mkdir()
    (root / "__init__.py").write_text("", encoding="utf-8")
    (root / "config.py").write_text("class Config: ...\n", encoding="utf-8")
    (root / "model.py").write_text("from mypackage.config import Config\nimport mypackage.config\n", encoding="utf-8")
    index = open_repository(str(root))
    assert getattr(index.symbols.resolve("model.py", "Config"), "qualified_name", None) == "config.py:Config"
    found = index.symbols.resolve("model.py", "mypackage.config.Config")
    assert getattr(found, "qualified_name", None) == "config.py:Config"
