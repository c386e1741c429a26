"""The text and the tables of a PDF's pages: the one place that knows pypdf and pdfplumber."""

from __future__ import annotations

import io
import logging
from pathlib import Path

from analyzer.records.errors import UserError
from analyzer.techniques.paper.plain_tables import plain_tables

MAX_BYTES = 100_000_000
MAX_PAGES = 400
INSTALL = "install deepdive with the extra `paper`"
Row = tuple[str, ...]
LETTERS = str.maketrans(
    {
        "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
        "\u00ad": "-", "\u2010": "-", "\u2011": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
    }
)  # fmt: skip


def read_bytes(path: Path) -> bytes:
    """The file's bytes; raises UserError where it is no PDF that can be read."""
    if not path.is_file():
        raise UserError("the paper is not a file", str(path), "give the path of a PDF")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"the paper is larger than {MAX_BYTES:,} bytes", str(path), "give a smaller PDF")
    data = path.read_bytes()
    if b"%PDF-" not in data[:1024]:
        raise UserError("the paper is not a PDF", str(path), "give the PDF itself, not a page that links to it")
    return data


def page_texts(data: bytes, name: str) -> list[str]:
    """The text of every page; raises UserError for encrypted or broken files and for pages without text."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise UserError("reading a paper needs pypdf", "--paper", INSTALL) from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError("the paper is encrypted", name, "give a copy without a password")
        texts = [plain(page.extract_text() or "") for page in reader.pages[:MAX_PAGES]]
    except UserError:
        raise
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise UserError("the paper cannot be read as PDF", name, f"{type(error).__name__}; try another copy") from None
    except ImportError:
        raise UserError("the paper is encrypted", name, "give a copy without a password") from None
    if not any(text.strip() for text in texts):
        raise UserError("the paper holds no text", name, "its pages seem to be pictures; give a copy with text")
    return texts


def page_tables(data: bytes) -> dict[int, list[list[Row]]] | None:
    """Ruled tables by page, counted from 1; None where the library for them is not installed."""
    try:
        import pdfplumber
    except ImportError:
        return None
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    found: dict[int, list[list[Row]]] = {}
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            for number, page in enumerate(document.pages[:MAX_PAGES], 1):
                tables = [[tuple(_cell(cell) for cell in row) for row in table] for table in page.extract_tables()]
                words = [dict(w, text=plain(str(w["text"]))) for w in page.extract_words() if w.get("upright", True)]
                unruled = [] if _has_cells(tables) else plain_tables(words, float(page.width))
                if tables or unruled:
                    found[number] = [*tables, *unruled]
    except Exception:  # the parser below raises what it likes on odd files; the text is read by the other library
        return found
    return found


def largest_text(data: bytes) -> str:
    """What the first page prints in its largest letters: the title of most papers; empty where that cannot be told."""
    try:
        import pdfplumber

        with pdfplumber.open(io.BytesIO(data)) as document:
            found = document.pages[0].extract_words(extra_attrs=["size"]) if document.pages else []
    except Exception:  # as above: an odd file, or the library is not installed
        return ""
    words = [w for w in found if w.get("upright", True) and any(c.isalpha() for c in w["text"])]
    sizes = sorted({round(float(w["size"]), 1) for w in words})
    if len(sizes) < 2:
        return ""
    return plain(" ".join(w["text"] for w in words if round(float(w["size"]), 1) == sizes[-1]))


def plain(text: str) -> str:
    """Ligatures as the letters that they join, and every hyphen as the plain one."""
    return text.translate(LETTERS)


def _has_cells(tables: list[list[Row]]) -> bool:
    """A table with rules between its columns; a frame around text or a lone line gives none."""
    return any(len([cell for cell in row if cell]) > 1 for table in tables for row in table)


def _cell(text: str | None) -> str:
    return " ".join(plain(text or "").split())
