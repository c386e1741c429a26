"""Files of the repository that programs load as modules by their place."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.index import open_repository

SETTINGS = "width = 3\nlayers = [width, 2 * width]\n"
LOADERS = {
    "a copy in a temporary directory": """
import os, shutil, sys, tempfile
from importlib import import_module
def load(name):
    with tempfile.TemporaryDirectory() as directory:
        file = tempfile.NamedTemporaryFile(dir=directory, suffix=".py")
        copied = os.path.basename(file.name)
        shutil.copyfile(name, os.path.join(directory, copied))
        sys.path.insert(0, directory)
        module = import_module(os.path.splitext(copied)[0])
        sys.path.pop(0)
        found = {key: value for key, value in module.__dict__.items() if not key.startswith("__")}
        del sys.modules[os.path.splitext(copied)[0]]
        file.close()
    return found
""",
    "a directory that is searched": """
import importlib, os, sys
def load(name):
    sys.path.append(os.path.dirname(name))
    return vars(importlib.import_module(os.path.basename(name).split(".")[0]))
""",
    "a specification of the file": """
import importlib.util
def load(name):
    spec = importlib.util.spec_from_file_location("settings", name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)
""",
    "a loader of the file": """
from importlib.machinery import SourceFileLoader
def load(name):
    return vars(SourceFileLoader("settings", name).load_module())
""",
}


def interpreter_of(tmp_path, loader):  # type: ignore[no-untyped-def]
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "small.py").write_text(SETTINGS)
    (tmp_path / "main.py").write_text(LOADERS[loader])
    return Interpreter(open_repository(str(tmp_path)))


@pytest.mark.parametrize("loader", LOADERS)
def test_a_file_of_settings_is_evaluated_where_a_program_loads_it(tmp_path, loader) -> None:  # type: ignore[no-untyped-def]
    interpreter = interpreter_of(tmp_path, loader)
    assert interpreter.evaluate("main.py", "load('configs/small.py')['layers']") == [3, 6]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", ["/etc/other.py", "configs/../../other.py", "configs/other.py", "os.py"])
def test_what_the_repository_does_not_hold_is_not_loaded(tmp_path, loader, name) -> None:  # type: ignore[no-untyped-def]
    interpreter = interpreter_of(tmp_path, loader)
    with pytest.raises((CannotEvaluate, TargetRaised)):
        interpreter.evaluate("main.py", f"1 if load({name!r})['layers'] else 2")


@pytest.mark.parametrize(
    "text", ["file.write('import os')", "file.read()", "shutil.copyfile('main.py', 'copy.py')", "file.file.fileno()"]
)
def test_nothing_is_written_or_read_through_a_temporary_file(tmp_path, text) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "main.py").write_text("import shutil, tempfile\nfile = tempfile.NamedTemporaryFile('w')\n")
    with pytest.raises(CannotEvaluate):
        Interpreter(open_repository(str(tmp_path))).evaluate("main.py", f"len({text})")
