"""A PDF written by hand: lines of text per page, and a ruled table behind the last one."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

LEFT, TOP, STEP = 60, 760, 16
WIDTH, HEIGHT = 110, 18


def write_pdf(path: Path, pages: Sequence[str], rows: Sequence[Sequence[str]] = (), password: str = "") -> Path:
    """Write the pages, then the table on the last page."""
    contents = [_text(page) for page in pages]
    contents[-1] += _table(rows)
    data = _document(contents)
    path.write_bytes(_locked(data, password) if password else data)
    return path


def write_places(path: Path, places: Sequence[tuple[float, float, float, str]]) -> Path:
    """Write one page with text at places, each with its left edge, baseline, size and characters."""
    drawn = [f"BT /F1 {size} Tf {x} {y} Td ({_escaped(text)}) Tj ET" for x, y, size, text in places]
    path.write_bytes(_document(["\n".join(drawn).encode("latin-1")]))
    return path


def _text(page: str) -> bytes:
    lines = [f"({_escaped(line)}) Tj 0 -{STEP} Td" for line in page.split("\n")] if page else []
    return f"BT /F1 10 Tf {LEFT} {TOP} Td\n{chr(10).join(lines)}\nET\n".encode("latin-1")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    drawn = []
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            x, y = LEFT + across * WIDTH, 300 - down * HEIGHT
            drawn.append(f"{x} {y} {WIDTH} {HEIGHT} re S")
            drawn.append(f"BT /F1 9 Tf {x + 4} {y + 5} Td ({_escaped(cell)}) Tj ET")
    return "\n".join(drawn).encode("latin-1")


def _document(contents: Sequence[bytes]) -> bytes:
    count = len(contents)
    kids = " ".join(f"{4 + 2 * place} 0 R" for place in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for place, content in enumerate(contents):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * place} 0 R"
        objects.append(f"{page} /Resources << /Font << /F1 3 0 R >> >> >>".encode())
        objects.append(b"<< /Length " + str(len(content)).encode() + b" >>\nstream\n" + content + b"\nendstream")
    data, places = BytesIO(), []
    data.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        places.append(data.tell())
        data.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    start = data.tell()
    entries = "".join(f"{place:010d} 00000 n \n" for place in places)
    data.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{entries}".encode())
    data.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return data.getvalue()


def _locked(data: bytes, password: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    writer.append(PdfReader(BytesIO(data)))
    writer.encrypt(password, algorithm="RC4-128")
    locked = BytesIO()
    writer.write(locked)
    return locked.getvalue()
