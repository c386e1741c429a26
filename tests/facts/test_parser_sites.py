"""Options of sub-commands are values in the program that reads them, where no other sub-command says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import MODEL, derive, features

Write = Callable[[Mapping[str, str]], SourceIndex]

SCRIPT = """
import argparse
import torch
from model import Net

def add_options(parser):
    parser.add_argument("--heat", type=float, default=0.7)

def build():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    {adding}
    return parser

def run(arguments: argparse.Namespace):
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    net.generate(torch.zeros(1, 1), 5, temperature=arguments.heat)

run(build().parse_args())
"""
OTHER = '\n    commands.add_parser("b").add_argument("--heat", type=float, default='


@pytest.mark.parametrize(
    ("adding", "expected"),
    [
        ('add_options(commands.add_parser("a"))', [0.7]),
        ('first = commands.add_parser("a")\n    first.add_argument("--heat", type=float, default=0.6)', [0.6]),
        (f'add_options(commands.add_parser("a")){OTHER.replace("commands.", "other = commands.", 1)}0.9)', []),
    ],
)
def test_options_of_sub_commands_have_their_defaults(repository: Write, adding: str, expected: list[float]) -> None:
    if not expected:
        adding = adding.replace('.add_parser("b").add', '.add_parser("b")\n    other.add')
    found = derive(repository({"model.py": MODEL, "run.py": SCRIPT.replace("{adding}", adding)}))
    temperature = features(found.inference[0])["temperature"]
    assert [value.value for _, value in temperature.values if isinstance(value, Known)] == expected


OWN_PARSER = """
import PACKAGE as arguments
import torch
from model import Net

class Parser(arguments.ArgumentParser):
    def __init__(self, **options):
        super().__init__(**options)

def decoding(parser):
    group = parser.add_argument_group("decoding")
    group.METHOD("--heat", "-heat", type=float, default=0.4)

def main():
    parser = Parser(description="speak")
    decoding(parser)
    given, _ = parser.parse_known_args()
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    net.generate(torch.zeros(1, 1), 5, temperature=given.heat)

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("package", "method", "expected"),
    [
        ("configargparse", "add", [0.4]),
        ("configargparse", "add_argument", [0.4]),
        ("argparse", "add_argument", [0.4]),
        ("argparse", "add", []),
    ],
)
def test_parsers_of_own_classes_and_short_names_have_their_options(
    repository: Write, package: str, method: str, expected: list[float]
) -> None:
    script = OWN_PARSER.replace("PACKAGE", package).replace("METHOD", method)
    found = derive(repository({"model.py": MODEL, "run.py": script}))
    temperature = features(found.inference[0])["temperature"]
    assert [value.value for _, value in temperature.values if isinstance(value, Known)] == expected
