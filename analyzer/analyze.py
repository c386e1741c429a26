"""One line per stage: index → facts → shapes → findings → document → files.

Nothing here decides anything about a repository; it hands each layer the result of the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.records.bundles import Analysis
from analyzer.records.document import Language
from analyzer.records.version import VERSION

Progress = Callable[[str], None]
"""Called with the name of each stage as it begins."""

BUNDLED = "reference_model"
"""Name of the report on the bundled model, which is analysed where no repository is named."""


@dataclass(frozen=True)
class AnalyzeOptions:
    """What a user may choose; the fields are the options of `deepdive analyze`."""

    repository: str | None = None
    """Directory, archive, git URL or `package:NAME`; None for the bundled reference model."""
    languages: tuple[Language, ...] = ("en", "zh")
    model: str | None = None
    """`FILE` or `FILE:CLASS`."""
    build: str | None = None
    inputs: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    packages: tuple[str, ...] = ()
    paper: str | None = None
    """Path of a PDF whose numbers are held against the source."""
    execute: bool = False
    """Run the target's own code as well and compare; never unless asked for."""


def analyze(options: AnalyzeOptions, progress: Progress = lambda stage: None) -> Analysis:
    """Read a repository and derive all that is known of it; raises UserError for what the user can mend."""
    from analyzer.facts import derive_facts
    from analyzer.index import open_repository
    from analyzer.shapes import ShapesOptions, derive_shapes
    from analyzer.techniques import derive_findings
    from analyzer.techniques.paper import compared, read_paper

    paper = read_paper(Path(options.paper)) if options.paper is not None else None
    progress("index")
    index = open_repository(location_of(options.repository), packages=options.packages)
    progress("facts")
    facts = derive_facts(index)
    progress("shapes")
    chosen = ShapesOptions(
        model=options.model,
        build=options.build,
        inputs=options.inputs,
        settings=options.settings,
        environment=options.environment,
        packages=options.packages,
        execute=options.execute,
    )
    shapes = derive_shapes(index, facts, chosen)
    progress("findings")
    findings = derive_findings(index, facts, shapes)
    if paper is not None:
        findings = replace(findings, paper=compared(paper, facts, shapes))
    return Analysis(facts, shapes, findings, VERSION)


def render(
    analysis: Analysis, options: AnalyzeOptions, progress: Progress = lambda stage: None
) -> dict[str, str | bytes]:
    """All files of the report by relative path."""
    from analyzer.document.diagrams import build_diagrams
    from analyzer.document.outline import build_report
    from analyzer.render import render_report

    progress("document")
    diagrams = build_diagrams(analysis)
    report = build_report(analysis, diagrams, options.languages)
    progress("render")
    return render_report(analysis, report, languages=options.languages)


def location_of(repository: str | None) -> str:
    """Where the analysed source lies: the argument itself, or the bundled reference model's directory."""
    return repository if repository is not None else str(Path(__file__).resolve().parent.parent / BUNDLED)


def report_name(repository: str | None) -> str:
    """Name of the report's directory under `out/`: the last part of path or URL without its suffix."""
    if repository is None:
        return BUNDLED
    last = repository.removeprefix("package:").rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]
    if last in ("", ".", ".."):
        last = Path(repository).resolve().name
    for suffix in (".tar.gz", ".zip", ".whl", ".git"):
        last = last.removesuffix(suffix)
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in last) or "repository"
