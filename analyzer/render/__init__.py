"""From the analysis and its documents to the files of a report; sees records only."""

from analyzer.render.json import facts_json, facts_schema
from analyzer.render.report import render_report
from analyzer.render.shapes_json import shapes_json
from analyzer.render.write import check_target, write_report

__all__ = ["check_target", "facts_json", "facts_schema", "render_report", "shapes_json", "write_report"]
