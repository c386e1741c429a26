"""Imports against declarations, and relations between files."""

from __future__ import annotations

import pytest

from analyzer.facts.dependencies import derive_dependencies
from analyzer.facts.relations import derive_relations
from tests.facts.small_trainer import SOURCES


def found(index):
    return {d.name: (d.distribution, d.version, d.optional) for d in derive_dependencies(index)}


DECLARED = [
    ("requirements.txt", "torch>=2.0,<3  # why\n-r other.txt\n", "torch", ">=2.0,<3"),
    ("requirements-dev.txt", "torch[extra]==2.1 ; python_version > '3.8'\n", "torch", "==2.1"),
    ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["torch~=2.2"]\n', "torch", "~=2.2"),
    ("pyproject.toml", '[tool.poetry.dependencies]\npython = "3"\ntorch = "^2.3"\n', "torch", "^2.3"),
    ("setup.py", "from setuptools import setup\nsetup(install_requires=['torch>=1'])\n", "torch", ">=1"),
    ("setup.cfg", "[options]\ninstall_requires =\n    torch>=1.5\n", "torch", ">=1.5"),
    ("environment.yml", "dependencies:\n  - pytorch=2.0\n  - pip:\n    - einops\n", "pytorch", "==2.0"),
    ("x-1.0.dist-info/METADATA", "Name: x\nRequires-Dist: torch (>=2.0)\n\nRequires-Dist: not me\n", "torch", ">=2.0"),
    ("b.py", '# /// script\n# dependencies = [\n#   "torch>=2.4",\n# ]\n# ///\nx = 1\n', "torch", ">=2.4"),
    ("requirements.txt", "torch @ https://example.org/t.whl\n", "torch", "https://example.org/t.whl"),
]


@pytest.mark.parametrize(("name", "text", "distribution", "version"), DECLARED)
def test_every_format_of_declaration_is_read_with_its_line(repository, name, text, distribution, version):
    index = repository({"a.py": "import torch\n", name: text})
    (torch,) = [d for d in derive_dependencies(index) if d.name == "torch"]
    assert (torch.distribution, torch.version, torch.optional) == (distribution, version, False)
    (where,) = torch.declared_at
    assert "torch" in index.quote(where.path, where.first_line, where.last_line)


OPTIONAL = [
    ("import x", False),
    ("try:\n    import x\nexcept ImportError:\n    x = None", True),
    ("def f():\n    import x", True),
    ("try:\n    import x\nexcept ImportError:\n    pass\nimport x.y", False),
    ("if True:\n    import x", False),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import x", True),
    ("log = False\nif log:\n    import x", True),
    ("if __name__ == '__main__':\n    import x", False),
]


@pytest.mark.parametrize(("source", "optional"), OPTIONAL)
def test_an_import_is_optional_where_the_program_can_do_without(repository, source, optional):
    assert found(repository({"a.py": source + "\n"}))["x"] == ("x", None, optional)


@pytest.mark.parametrize("source", [source for source, optional in OPTIONAL if optional])
def test_what_the_project_requires_is_not_optional_wherever_it_is_imported(repository, source):
    assert found(repository({"a.py": source + "\n", "requirements.txt": "x>=6\n"}))["x"] == ("x", ">=6", False)


def test_own_modules_and_the_standard_library_are_no_dependencies(repository):
    index = repository({"a.py": "import os, json.decoder\nimport b\nfrom pkg.sub import c\nimport PIL.Image\n",
                        "b.py": "", "pkg/sub/c.py": "x = 1\n", "pkg/sub/__init__.py": ""})  # fmt: skip
    assert found(index) == {"PIL": ("pillow", None, False)}


def test_what_is_declared_and_never_imported_is_listed_too(repository):
    assert found(repository(SOURCES)) == {
        "numpy": ("numpy", "==1.26.4", False),
        "torch": ("torch", ">=2.0", False),
        "unused_thing": ("unused-thing", None, False),
    }


def test_an_extra_makes_a_declaration_optional(repository):
    text = '[project]\nname = "x"\n[project.optional-dependencies]\ndev = ["pytest>=8"]\n'
    assert found(repository({"pyproject.toml": text, "a.py": ""})) == {"pytest": ("pytest", ">=8", True)}


@pytest.mark.parametrize("text", ["[project\n", "dependencies = 3\n", ""])
def test_a_broken_declaration_declares_nothing(repository, text):
    assert found(repository({"pyproject.toml": text, "setup.cfg": "[options\n", "a.py": ""})) == {}


def test_relations_name_what_is_defined_taken_and_used(repository):
    relations = {r.path: r for r in derive_relations(repository(SOURCES))}
    assert relations["net.py"].exports == ("Options", "Layer", "Tiny")
    assert relations["net.py"].used_by == ("test_net.py", "tools/sample.py", "train.py")
    assert relations["train.py"].imports == (("items.py", ("Items",)), ("net.py", ("Options", "Tiny")))


def test_a_name_is_related_to_the_file_that_defines_it(repository):
    index = repository({
        "p/__init__.py": "'''The package.\n\nMore.'''\nfrom .deep import A\n__all__ = ['A']\n",
        "p/deep.py": "class A: pass\nclass _Hidden: pass\n",
        "go.py": "from p import A\n",
    })  # fmt: skip
    relations = {r.path: r for r in derive_relations(index)}
    assert relations["go.py"].imports == (("p/deep.py", ("A",)),)
    assert relations["p/__init__.py"].exports == ("A",)
    assert relations["p/__init__.py"].summary == "The package."
    assert relations["p/deep.py"].exports == ("A",)


def test_the_version_of_an_extra_is_not_that_of_the_project(repository):
    extras = '[project.optional-dependencies]\ntest = ["torch==2.4"]\n'
    project = f'[project]\nname = "x"\ndependencies = ["torch"]\n{extras}'
    assert found(repository({"a.py": "import torch\n", "pyproject.toml": project}))["torch"] == ("torch", None, False)
    only = f'[project]\nname = "x"\n{extras}'
    assert found(repository({"a.py": "import torch\n", "pyproject.toml": only}))["torch"] == ("torch", "==2.4", True)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("pip install numpy torch", {"numpy", "torch"}),
        ("pip install -r requirements.txt 'torch>=2.0' --index-url https://x.org/cpu", {"torch"}),
        ("python -m pip install -U Pillow", {"PIL"}),
        ("conda install pytorch -c numpy", {"torch"}),
        ("pip install -e . && pip install ./numpy", set()),
        ("pip download torch", set()),
    ],
)
def test_an_install_line_of_a_document_names_packages(repository, line, named):
    code = "import numpy, torch, PIL\n"
    index = repository({"a.py": code, "README.md": f"# A\n\n```sh\n{line}\n```\n"})
    dependencies = derive_dependencies(index)
    assert {d.name for d in dependencies if d.documented_at} == named
    assert not any(d.declared_at for d in dependencies)
