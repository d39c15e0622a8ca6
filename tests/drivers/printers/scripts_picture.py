"""Draws what a model prints, from its bytes: every script, as it stands on paper.

python -m tests.drivers.printers.scripts_picture OUT.png [MODEL]
"""

from __future__ import annotations

import sys

from agent.core.receipt.document import Cut, Feed, ReceiptDocument, Row, Rule, Text
from agent.core.receipt.layout import lay_out
from drivers.printers.dots import draw
from drivers.printers.making import LANGUAGES
from drivers.printers.models import DEFAULT_MODEL, MODELS
from tests.drivers.printers.paper_reader import read

LINE = "Café €3 Žluť Привет Ωμέγα 漢 한글 مرحبا שלום"
SCRIPTS = {
    "Latin": "Žluťoučký kůň",
    "Turkish": "İğneli şapka",
    "Baltic": "Ąžuolas ķērpis",
    "Vietnamese": "Trà sữa",
    "Greek": "Ωμέγα τρία",
    "Cyrillic": "Чай, їжа",
    "Hebrew": "תה ירוק (2)",
    "Arabic": "شاي أخضر",
    "Thai": "ชาเขียวร้อน",
    "Devanagari": "हरी चाय",
    "Kana": "りょくちゃ",
    "Han": "綠茶 绿茶",
    "Hangul": "녹차",
}


def sample():
    """Make a receipt with every script."""
    rows = [Row(script, "12.50") for script in SCRIPTS.values()]
    return ReceiptDocument(
        "en",
        (
            Text("Café 漢字 مرحبا", align="center", bold=True, double=True),
            Text(LINE),
            Rule(),
            *rows,
            Rule(),
            Row("Total المجموع", "162.50", bold=True),
            Feed(1),
            Text("ありがとうございました。またお越しください。", align="center"),
            Cut(),
        ),
    )


def job(name, document=None):
    """Write a document as the driver of a model sends it."""
    model = MODELS[name]
    driver = LANGUAGES[model.language][0](None, model)
    return driver.encode(lay_out(document or sample(), model.dialect.columns), draw)


def main(out, name=DEFAULT_MODEL):
    """Draw a model's paper into a file."""
    model = MODELS[name]
    read(job(name), model).picture(model.dialect.dots).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
