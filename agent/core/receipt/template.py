"""What IT may change about a store's papers without code: the receipt template, as values.

A template orders sections, adds texts of its own and replaces words. What the law or the customer's
safety asks of a paper cannot be left out; `template_rules` says so, with the reason.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from agent.core.receipt.document import Image

V = TypeVar("V")

RECEIPT_SECTIONS = (
    "copy",
    "logo",
    "seller",
    "header",
    "feed",
    "identity",
    "rule",
    "lines",
    "rule",
    "totals",
    "tenders",
    "taxes",
    "points",
    "feed",
    "footer",
    "feed",
    "return_code",
    "copy",
)
"""The order of a receipt where no template says another."""
REPORT_SECTIONS = ("copy", "seller", "feed", "report")
"""The order of a Z report, an X report and a cash voucher; no logo, for those who wait for it."""


class LogoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[logo]`: a picture on top of the receipt."""

    file: str
    """PNG, JPEG, BMP or GIF; a relative path begins at the template's own folder."""
    width: int = 384
    """Dots it may take across, 8 dots to a millimetre: 384 on 58 mm paper, up to 576 on 80 mm."""
    method: Literal["dither", "threshold"] = "dither"
    """How grey becomes black and white: `dither` for photographs, `threshold` for line art."""
    threshold: int = 128
    """With `threshold`: what is darker than this (0 black to 255 white) becomes a dot."""
    text: str = ""
    """Said where there are no dots: in plain text, and to those who cannot see the page."""


class ReceiptSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[receipt]`: the paper the customer takes home."""

    sections: tuple[str, ...] = RECEIPT_SECTIONS
    """From top to bottom: copy, logo, seller, identity, lines, totals, tenders, taxes, points,
    return_code, rule, feed, and the name of any `[block.NAME]`; `header` and `footer` are blocks
    as well. `points` is what a loyalty programme gave, on the first print alone."""
    return_code: Literal["signed", "barcode", "qr", "none"] = "signed"
    """What is printed to be scanned for a return: `signed`, a QR code that every till of the chain
    can trust offline; or the number alone, as bars or as `qr` (bars may be too wide)."""


class ReportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[report]`: Z reports, X reports and cash vouchers."""

    sections: tuple[str, ...] = REPORT_SECTIONS
    """From top to bottom: copy, logo, seller, report, rule, feed, and blocks without words that
    only a receipt can fill."""


class LineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[lines]`: how a sold item is shown."""

    quantity: Literal["when-not-one", "always"] = "when-not-one"
    """Whether `1 × 4.99` stands below an item of which one was sold."""
    gtin: bool = False
    """Show the item's GTIN below its name."""
    tax_letters: bool = True
    """Mark each amount with the letter of its rate in the tax table."""
    list_price: bool = True
    """Show the price that was overridden."""


class BlockSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[block.NAME]`: lines, a barcode or a QR code of the shop's own."""

    lines: tuple[str, ...] = ()
    """Text; words in braces such as `{receipt_no}` are filled in, `{{` prints a brace."""
    align: Literal["left", "center", "right"] = "center"
    """Where a language is written from right to left, left and right change places."""
    bold: bool = False
    double: bool = False
    """Twice as wide and high."""
    barcode: str | None = None
    """Below the lines: a Code 128 symbol of this text."""
    qr: str | None = None
    """Below the lines: a QR code of this text, such as `https://shop.example/r/{receipt_no}`."""


BLOCKS = {"header": BlockSettings(), "footer": BlockSettings(lines=("{thanks}",))}
"""Blocks every template has; one of its own by that name takes its place."""


class TemplateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole template file."""

    logo: LogoSettings | None = None
    receipt: ReceiptSettings = ReceiptSettings()
    report: ReportSettings = ReportSettings()
    lines: LineSettings = LineSettings()
    block: dict[str, BlockSettings] = {}
    """`[block.NAME]`, to be named in `sections`."""
    text: dict[str, dict[str, tuple[str, ...]]] = {}
    """`[text.de]`: in that language, the lines of a block: `footer = ["Bis bald"]`."""
    words: dict[str, dict[str, str | dict[str, str]]] = {}
    """`[words.de]`: in that language, another word: `receipt = "Beleg"`."""


class Template(msgspec.Struct, frozen=True):
    """A template that was checked, with its logo as dots."""

    settings: TemplateSettings = TemplateSettings()
    logo: Image | None = None

    def block(self, name: str, language: str) -> BlockSettings | None:
        """Give a block with the lines of a language (BCP 47); None where there is none."""
        found = self.settings.block.get(name, BLOCKS.get(name))
        lines = spoken(self.settings.text, language).get(name)
        if found is None or lines is None:
            return found
        return msgspec.structs.replace(found, lines=lines)


def spoken(table: dict[str, dict[str, V]], language: str) -> dict[str, V]:
    """Give what a table by language says: the tag's own entries over those of its language.

    Tags are compared in lower case.
    """
    tags = {tag.lower(): entries for tag, entries in table.items()}
    primary = language.lower().partition("-")[0]
    return {**tags.get(primary, {}), **tags.get(language.lower(), {})}


BUILT_IN = Template()
"""What is printed where the settings name no template."""
