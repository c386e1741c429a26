"""What code learns of a function's arguments is what real `inspect` says."""

import inspect

import pytest

FUNCTIONS = [
    "def f(a, b=2, *rest, c, d=4, **more): pass",
    "def f(): pass",
    "def f(a, /, b, *, c): pass",
    "class f:\n    def __init__(self, width, depth=3): pass",
]


@pytest.mark.parametrize("text", FUNCTIONS)
def test_names_and_defaults_are_those_of_inspect(repository, text) -> None:
    scope: dict = {}
    exec(text, scope)
    real = inspect.getfullargspec(scope["f"])
    interpreter = repository(f"import inspect\n{text}\n")
    fields = "spec.args, spec.varargs, spec.varkw, spec.defaults, spec.kwonlyargs, spec.kwonlydefaults"
    assert interpreter.evaluate("model.py", f"spec = inspect.getfullargspec(f)\n({fields})") == real[:6]
    assert interpreter.evaluate("model.py", "args, *_, notes = inspect.getfullargspec(f)\n(args, notes)") == (
        real[0],
        {},
    )


@pytest.mark.parametrize("call", ["(1)", "(1, 5)", "(1, b=7)", "(a=3)"])
def test_a_signature_binds_arguments_as_inspect_does(repository, call) -> None:
    text = "def f(a, b=2, *rest): pass"
    scope: dict = {"inspect": inspect}
    asked = f"bound = inspect.signature(f).bind{call}\nbound.apply_defaults()\n"
    exec(f"{text}\n{asked}", scope)
    interpreter = repository(f"import inspect\n{text}\n")
    found = interpreter.evaluate("model.py", f"{asked}(dict(bound.arguments), bound.args, bound.kwargs)")
    assert found == (dict(scope["bound"].arguments), scope["bound"].args, scope["bound"].kwargs)


def test_a_call_that_does_not_fit_raises_as_it_would(repository) -> None:
    asked = "try:\n    inspect.signature(f).bind(1, 2)\nexcept TypeError as error:\n    found = str(error)\nfound"
    interpreter = repository("import inspect\ndef f(a): pass\n")
    assert interpreter.evaluate("model.py", asked) == "too many positional arguments"
