"""`deepdive analyze`: from checked options to a written report and a closing line."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from analyzer.analyze import AnalyzeOptions, analyze, render, report_name
from analyzer.cli.progress import Progress
from analyzer.records.document import Language
from analyzer.records.errors import UserError
from analyzer.records.evidence import Gap
from analyzer.records.executions import Execution

LANGUAGES = ("en", "zh")
WARNING = (
    "deepdive: --execute runs this repository's own code on this machine: without network, other processes or files to "
    "write outside a directory that is thrown away, but with your rights to read"
)


@dataclass(frozen=True)
class AnalyzeCommand:
    """The options of one run as the user gave them."""

    repository: str | None
    output: Path | None
    languages: tuple[str, ...]
    model: str | None
    build: str | None
    inputs: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    packages: tuple[str, ...]
    paper: Path | None = None
    execute: bool = False
    """Only the command line can say so, no settings file: it runs foreign code."""

    def run(self, progress: Progress, *, as_json: bool, strict: bool, verbose: bool) -> int:
        """Analyse, write, report; returns the exit code."""
        from analyzer.render import check_target, facts_json, write_report

        options = self._options()
        directory = self.output or Path("out") / report_name(self.repository)
        check_target(directory)
        if self.execute:
            print(WARNING, file=sys.stderr)
        with progress.shown():
            analysis = analyze(options, progress)
            files = render(analysis, options, progress)
            progress("write")
            write_report(files, directory)
        if as_json:
            print(json.dumps(facts_json(analysis), indent=2, ensure_ascii=False))
        else:
            print(f"{directory}: {len(files)} files; start with {directory / 'README.md'}")
        _tell_executions(analysis.shapes.executions)
        gaps = analysis.all_gaps()
        _tell_gaps(gaps, verbose)
        return 1 if strict and gaps else 0

    def _options(self) -> AnalyzeOptions:
        unknown = [language for language in self.languages if language not in LANGUAGES]
        if unknown:
            raise UserError(f"unknown language {unknown[0]!r}", "--lang", "use zh or en")
        return AnalyzeOptions(
            repository=self.repository,
            languages=cast("tuple[Language, ...]", tuple(dict.fromkeys(self.languages)) or LANGUAGES),
            model=self.model,
            build=self.build,
            inputs=self.inputs,
            settings=self.settings,
            environment=self.environment,
            packages=self.packages,
            paper=str(self.paper) if self.paper is not None else None,
            execute=self.execute,
        )


def _tell_executions(runs: tuple[Execution, ...]) -> None:
    """One line per executed model: where derivation and run agree."""
    for run in runs:
        compared = [*run.totals, *(item for call in run.calls for item in call.comparisons)]
        verdicts = Counter(item.verdict for item in compared)
        ended = f"; {run.failure.reason} {dict(run.failure.arguments)}" if run.failure is not None else ""
        print(
            f"executed {run.class_name}: {verdicts['agree']} agree, {verdicts['differ']} differ, "
            f"{verdicts['unknown']} cannot be told{ended}",
            file=sys.stderr,
        )


def _tell_gaps(gaps: tuple[Gap, ...], verbose: bool) -> None:
    if not gaps:
        return
    print(f"{len(gaps)} things could not be derived; the report lists them", file=sys.stderr)
    if verbose:
        for gap in gaps:
            arguments = ", ".join(f"{name}={value}" for name, value in gap.arguments)
            print(f"  {gap.where}: {gap.reason} {arguments}".rstrip(), file=sys.stderr)
