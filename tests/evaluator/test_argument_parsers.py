"""The stand-in for argparse: options have what real argparse gives them where the command line is empty."""

import argparse

import pytest

from analyzer.evaluator import CannotEvaluate

DECLARATIONS = [
    'p.add_argument("--width", type=int, default="12")',
    'p.add_argument("--learning-rate", "-l", type=float, default=1e-3)',
    'p.add_argument("-n", default=3)',
    'p.add_argument("-v", "--verbose", action="store_true")',
    'p.add_argument("--no-bias", dest="bias", action="store_false")',
    'p.add_argument("--level", action="store_const", const=3)',
    'p.add_argument("--many", action="append", default=[1])',
    'p.add_argument("--count", action="count", default=0)',
    'p.add_argument("--flag", action=argparse.BooleanOptionalAction)',
    'p.add_argument("--sizes", nargs="+", type=int, default=[1, 2])',
    'p.add_argument("file", nargs="?", default="x")',
    'p.add_argument("rest", nargs="*")',
    'p.add_argument("--version", action="version", version="1")',
    'p.add_argument("--hidden", default=argparse.SUPPRESS)',
    'p.add_argument("--kind", choices=["a", "b"], default="a"); p.set_defaults(kind="b", other=7)',
    'p.add_argument("--kind"); p.set_defaults(kind="b")',
    'p.add_mutually_exclusive_group().add_argument("--one", type=lambda text: text + "!", default="a")',
    'q = argparse.ArgumentParser(add_help=False); q.add_argument("--up", default=2)\n'
    "p = argparse.ArgumentParser(parents=[q])",
    'p.add_subparsers(dest="command").add_parser("train", help="x").add_argument("--steps", default=3)',
]


@pytest.mark.parametrize("text", DECLARATIONS)
def test_options_have_the_values_that_an_empty_command_line_gives_them(repository, text) -> None:
    scope: dict = {"argparse": argparse}
    exec(f"p = argparse.ArgumentParser()\n{text}", scope)
    indented = text.replace("\n", "\n    ")
    body = f"    p = argparse.ArgumentParser()\n    {indented}\n    return p.parse_args()\n"
    source = f"import argparse\ndef values():\n{body}"
    interpreter = repository(source)
    assert interpreter.evaluate("model.py", "dict(vars(values()))") == vars(scope["p"].parse_args([]))


@pytest.mark.parametrize(
    ("text", "read"),
    [('p.add_argument("file")', "file"), ('p.add_argument("--width", type=int, required=True)', "width")],
)
def test_what_the_command_line_has_to_give_has_no_value(repository, text, read) -> None:
    source = f"import argparse\np = argparse.ArgumentParser()\n{text}\nargs = p.parse_args()\n"
    with pytest.raises(CannotEvaluate, match=f"command_line_argument: {read}"):
        repository(source).evaluate("model.py", f"args.{read}")


def test_arguments_that_the_code_gives_itself_are_not_read(repository) -> None:
    with pytest.raises(CannotEvaluate, match="arguments that the code itself gives"):
        repository("import argparse\n").evaluate("model.py", 'argparse.ArgumentParser().parse_args(["--a", "1"])')


@pytest.mark.parametrize("text", ["sys.argv.pop()", "sys.argv[1]", "sys.argv[-2]"])
def test_what_a_user_would_type_is_not_an_error_of_the_project(repository, text) -> None:
    with pytest.raises(CannotEvaluate, match="command_line_argument"):
        repository("import sys\n").evaluate("model.py", text)


@pytest.mark.parametrize(("text", "value"), [("len(sys.argv)", 1), ("sys.argv[1:]", []), ("sys.argv[0]", "")])
def test_a_program_is_started_without_arguments(repository, text, value) -> None:
    assert repository("import sys\n").evaluate("model.py", text) == value
