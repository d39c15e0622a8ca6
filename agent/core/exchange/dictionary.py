"""The dictionary of batches: what both sides know of them before one is sent.

A single sale is mostly names of fields: a compressor that has seen them needs half the bytes. The
dictionary is a file of this package, made of made-up batches by `tests/tidy/dictionary.py`, and the
name of the coding is the name of the file's very bytes: another file gets another name.

RFC 9842 has a coding for this (`dcz`), whose content begins with the SHA-256 of the dictionary:
40 bytes of every sale. Here the name of the coding says which dictionary it is, and zstd's own
frame (RFC 8878, 3.1.1.1.3) repeats its number in two bytes.
"""

from __future__ import annotations

from importlib import resources

PLAIN_CODING = "zstd"
"""RFC 8878, 7.2: what every HQ reads."""
DICTIONARY_CODING = "x-till-1"
"""zstd with `batch.dict`. An HQ that reads it says so in `Accept-Encoding` (RFC 9110, 12.5.3)."""
CODINGS = (PLAIN_CODING, DICTIONARY_CODING)
DICTIONARY_ID = 0x8001
"""In the frame; numbers below 32,768 are reserved (RFC 8878, 5.)."""
_FILE = "batch.dict"


def dictionary() -> bytes:
    """Give the dictionary; read it once and keep what is made of it."""
    return resources.files(__package__).joinpath(_FILE).read_bytes()
