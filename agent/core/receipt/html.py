"""A document as a page: for a telephone, an e-mail, a browser's printer, and screen readers.

The page stands by itself: no script, no file besides it, every name escaped. Its own policy (CSP
Level 3) allows its one style sheet, by hash, and the pictures within it, so it is as harmless when
it is saved and sent on as when the agent serves it.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from base64 import b64encode
from hashlib import sha256
from html import escape
from itertools import groupby

from agent.core.receipt.code128 import modules
from agent.core.receipt.direction import has_rtl, is_rtl, without_controls
from agent.core.receipt.document import Image, ReceiptDocument
from agent.core.receipt.layout import BARCODE_DOTS, LaidLine, lay_out
from agent.core.receipt.qr import QUIET, qr_matrix

BARS_QUIET = 10
"""Light modules beside a Code 128 symbol (ISO/IEC 15417, 4.5)."""
BAR_MODULES = 30
"""Height of bars in modules: hand scanners and telephones read them at an angle."""
PIXELS_PER_10_DOTS = 8
"""A column is 12 dots on paper and about 9.6 pixels here."""
QR_MODULE = 5
"""Pixels of a module."""

_STYLE = """\
*{{box-sizing:border-box}}
html{{background:#e7e5e1;color:#111;color-scheme:light}}
body{{margin:0;padding:1rem .5rem}}
main{{width:fit-content;max-width:100%;margin:0 auto;padding:1.5em 1.25em;background:#fff;
box-shadow:0 1px 6px #0003;font:min(16px,calc((100vw - 1rem)/{room}))/1.35 "DejaVu Sans Mono",
"Liberation Mono","Noto Sans Mono","Cousine",Menlo,Consolas,monospace}}
p{{min-width:{columns}ch;max-width:{columns}ch;min-height:1.35em;margin:0;white-space:pre-wrap;
overflow-wrap:anywhere}}
.row{{display:flex;justify-content:space-between;gap:1ch;align-items:flex-end}}
.row>bdi{{flex:none}}
.left{{text-align:left}}.center{{text-align:center}}.right{{text-align:right}}
.bold{{font-weight:bold}}
.double{{font-size:2em;line-height:1.2;min-width:{half}ch;max-width:{half}ch;min-height:1.2em}}
hr{{margin:.6em 0;border:0;border-top:1px dashed #111}}
hr.cut{{border-top:2px dotted #999}}
figure{{margin:.4em 0;max-width:{columns}ch;text-align:center}}
figure svg,figure img{{max-width:100%;height:auto}}
@page{{margin:4mm}}
@media print{{html,main{{background:none;box-shadow:none}}body,main{{padding:0}}}}
"""


def html(document: ReceiptDocument, columns: int) -> str:
    """Write a document as one page, with as many columns as its paper.

    Args:
        document: what is to be seen.
        columns: narrow characters of a line; the page is made smaller where a screen is narrower.

    Raises:
        InputFault: a number of columns no receipt can be laid out in, or data no symbol holds.
    """
    lines = lay_out(document, columns)
    rtl = is_rtl(document.language)
    body = "\n".join(_line(line, rtl=rtl) for line in _without_last_cut(lines))
    style = stylesheet(columns)
    return _PAGE.format(
        language=escape(document.language),
        direction="rtl" if rtl else "ltr",
        policy=policy(style),
        title=escape(_title(lines)),
        style=style,
        body=body,
    )


_PAGE = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def stylesheet(columns: int) -> str:
    """Give the one style sheet of a page with so many columns."""
    # A monospaced letter is about 0.6 em wide; three more are the margins.
    return _STYLE.format(columns=columns, half=columns // 2, room=columns * 62 // 100 + 3)


def policy(style: str) -> str:
    """Allow a page nothing but its pictures and this style sheet; also for the HTTP header."""
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"


def _title(lines: tuple[LaidLine, ...]) -> str:
    """Call the page by its first words, mostly the shop's name."""
    words = (line.text for line in lines if line.kind == "text" and not line.label)
    return next((text.strip() for text in words if text.strip()), "-")


def _without_last_cut(lines: tuple[LaidLine, ...]) -> list[LaidLine]:
    """Leave out the end of the paper and the feed before it: a page ends by itself."""
    kept = list(lines)
    while kept and kept[-1].kind in ("cut", "feed"):
        kept.pop()
    return kept


_MARKS = {"rule": "<hr>", "cut": '<hr class="cut">', "feed": "<p></p>"}


def _line(line: LaidLine, *, rtl: bool) -> str:
    match line.kind:
        case "rule" | "cut" | "feed":
            return _MARKS[line.kind]
        case "qr":
            return _figure(_qr(line.data))
        case "barcode":
            return _figure(f"{_bars(line.data)}<figcaption>{escape(line.text)}</figcaption>")
        case _:
            if line.image is not None:
                return _figure(_picture(line.image, line.text))
            return _text(line, rtl=rtl)


def _text(line: LaidLine, *, rtl: bool) -> str:
    """Leave the order to the browser: the isolates of paper are elements here."""
    sizes = [name for name, on in (("bold", line.bold), ("double", line.double)) if on]
    if line.label or line.amount:
        kind = " ".join(["row", *sizes])
        amount = f"<bdi>{escape(line.amount)}</bdi>"
        return f'<p class="{kind}">{_side(line.label, rtl=rtl)}{amount}</p>'
    kind = " ".join([line.align, *sizes])
    return f'<p class="{kind}">{_side(without_controls(line.text), rtl=rtl)}</p>'


def _side(text: str, *, rtl: bool) -> str:
    """Indent on the side where the language begins, whatever letters the text has."""
    body = text.strip(" ")
    indent = "&nbsp;" * (len(text) - len(body))
    direction = "rtl" if rtl and has_rtl(body) else "auto"
    return f'<span>{indent}<bdi dir="{direction}">{escape(body)}</bdi></span>'


def _figure(inner: str) -> str:
    return f"<figure>{inner}</figure>"


def _qr(data: str) -> str:
    rows = ["".join("1" if dark else "0" for dark in row) for row in qr_matrix(data)]
    path = "".join(_runs(row, QUIET, place + QUIET, 1) for place, row in enumerate(rows))
    size = len(rows) + 2 * QUIET
    return _svg(path, size, size, QR_MODULE, data)


def _bars(data: str) -> str:
    bars = modules(data)
    path = _runs(bars, BARS_QUIET, 0, BAR_MODULES)
    return _svg(path, len(bars) + 2 * BARS_QUIET, BAR_MODULES, BARCODE_DOTS, data)


def _runs(row: str, left: int, top: int, height: int) -> str:
    """Draw each run of dark modules as one rectangle."""
    drawn, at = "", left
    for module, run in groupby(row):
        length = len(list(run))
        drawn += f"M{at} {top}h{length}v{height}h-{length}z" if module == "1" else ""
        at += length
    return drawn


def _svg(path: str, width: int, height: int, scale: int, label: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" '
        f'width="{width * scale}" height="{height * scale}" viewBox="0 0 {width} {height}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{width}v{height}H0z"/>'
        f'<path d="{path}"/></svg>'
    )


def _picture(image: Image, alt: str) -> str:
    across = image.width * PIXELS_PER_10_DOTS // 10
    data = b64encode(png_of(image)).decode("ascii")
    return f'<img alt="{escape(alt)}" width="{max(1, across)}" src="data:image/png;base64,{data}">'


def png_of(image: Image) -> bytes:
    """Write dots as a PNG of one bit (ISO/IEC 15948): black on white."""
    stride = (image.width + 7) // 8
    rows = [image.data[start : start + stride] for start in range(0, len(image.data), stride)]
    # Greyscale 0 is black, and a dot is 1: every bit is turned round. Each row has filter 0.
    body = b"".join(b"\0" + bytes(byte ^ 0xFF for byte in row.ljust(stride, b"\0")) for row in rows)
    head = struct.pack(">IIBBBBB", image.width, max(1, len(rows)), 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(body)), (b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = binascii.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")
