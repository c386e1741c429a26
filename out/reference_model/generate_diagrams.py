#!/usr/bin/env python3
"""Redraws the figures of this report from diagrams.json, which lies beside this file. Needs matplotlib, nothing else.

    python generate_diagrams.py                       all figures as figures/*.jpg and figures/*.svg
    python generate_diagrams.py --only overview       one of them (repeatable)
    python generate_diagrams.py --format png --dpi 200
    python generate_diagrams.py --list                what there is

Coordinates in diagrams.json are hundredths of an inch, y downwards; change them or the texts and run again.
"""

import argparse
import json
import re
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
UNITS_PER_INCH = 100
POINTS_PER_UNIT = 72 / UNITS_PER_INCH
LABEL_SIZE, LINE_SIZE = 13 * POINTS_PER_UNIT, 11 * POINTS_PER_UNIT
LABEL_HEIGHT, LINE_HEIGHT = 18, 15
INK, QUIET, GRID = "#1f2328", "#57606a", "#d8dee4"


class DrawingError(Exception):
    """Something about the input that the user can mend."""


def main():
    options = arguments()
    try:
        sheet = read_sheet(HERE / "diagrams.json")
        diagrams = chosen(sheet["diagrams"], options.only)
        if options.list:
            for diagram in diagrams:
                print(f"{diagram['id']:32} {diagram.get('kind')!s:5} {diagram.get('title', {}).get('en', '')}")
            return 0
        for diagram in diagrams:
            for suffix in options.format or ["jpg", "svg"]:
                draw(diagram, sheet, HERE / "figures" / f"{diagram['id']}.{suffix}", options.dpi)
    except DrawingError as error:
        print(f"generate_diagrams.py: {error}", file=sys.stderr)
        return 2
    return 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="ID", help="draw only this figure (repeatable)")
    parser.add_argument("--format", action="append", choices=["png", "jpg", "svg"], help="default: jpg and svg")
    parser.add_argument("--dpi", type=int, default=144, help="resolution of png and jpg (default 144)")
    parser.add_argument("--list", action="store_true", help="list the figures and stop")
    options = parser.parse_args()
    if not 10 <= options.dpi <= 1200:
        parser.error("--dpi must lie between 10 and 1200")
    return options


def read_sheet(path):
    try:
        sheet = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DrawingError(f"{path.name} is missing beside this script") from None
    except ValueError as error:
        raise DrawingError(f"{path.name} is not valid JSON: {error}") from None
    if not isinstance(sheet, dict) or sheet.get("schema") != "deepdive/diagrams/1":
        raise DrawingError(f"{path.name} has no schema deepdive/diagrams/1")
    diagrams = sheet.get("diagrams")
    if not isinstance(diagrams, list) or not all(isinstance(one, dict) and is_name(one.get("id")) for one in diagrams):
        raise DrawingError(f"{path.name} needs a list `diagrams` of objects with an id of letters, digits, . _ and -")
    return sheet


def is_name(text):
    """Whether an id can be the name of a file in figures/."""
    return isinstance(text, str) and re.fullmatch(r"\w[\w.-]*", text) is not None


def chosen(diagrams, names):
    known = {diagram["id"]: diagram for diagram in diagrams}
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise DrawingError(f"no figure {unknown[0]!r}; there are: {', '.join(known) or 'none'}")
    return [known[name] for name in names] if names else diagrams


@cache
def pyplot():
    """No display, one font that matplotlib brings along, and nothing in the files that changes from run to run."""
    try:
        import matplotlib
    except ImportError:
        raise DrawingError("matplotlib is missing: python -m pip install matplotlib") from None
    matplotlib.use("Agg")
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(
        {
            "font.family": "DejaVu Sans",
            "svg.hashsalt": "deepdive",
            "svg.fonttype": "path",
            "text.parse_math": False,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.edgecolor": QUIET,
        }
    )
    import matplotlib.pyplot

    return matplotlib.pyplot


def draw(diagram, sheet, path, dpi):
    try:
        figure = {"flow": flow, "line": lines, "bar": bars}[diagram["kind"]](diagram, sheet)
    except KeyError as error:
        raise DrawingError(f"figure {diagram['id']!r}: {error} is missing or unknown in diagrams.json") from None
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise DrawingError(f"figure {diagram['id']!r} cannot be drawn from diagrams.json: {error}") from None
    path.parent.mkdir(exist_ok=True)
    metadata = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}, "jpg": None}[path.suffix[1:]]
    extra = {"pil_kwargs": {"quality": 90}} if path.suffix == ".jpg" else {}
    figure.savefig(path, dpi=dpi, facecolor="white", metadata=metadata, **extra)
    pyplot().close(figure)


def flow(diagram, sheet):
    width, height = diagram["width"], diagram["height"]
    figure = pyplot().figure(figsize=(max(width, 40) / UNITS_PER_INCH, max(height, 40) / UNITS_PER_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, max(width, 40))
    axes.set_ylim(max(height, 40), 0)
    axes.set_axis_off()
    for group in diagram["groups"]:
        frame(axes, group)
    for arrow in diagram["arrows"]:
        arrow_line(axes, arrow)
    for box in diagram["boxes"]:
        rectangle(axes, box, sheet["styles"][box["style"]])
    for arrow in diagram["arrows"]:
        for number, line in enumerate(arrow.get("label", "").split("\n") if arrow.get("label") else []):
            left_text(axes, arrow["label_x"], arrow["label_y"] + number * LINE_HEIGHT, line)
    return figure


def frame(axes, group):
    corner, size = (group["x"], group["y"]), (group["width"], group["height"])
    axes.add_patch(rounded(corner, size, 8, facecolor="none", edgecolor=QUIET, linestyle=(0, (5, 4)), linewidth=0.8))
    left_text(axes, group["label_x"], group["label_y"], group["label"], weight="bold")


def rectangle(axes, box, style):
    radius = 14 if box["style"] == "io" else 4
    corner, size = (box["x"], box["y"]), (box["width"], box["height"])
    axes.add_patch(rounded(corner, size, radius, facecolor=style["fill"], edgecolor=style["border"], linewidth=1))
    labels = box["label"].split("\n")
    middle = box["x"] + box["width"] / 2
    top = box["y"] + (box["height"] - len(labels) * LABEL_HEIGHT - len(box["lines"]) * LINE_HEIGHT) / 2
    for number, line in enumerate(labels):
        axes.text(
            middle,
            top + (number + 0.5) * LABEL_HEIGHT,
            line,
            size=LABEL_SIZE,
            weight="bold",
            ha="center",
            va="center_baseline",
        )
    top += len(labels) * LABEL_HEIGHT
    for number, line in enumerate(box["lines"]):
        axes.text(middle, top + (number + 0.5) * LINE_HEIGHT, line, size=LINE_SIZE, ha="center", va="center_baseline")


def rounded(corner, size, radius, **look):
    from matplotlib.patches import FancyBboxPatch

    radius = min(radius, size[0] / 2, size[1] / 2)
    return FancyBboxPatch(corner, *size, boxstyle=f"round,pad=0,rounding_size={radius}", **look)


def left_text(axes, x, y, text, **look):
    axes.text(x, y, text, size=LINE_SIZE, ha="left", va="center_baseline", **look)


def arrow_line(axes, arrow):
    from matplotlib.patches import FancyArrowPatch

    points = arrow["points"]
    if len(points) < 2:
        return
    style = (0, (5, 4)) if arrow.get("dashed") else "solid"
    axes.plot(
        [x for x, _ in points[:-1]],
        [y for _, y in points[:-1]],
        color=QUIET,
        linewidth=1,
        linestyle=style,
        solid_joinstyle="round",
        zorder=1,
    )
    axes.add_patch(
        FancyArrowPatch(
            points[-2],
            points[-1],
            arrowstyle="-|>",
            mutation_scale=8,
            shrinkA=0,
            shrinkB=0,
            color=QUIET,
            linewidth=1,
            linestyle=style,
            zorder=1,
        )
    )


def lines(diagram, sheet):
    figure, axes = pyplot().subplots(figsize=(7.2, 3.6), layout="constrained")
    dashes = ["-", "--", ":", "-."]
    for number, series in enumerate(diagram["series"]):
        axes.plot(
            series["x"],
            series["y"],
            dashes[number % 4],
            label=series["label"],
            linewidth=1.8,
            color=sheet["series_colours"][number % len(sheet["series_colours"])],
        )
    finish(axes, diagram, len(diagram["series"]) > 1)
    axes.grid(True, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    if not diagram["log_y"]:
        axes.set_ylim(bottom=min(0, *(value for series in diagram["series"] for value in series["y"])))
    return figure


def bars(diagram, sheet):
    names, series = diagram["categories"], diagram["series"]
    rows = len(names) * len(series)
    figure, axes = pyplot().subplots(figsize=(7.2, max(1.6, 0.28 * rows + 0.9)), layout="constrained")
    height = 0.8 / max(1, len(series))
    for number, one in enumerate(series):
        places = [row + number * height - 0.4 + height / 2 for row in range(len(names))]
        drawn = axes.barh(
            places,
            one["y"],
            height=height * 0.86,
            label=one["label"],
            color=sheet["series_colours"][number % len(sheet["series_colours"])],
        )
        axes.bar_label(drawn, labels=[short(value) for value in one["y"]], padding=4, size=8)
    axes.set_yticks(range(len(names)), names, size=9)
    axes.invert_yaxis()
    if diagram["log_y"]:
        axes.set_xscale("log")
    axes.set_xlabel(diagram["y_label"])
    axes.xaxis.set_major_formatter(si_units())
    axes.margins(x=0.16)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axes.legend(frameon=False)
    return figure


def finish(axes, diagram, legend):
    axes.set_xlabel(diagram["x_label"])
    axes.set_ylabel(diagram["y_label"])
    axes.xaxis.set_major_formatter(si_units())
    axes.spines[["top", "right"]].set_visible(False)
    if diagram["log_y"]:
        axes.set_yscale("log")
    axes.yaxis.set_major_formatter(si_units())
    if legend:
        axes.legend(frameon=False)


def si_units():
    return pyplot().FuncFormatter(lambda value, _: short(value))


def short(value):
    if value == 0:
        return "0"
    if abs(value) < 0.01:
        return f"{value:.3g}"
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.4g}{letter}"
    return f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(main())
