"""`python -m benchmarks.report_lint REPORT… [--repo DIR]`: prints what is wrong and fails where anything is."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report_lint.absences import absence_findings
from benchmarks.report_lint.drawings import drawing_findings
from benchmarks.report_lint.finding import Finding, WrittenReport
from benchmarks.report_lint.links import link_findings
from benchmarks.report_lint.pages import page_findings
from benchmarks.report_lint.prose import prose_findings
from benchmarks.report_lint.quotations import quotation_findings
from benchmarks.report_lint.tables import table_findings


def main() -> int:
    """Lint each report by itself; the last line counts what each rule found."""
    options = _options()
    total: Counter[str] = Counter()
    for directory in options.reports:
        found = list(lint(WrittenReport(directory), options.repo))
        total.update(item.rule for item in found)
        for item in found:
            print(f"{directory.name}/{item}")
    counted = ", ".join(f"{rule}: {count}" for rule, count in sorted(total.items())) or "nothing found"
    print(f"{len(options.reports)} reports; {counted}", file=sys.stderr)
    return 1 if total else 0


def lint(report: WrittenReport, repository: Path | None) -> Iterator[Finding]:
    """Every rule over a report; `repository` is the source that links to a remote are held against."""
    for file in report.texts.values():
        yield from table_findings(file)
    yield from link_findings(report, repository)
    yield from quotation_findings(report, repository)
    yield from prose_findings(report)
    yield from absence_findings(report)
    yield from drawing_findings(report)
    yield from page_findings(report)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_lint", description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="a directory that analyze wrote")
    parser.add_argument("--repo", type=Path, help="the source of the reports, for links to a remote")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
