"""A paper in the order of its template: its own parts, what all papers share, IT's own blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from agent.core.receipt.document import (
    Barcode,
    Block,
    Cut,
    Feed,
    Qr,
    ReceiptDocument,
    Rule,
    Text,
)
from agent.core.receipt.placeholders import fill
from agent.core.receipt.shop import Shop, copy_mark, seller
from agent.core.receipt.template import BlockSettings

Part = Callable[[], Sequence[Block]]


def assemble(
    sections: Sequence[str],
    parts: Mapping[str, Part],
    shop: Shop,
    values: Mapping[str, str],
    *,
    copy: bool,
) -> ReceiptDocument:
    """Put a paper together, and cut it.

    Args:
        sections: names of parts and of the template's blocks; one that is neither is nothing.
        parts: what is particular to this kind of paper.
        shop: with its template.
        values: for the words in braces.
        copy: whether to mark it as a copy.
    """
    every: dict[str, Part] = {
        "copy": partial(copy_mark, shop) if copy else list,
        "logo": partial(_logo, shop),
        "seller": partial(seller, shop),
        "rule": lambda: [Rule()],
        "feed": lambda: [Feed()],
        **parts,
    }
    made = [
        block
        for name in sections
        for block in (every[name]() if name in every else _own(name, shop, values))
    ]
    return ReceiptDocument(language=shop.language, blocks=(*made, Feed(), Cut()))


def _logo(shop: Shop) -> list[Block]:
    logo, settings = shop.template.logo, shop.template.settings.logo
    if logo is None:
        return []
    alt = settings.text if settings is not None else logo.alt
    return [msgspec.structs.replace(logo, alt=alt or logo.alt)]


def _own(name: str, shop: Shop, values: Mapping[str, str]) -> list[Block]:
    block = shop.template.block(name, shop.language)
    if block is None:
        return []
    lines = (fill(line, values) for line in block.lines)
    texts: list[Block] = [_text(line, block) for line in lines if line is not None]
    return [*texts, *_symbols(block, values)]


def _text(line: str, block: BlockSettings) -> Text:
    return Text(line, align=block.align, bold=block.bold, double=block.double)


def _symbols(block: BlockSettings, values: Mapping[str, str]) -> list[Block]:
    bars = fill(block.barcode, values) if block.barcode else None
    code = fill(block.qr, values) if block.qr else None
    return [*([Barcode(bars)] if bars else []), *([Qr(code)] if code else [])]
