"""The symbol a scanner is tried with: every trap of a GS1 code in one, and no article of a shop.

Its item number is of GS1's own range for examples (952); the batch holds letters, digits and signs
that sit elsewhere on other keyboards; FNC1 between batch and serial number must arrive as GS.
"""

from __future__ import annotations

from pathlib import Path

from agent.core.receipt.document import Barcode, Cut, Feed, Qr, ReceiptDocument, Text

GS = "\x1d"
BEFORE_GS = '010952999999999010YZ-qA/"w'
AFTER_GS = "21m1-End"
EXPECTED = f"{BEFORE_GS}{GS}{AFTER_GS}"
"""AI 01 item, 10 batch, FNC1, 21 serial number (GS1 General Specifications, 3)."""
LINEAR = "TEST-yz/QA"
"""The text of the Code 128 symbol beside it."""


def on_terminal() -> str:
    """Draw the symbol in characters of half a square each."""
    import io

    import segno

    out = io.StringIO()
    segno.make_qr(EXPECTED, mode="byte", encoding="latin-1").terminal(out, compact=True)
    return out.getvalue()


def as_picture(path: Path) -> None:
    """Draw the symbol and a linear one into a PNG file.

    Raises:
        OSError: it cannot be written.
    """
    from drivers.printers.picture import png

    blocks = (
        Text("till-agent: scan one of these", align="center"),
        Qr(EXPECTED),
        Feed(2),
        Barcode(LINEAR),
        Cut(),
    )
    path.write_bytes(png(ReceiptDocument(language="en", blocks=blocks)))
