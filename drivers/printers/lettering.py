"""Text as grey letters in cells of 12 by 24 dots, whatever its scripts: the one typesetter.

Dots for printers and pictures for the page come from here, so that both look alike. Letters of
Noto Sans Mono and of Chinese, Japanese and Korean stand in cells of their own. Scripts whose
letters join or differ in width are shaped as words and fitted into the columns that the layout
has counted for them, so that what stands right of them stays in its column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from agent.core.receipt.width import width
from drivers.printers.codecs.dialect import CELL_HEIGHT, CELL_WIDTH
from drivers.printers.codecs.text import normal
from drivers.printers.codecs.visual import Piece, visual
from drivers.printers.fonts import MONO, Font, face, holder, shaper, tongue

if TYPE_CHECKING:
    import uharfbuzz
    from PIL import Image

_STRETCH_MAX = 1.6
"""A word is drawn at most so much wider than its font has it; beyond that, blank is left."""
_FLAT_MAX = 0.8
"""It is drawn so much lower before it is moved up or down."""
_GREY = "L"


class _Span(msgspec.Struct, frozen=True):
    """Letters that are set together."""

    text: str
    """In the order it is read."""
    font: Font | None
    """None: no font holds it."""
    backwards: bool


def lettering(text: str, *, bold: bool = False, scale: int = 1, language: str = "") -> Image.Image:
    """Set one line.

    Args:
        text: in the order it is read; control characters count as blanks.
        bold: thicker strokes.
        scale: 2 for letters twice as wide and high.
        language: BCP 47 tag; it decides how Chinese characters are written.

    Returns:
        Grey (255 is ink), `width(text)` cells wide (at least one) and one cell high, times scale.
    """
    from PIL import Image

    across = max(1, width(text)) * CELL_WIDTH * scale
    sheet = Image.new(_GREY, (across, CELL_HEIGHT * scale))
    place = 0
    for span in _spans(normal(text), language):
        _set(sheet, span, (place, bold, scale, language))
        place += width(span.text) * CELL_WIDTH * scale
    return sheet


def _spans(text: str, language: str) -> Iterator[_Span]:
    chosen = tongue(text, language)
    fonts = ((piece, holder(piece.text, chosen)) for piece in visual(text))
    for (font, backwards, alone), pieces in groupby(fonts, key=_together):
        if alone:
            yield from (_Span(piece.shown, font, False) for piece, _ in pieces)
        else:
            yield _Span(_read((piece for piece, _ in pieces), backwards), font, backwards)


def _together(placed: tuple[Piece, Font | None]) -> tuple[Font | None, bool, bool]:
    piece, font = placed
    alone = font is None or not font.fitted or piece.text == " "
    return font, piece.backwards, alone


def _read(pieces: Iterable[Piece], backwards: bool) -> str:
    texts = [piece.text for piece in pieces]
    return "".join(reversed(texts) if backwards else texts)


def _set(sheet: Image.Image, span: _Span, how: tuple[int, bool, int, str]) -> None:
    place, bold, scale, language = how
    if span.text == " ":
        return
    room = max(1, width(span.text)) * CELL_WIDTH * scale
    if span.font is None:
        letters = _box(room, scale)
    elif _is_fitted(span.text, span.font, room, bold, scale):
        letters = _word(span, room, bold, scale, language)
    else:
        letters = _letter(span.text, span.font, room, bold, scale)
    if bold and span.font and not span.font.bold:
        sheet.paste(255, (place + scale, 0), letters)
    sheet.paste(255, (place, 0), letters)


def _is_fitted(text: str, font: Font, room: int, bold: bool, scale: int) -> bool:
    if font.fitted or len(text) > 1:
        return True
    return face(font.size * scale, bold=bold, font=font).getlength(text) > room


def _box(room: int, scale: int) -> Image.Image:
    from PIL import Image, ImageDraw

    letters = Image.new(_GREY, (room, CELL_HEIGHT * scale))
    corners = (2 * scale, 4 * scale, room - 3 * scale, MONO.baseline * scale)
    ImageDraw.Draw(letters).rectangle(corners, outline=255, width=scale)
    return letters


def _letter(char: str, font: Font, room: int, bold: bool, scale: int) -> Image.Image:
    from PIL import Image, ImageDraw

    letters = Image.new(_GREY, (room, CELL_HEIGHT * scale))
    ImageDraw.Draw(letters).text(
        (room // 2, font.baseline * scale),
        char,
        fill=255,
        font=face(font.size * scale, bold=bold, font=font),
        anchor="ms",
    )
    return letters


def _word(span: _Span, room: int, bold: bool, scale: int, language: str) -> Image.Image:
    """Shape a word, and fit it into its columns and its row."""
    import uharfbuzz

    font = span.font or MONO
    shapes = shaper(font, bold=bold)
    shaped = uharfbuzz.Buffer()
    shaped.add_str(span.text)
    shaped.guess_segment_properties()
    shaped.direction = "rtl" if span.backwards else "ltr"
    if language:
        shaped.language = language
    uharfbuzz.shape(shapes, shaped)
    return _drawn(shapes, shaped, _Fit.of(shapes, shaped, span, room, scale))


class _Fit(msgspec.Struct, frozen=True):
    """Where a word stands in its cells, in dots; factors are dots per unit of its font."""

    room: int
    height: int
    left: float
    baseline: float
    across: float
    up: float

    @classmethod
    def of(
        cls,
        shapes: uharfbuzz.Font,
        shaped: uharfbuzz.Buffer,
        span: _Span,
        room: int,
        scale: int,
    ) -> _Fit:
        """Widen or narrow a word to its columns; flatten one with marks piled up high.

        Where that would make it too low to read, it leaves the line the others stand on.
        """
        font = span.font or MONO
        height, stands = CELL_HEIGHT * scale, font.baseline * scale
        full = font.size * scale / shapes.face.upem
        above, below = (max(1, reach) for reach in _reach(shapes, shaped))
        up = min(full, max(full * _FLAT_MAX, min(stands / above, (height - stands) / below)))
        up = min(up, height / (above + below))
        baseline = min(max(stands, above * up), height - below * up)
        natural = max(1, sum(glyph.x_advance for glyph in shaped.glyph_positions))
        across = min(room / natural, full * _STRETCH_MAX)
        left = room - natural * across if span.backwards else 0
        return cls(room, height, left, baseline, across, up)


def _reach(shapes: uharfbuzz.Font, shaped: uharfbuzz.Buffer) -> tuple[int, int]:
    """Measure how far ink reaches above and below the baseline, in units of the font."""
    above, below, at = 0, 0, 0
    for glyph, moved in zip(shaped.glyph_infos, shaped.glyph_positions, strict=True):
        ink = shapes.get_glyph_extents(glyph.codepoint)
        if ink is not None and ink.height:
            top = at + moved.y_offset + ink.y_bearing
            above, below = max(above, top), max(below, -top - ink.height)
        at += moved.y_advance
    return above, below


def _drawn(shapes: uharfbuzz.Font, shaped: uharfbuzz.Buffer, fit: _Fit) -> Image.Image:
    """Fill the outlines; the room is the whole cell, its lowest row the last."""
    import uharfbuzz
    from PIL import Image

    pen = uharfbuzz.RasterDraw()
    x = y = 0
    for glyph, moved in zip(shaped.glyph_infos, shaped.glyph_positions, strict=True):
        right = fit.left + (x + moved.x_offset) * fit.across
        risen = fit.height - fit.baseline + (y + moved.y_offset) * fit.up
        pen.transform = (fit.across, 0, 0, fit.up, right, risen)
        pen.draw_glyph(shapes, glyph.codepoint)
        x, y = x + moved.x_advance, y + moved.y_advance
    pen.extents = uharfbuzz.RasterExtents(0, 0, fit.room, fit.height, 0)
    drawn = pen.render()
    size, stride = (drawn.extents.width, drawn.extents.height), drawn.extents.stride
    return Image.frombytes(_GREY, size, bytes(drawn.buffer), "raw", _GREY, stride, -1)
