"""A shop's logo: a picture file to the dots of a print head."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image as Picture
from PIL import ImageChops, ImageOps, UnidentifiedImageError

from agent.core.faults import InputFault
from agent.core.receipt.document import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF")
FILE_MAX = 10 * 1024 * 1024
"""Bytes; a logo is a few hundred kilobytes at most."""
PIXELS_MAX = 40_000_000
"""What a telephone photographs; more would fill the memory of a small machine."""
ROWS_MAX = 1200
"""Dots from top to bottom, 15 cm of paper: more is a poster, and mostly a wrong file."""
_WHITE = 255


def load_logo(
    path: Path, *, width: int = 384, dither: bool = True, threshold: int = 128, alt: str = ""
) -> Image:
    """Read a picture, cut its white edges off, fit it to the paper and make dots of it.

    A picture narrower than the width is not enlarged; what is transparent is paper.

    Args:
        path: PNG, JPEG, BMP or GIF (its first picture).
        width: dots it may take across.
        dither: whether grey becomes a pattern of dots, else black or white.
        threshold: without dithering, what is darker than this (0 black, 255 white) is a dot.
        alt: said where there are no dots.

    Raises:
        InputFault: `bad-logo`: the file is missing, no picture, too large, or nothing but white.
    """
    grey = _trimmed(_grey(path), path)
    if grey.width > width:
        height = max(1, (grey.height * width + grey.width // 2) // grey.width)
        grey = grey.resize((width, height), Picture.Resampling.LANCZOS)
    if grey.height > ROWS_MAX:
        raise _bad(path, f"would be {grey.height} dots high on paper", f"{ROWS_MAX} are the most")
    dots = _dots(grey, dither=dither, threshold=threshold)
    return Image(width=dots.width, data=dots.tobytes(), alt=alt)


def _grey(path: Path) -> Picture.Image:
    try:
        size = path.stat().st_size
        if size > FILE_MAX:
            raise _bad(path, f"has {size} bytes", f"{FILE_MAX} are the most; save it smaller")
        with warnings.catch_warnings():
            # Pillow warns of what it takes for a bomb; the limit of this room is lower, and clear.
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
            with Picture.open(path, formats=FORMATS) as picture:
                return _flat(_bounded(picture, path))
    except UnidentifiedImageError as error:
        raise _bad(
            path, "is no picture this program can read", f"save it as {', '.join(FORMATS)}"
        ) from error
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _bad(path, f"cannot be read: {why}", "check the path, its rights and the file") from (
            error
        )


def _bounded(picture: Picture.Image, path: Path) -> Picture.Image:
    if picture.width * picture.height > PIXELS_MAX:
        raise _bad(
            path,
            f"has {picture.width} × {picture.height} pixels",
            f"{PIXELS_MAX // 1_000_000} million are the most; save it smaller",
        )
    return picture


def _flat(picture: Picture.Image) -> Picture.Image:
    """Put a picture on white paper, upright as its camera held it."""
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    paper = Picture.new("RGBA", upright.size, (_WHITE, _WHITE, _WHITE, _WHITE))
    return Picture.alpha_composite(paper, upright).convert("L")


def _trimmed(grey: Picture.Image, path: Path) -> Picture.Image:
    box = ImageChops.invert(grey).point(lambda level: _WHITE if level > 8 else 0).getbbox()
    if box is None:
        raise _bad(path, "is white all over", "save it dark on white or on nothing")
    return grey.crop(box)


def _dots(grey: Picture.Image, *, dither: bool, threshold: int) -> Picture.Image:
    """Give a picture of one bit, in which 1 is a dot."""
    dark = ImageChops.invert(grey)
    if dither:
        return dark.convert("1", dither=Picture.Dither.FLOYDSTEINBERG)
    return dark.point(lambda level: _WHITE if level > _WHITE - threshold else 0).convert(
        "1", dither=Picture.Dither.NONE
    )


def _bad(path: Path, why: str, remedy: str) -> InputFault:
    return InputFault(f"the logo {path} {why}", remedy=remedy, name="bad-logo")
