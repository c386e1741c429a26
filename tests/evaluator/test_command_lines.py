"""The stand-in for argparse reads a command line as real argparse does."""

import argparse

import pytest

from analyzer.evaluator import CannotEvaluate

PROGRAM = """
p.add_argument("file", nargs="?", default="none")
p.add_argument("-w", "--width", type=int, default=4)
p.add_argument("--rate", type=float)
p.add_argument("--sizes", nargs="+", type=int)
p.add_argument("--pair", nargs=2)
p.add_argument("--many", action="append")
p.add_argument("--maybe", nargs="?", const="yes")
p.add_argument("--on", action="store_true")
p.add_argument("--no-bias", dest="bias", action="store_false")
p.add_argument("-v", action="count", default=0)
p.add_argument("--flag", action=argparse.BooleanOptionalAction)
p.add_argument("--base", nargs="*", default=[])
"""
LINES = [
    "data.txt --width 8 --rate=1e-3",
    "--sizes 1 2 3 --on x.bin",
    "--sizes 1 2 -w16 -v -v",
    "-w=16 --wid 3",
    "--pair a b --many 1 --many=2",
    "--maybe --no-bias --no-flag",
    "--maybe so --flag",
    "--rate -0.5 -- --on",
    "--base a.yaml b.yaml --on",
    "--base --on",
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_gives_the_values_that_it_gives_real_argparse(repository, line) -> None:
    scope: dict = {"argparse": argparse}
    exec(f"p = argparse.ArgumentParser()\n{PROGRAM}", scope)
    source = f"import argparse\ndef made():\n    p = argparse.ArgumentParser(){PROGRAM}".replace("\np.", "\n    p.")
    interpreter = repository(f"{source}    return p\n")
    real = vars(scope["p"].parse_args(line.split()))
    assert interpreter.evaluate("model.py", f"dict(vars(made().parse_args({line.split()!r})))") == real
    told = f"import sys\nsys.argv[1:] = {line.split()!r}\ndict(vars(made().parse_args()))"
    assert interpreter.evaluate("model.py", told) == real


def test_options_that_the_parser_does_not_know_are_left_over(repository) -> None:
    interpreter = repository("import argparse\np = argparse.ArgumentParser()\np.add_argument('--a', type=int)\n")
    found = interpreter.evaluate("model.py", "n, rest = p.parse_known_args(['--b', '--a', '3', 'c'])\n(n.a, rest)")
    assert (found[0], sorted(found[1])) == (3, ["--b", "c"])
    with pytest.raises(CannotEvaluate, match="is no option"):
        interpreter.evaluate("model.py", "p.parse_args(['--b'])")


def test_a_command_has_options_of_its_own(repository) -> None:
    source = """
import argparse
def made():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=1)
    train = p.add_subparsers(dest="command").add_parser("train")
    train.add_argument("--steps", type=int, default=3)
    return p
"""
    text = "n = made().parse_args(['--seed', '2', 'train', '--steps', '9'])\n(n.seed, n.command, n.steps)"
    assert repository(source).evaluate("model.py", text) == (2, "train", 9)
