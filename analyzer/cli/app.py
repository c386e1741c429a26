"""The `deepdive` command: one function per sub-command, each a thin shell over the library.

Exit codes: 0 done; 1 stale facts, or gaps under `--strict`; 2 the user's input is wrong; 3 internal error.
Results go to stdout, progress and errors to stderr.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.progress import Progress
from analyzer.cli.settings import read_settings, split_assignments
from analyzer.records.errors import UserError
from analyzer.records.version import VERSION

SECONDS_OF_ONE_MODEL = 300.0
"""Processor time of `deepdive shapes`: a model that branches on data takes some five seconds for each of its probes."""

app = typer.Typer(
    name="deepdive",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Reads the repository of a PyTorch model and writes its deep-dive article, every detail with file and line.",
)

UsageError: type[Exception] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "UsageError")
"""typer keeps the base of its usage errors to itself (click's, or its own copy of click's)."""

Repo = Annotated[
    str | None,
    typer.Argument(help="Directory, archive, git URL or package:NAME; none: the bundled reference model."),
]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="FILE[:CLASS]", help="The model to describe.")]
BuildOption = Annotated[
    str | None, typer.Option("--build", metavar="EXPR", help="Expression that builds the model in its file's scope.")
]
InputOption = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="SPEC", help="Argument of the traced call: 'idx: int64[B=2, T=16]'."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a configuration value.")
]
EnvOption = Annotated[
    list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help="Environment that evaluated code sees.")
]
PackageOption = Annotated[
    list[str] | None,
    typer.Option("--with-package", metavar="NAME", help="Installed package whose source may be read as text."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(f"deepdive {VERSION}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def analyze(
    repo: Repo = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The report's own directory.")] = None,
    lang: Annotated[list[str] | None, typer.Option("--lang", help="zh or en; repeatable; default both.")] = None,
    model: ModelOption = None,
    build: BuildOption = None,
    input_: InputOption = None,
    set_: SetOption = None,
    env: EnvOption = None,
    with_package: PackageOption = None,
    paper: Annotated[
        Path | None, typer.Option("--paper", help="PDF whose numbers and equations are held against the source.")
    ] = None,
    execute: Annotated[
        bool, typer.Option("--execute", help="RUN the repository's own code as well, isolated, and compare.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where gaps remain.")] = False,
    as_json: JsonOption = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of internal errors.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List every gap.")] = False,
) -> None:
    """Write the report of a repository."""
    from analyzer.cli.analyzing import AnalyzeCommand

    settings = read_settings("analyze")
    command = AnalyzeCommand(
        repository=repo if repo is not None else settings.text("repository"),
        output=output if output is not None else settings.path("output"),
        languages=tuple(lang or settings.texts("lang")),
        model=model or settings.text("model"),
        build=build or settings.text("build"),
        inputs=tuple(input_ or settings.texts("input")),
        settings=split_assignments("--set", tuple(set_ or settings.texts("set"))),
        environment=split_assignments("--env", tuple(env or settings.texts("env"))),
        packages=tuple(with_package or settings.texts("with-package")),
        paper=paper if paper is not None else settings.path("paper"),
        execute=execute,
    )
    sys.exit(command.run(Progress(quiet), as_json=as_json, strict=strict or settings.flag("strict"), verbose=verbose))


@app.command()
def shapes(
    repo: Annotated[str, typer.Argument(help="Directory, archive, git URL or package:NAME.")],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="FILE[:CLASS]", help="File (and class) of the model; default: the main one."),
    ] = None,
    build: BuildOption = None,
    input_: InputOption = None,
    method: Annotated[str, typer.Option("--method", help="The method to call.")] = "forward",
    train: Annotated[bool, typer.Option("--train", help="Training mode.")] = False,
    set_: SetOption = None,
    env: EnvOption = None,
    with_package: PackageOption = None,
    default_dtype: Annotated[str, typer.Option("--default-dtype", help="torch's default dtype.")] = "float32",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where gaps remain.")] = False,
    as_json: JsonOption = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of internal errors.")] = False,
) -> None:
    """Build one model from source, call it on symbolic inputs, print parameters and shapes."""
    from analyzer.cli.shaping import run_shapes
    from analyzer.shapes import ShapesOptions

    options = ShapesOptions(
        model=model,
        build=build,
        inputs=tuple(input_ or ()),
        settings=split_assignments("--set", tuple(set_ or ())),
        environment=split_assignments("--env", tuple(env or ())),
        packages=tuple(with_package or ()),
        method=method,
        training=train,
        default_dtype=default_dtype,
        seconds=SECONDS_OF_ONE_MODEL,
    )
    sys.exit(run_shapes(repo, options, as_json=as_json, strict=strict))


@app.command()
def trace(
    preset: Annotated[str, typer.Option("--preset", help="classic, tiny, small or medium.")] = "classic",
    as_json: JsonOption = False,
) -> None:
    """Run the bundled reference GPT through torchinfo and print its real shapes."""
    from analyzer.cli.shaping import run_trace

    sys.exit(run_trace(preset, as_json=as_json))


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A written report.")],
    repo: Annotated[str | None, typer.Option("--repo", help="The source it describes.")] = None,
    rederive: Annotated[bool, typer.Option("--rederive", help="Run the analysis anew and compare.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Re-verify every quotation and value of a report against the source."""
    from analyzer.check import check_report

    result = check_report(directory, repo, rederive=rederive)
    print(json.dumps(result.to_json(), indent=2, ensure_ascii=False) if as_json else result.to_text())
    sys.exit(1 if result.stale else 0)


@app.command()
def quiz(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A written report.")],
    lang: Annotated[str | None, typer.Option("--lang", help="zh or en; default: the report's first.")] = None,
) -> None:
    """Ask about a report's repository, grade the answers, explain with source lines."""
    from analyzer.cli.quizzing import run_quiz

    sys.exit(run_quiz(directory, lang))


@app.command()
def schema() -> None:
    """Print the JSON Schema of facts.json."""
    from analyzer.render import facts_schema

    print(json.dumps(facts_schema(), indent=2))


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Say whether this machine has what deepdive needs."""
    from analyzer.cli.doctor import examine, print_examination

    results = examine()
    print_examination(results, as_json)
    sys.exit(0 if all(result.state != "missing" for result in results) else 1)


def main() -> None:
    """Entry point: turns every failure into one line and an exit code."""
    debug = "--debug" in sys.argv
    try:
        sys.exit(app(prog_name="deepdive", standalone_mode=False))
    except UsageError as error:
        _fail(f"{_usage(error)} (see deepdive --help)", 2)
    except UserError as error:
        _fail(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; nothing was written", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if debug:
            traceback.print_exc()
        message = f"internal error: {type(error).__name__}: {error}".splitlines()[0]
        _fail(f"{message} (run again with --debug for the traceback)", 3)


def _usage(error: Exception) -> str:
    say = getattr(error, "format_message", None)
    return str(say() if callable(say) else error).rstrip(".")


def _fail(message: str, code: int) -> None:
    print(f"deepdive: {message}", file=sys.stderr)
    sys.exit(code)
