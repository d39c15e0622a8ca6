"""Symbols drawn by one program (zint) and read by another (zxing-cpp), as scanners send them."""

from __future__ import annotations

import zint
import zxingcpp

ADD_ON = zxingcpp.EanAddOnSymbol.Require


def scanned(symbology: str, text: str, *, gs1: bool = False) -> bytes:
    """Draw a symbol, read it, and give AIM identifier and bytes as a scanner sends them."""
    symbol = zint.Symbol()
    symbol.symbology = getattr(zint.Symbology, symbology)
    symbol.scale = 4
    symbol.show_hrt = False
    symbol.whitespace_width = 10
    symbol.whitespace_height = 10
    if gs1:
        symbol.input_mode = zint.InputMode.GS1
    symbol.encode(text)
    symbol.buffer()
    with_add_on = {"ean_add_on_symbol": ADD_ON} if "+" in text else {}
    (seen,) = zxingcpp.read_barcodes(memoryview(symbol.bitmap), **with_add_on)
    return seen.symbology_identifier.encode() + seen.bytes
