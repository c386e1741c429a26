"""Ways in, commands and usages."""

from __future__ import annotations

import json

import pytest

from analyzer.facts.commands import Command
from analyzer.facts.entry_points import command_target, find_entry_points
from analyzer.facts.structure import derive_structure
from analyzer.facts.usages import find_usages
from analyzer.records.source import Span
from tests.facts.small_trainer import SOURCES


def entries(index):
    return [(e.path, e.kind, e.command, e.target) for e in find_entry_points(index)]


SCRIPTS = [
    ("if __name__ == '__main__':\n    main()\n", True),
    ("if '__main__' == __name__:\n    main()\n", True),
    ("if __name__ == '__main__':\n    pass\n", False),
    ("for x in range(3):\n    print(x)\n", True),
    ("main()\n", True),
    ("import warnings\nwarnings.filterwarnings('ignore')\nx = 1\n", False),
    ("x = 1\ndef f(): pass\n", False),
    ("'''Words.'''\n", False),
    ("from setuptools import setup\nsetup(name='x')\n", False),
]


@pytest.mark.parametrize(("source", "starts"), SCRIPTS)
def test_a_script_is_told_by_what_it_does_when_it_is_run(repository, source, starts):
    assert bool(entries(repository({"go.py": source}))) is starts


def test_what_another_file_imports_or_executes_is_no_script_of_its_own(repository):
    index = repository(
        {
            "run.py": "import part\nexec(open('conf.py').read())\npart.f()\n",
            "part.py": "print('loaded')\ndef f(): pass\n",
            "conf.py": "print('read')\n",
        }
    )
    assert entries(index) == [("run.py", "script", None, "run.py")]


def test_commands_of_documents_makefiles_shell_scripts_and_notebooks_have_their_targets(repository):
    notebook = {"cells": [{"cell_type": "code", "source": "!python train.py --fast\nx = 1"}]}
    index = repository(
        {
            "train.py": "print(1)\n",
            "tools/run.py": "print(1)\n",
            "pkg/__init__.py": "",
            "pkg/cli.py": "def main(): pass\n",
            "pyproject.toml": '[project]\nname = "pkg"\n[project.scripts]\npkg-run = "pkg.cli:main"\n',
            "README.md": "```sh\n$ CUDA_VISIBLE_DEVICES=0 torchrun --nproc_per_node 2 train.py \\\n   --lr 1\n"
            "cd tools\npython run.py\n```\n\n```\nmade by python train.py\n```\n",
            "Makefile": "all:\n\t@python train.py\n",
            "go.sh": "#!/bin/sh\npython -m pkg.cli && pkg-run x\n",
            "n.ipynb": json.dumps(notebook),
        }
    )
    found = [entry for entry in entries(index) if entry[2] is not None or entry[1] == "notebook"]
    assert found == [
        ("Makefile", "makefile", "python train.py", "train.py"),
        ("README.md", "readme", "CUDA_VISIBLE_DEVICES=0 torchrun --nproc_per_node 2 train.py --lr 1", "train.py"),
        ("README.md", "readme", "python run.py", "tools/run.py"),
        ("go.sh", "shell", "python -m pkg.cli && pkg-run x", "pkg/cli.py"),
        ("n.ipynb", "notebook", None, "n.ipynb"),
        ("n.ipynb", "notebook", "python train.py --fast", "train.py"),
        ("pyproject.toml", "console_script", "pkg-run", "pkg/cli.py"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=1 B=2 python x.py 'a b'", (("python", "x.py", "a b"),)),
        ("cd x && sudo python y.py | tee log", (("cd", "x"), ("python", "y.py"), ("tee", "log"))),
        ("python 'broken", (("python", "'broken"),)),
        ("A=1", ((),)),
    ],
)
def test_command_lines_are_split_into_simple_commands(text, words):
    assert Command(text, Span("a", 1, 1)).simple_commands() == words


def test_usages_are_quoted_with_their_purpose(repository):
    index = repository(SOURCES)
    usages = find_usages(index, derive_structure(index).roles)
    assert [(usage.text.split("\n")[0], usage.purpose) for usage in usages] == [
        ("pip install torch", "install"),
        ("python prepare.py", "data"),
        ("python train.py --epochs 3", "train"),
        ("cd tools && python sample.py", "infer"),
        ("from net import Tiny", "api"),
    ]
    for usage in usages:
        assert usage.text.split("\n")[0] in index.quote("README.md", usage.where.first_line, usage.where.last_line)


@pytest.mark.parametrize(
    ("command", "started", "purpose"),
    [
        ("python -m tool fit", "tool/__main__.py", "run"),
        ("python -m tool.other", "tool/other.py", "run"),
        ("ls", None, None),
    ],
)
def test_a_package_is_started_by_its_main_file(repository, command, started, purpose):
    files = {"tool/__init__.py": "", "tool/__main__.py": "print(1)\n", "tool/other.py": "print(2)\n"}
    index = repository(files | {"README.md": f"```\n{command}\n```\n"})
    assert command_target(index, Command(command, Span("README.md", 2, 2))) == started
    assert [usage.purpose for usage in find_usages(index, ())] == ([purpose] if purpose else [])
