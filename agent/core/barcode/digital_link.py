"""GS1 Digital Link: a web address that carries a GS1 key in its path.

GS1 Digital Link Standard: URI Syntax, release 1.4 and later. Strict where a lenient reader would
sell the wrong item: a GTIN has fourteen digits, key and qualifiers stand in the defined order, what
belongs into the path is not taken from the query, no AI comes twice, no unknown numeric key is
passed over. The scheme is taken in any case: alphanumeric QR mode has capitals only.

`biip` is not used for the address itself: it refuses `HTTPS://`, pads short GTINs and takes the
last of repeated values.
"""

from __future__ import annotations

import re

from agent.core.barcode.check_digits import check_digit, is_digits
from agent.core.barcode.elements import Element, element, is_ai, require_few, together
from agent.core.barcode.unreadable import Unreadable

# Key → the alternatives of its qualifiers, each in the one order allowed (URI Syntax, 4.9).
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("00", "253", "255", "401", "402", "8003", "8013"), ((),)),
    "01": (("22", "10", "21"), ("235",)),
    "8006": (("22", "10", "21"),),
    "414": (("254",), ("7040",)),
    "415": (("8020",),),
    "417": (("7040",),),
    "8004": (("7040",),),
    "8010": (("8011",),),
    "8017": (("8019",),),
    "8018": (("8019",),),
}
# AIs that GS1 allows in no query: they qualify a key, or say nothing outside the path.
_PATH_ONLY = frozenset(
    ("03", "21", "22", "235", "254", "7040", "7041", "8011", "8014", "8019", "8020", "8200")
)

_URI = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.:\[\]-]+)(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.ASCII,
)
# RFC 3986, 2: unreserved and reserved characters and the percent sign, nothing else.
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")
_COMPRESSED = re.compile(r"[A-Za-z0-9_-]{10,}", re.ASCII)
_BASE64_URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_GTIN_BITS = 47


def is_web_address(text: str) -> bool:
    """Tell whether a text is meant as a web address.

    >>> is_web_address("HTTPS://ID.GS1.ORG/01/09520123456788"), is_web_address("WEB-1")
    (True, False)
    """
    return text[:8].lower().startswith(("https://", "http://"))


def link_elements(uri: str) -> tuple[Element, ...]:
    """Take the verified elements out of an uncompressed GS1 Digital Link.

    Raises:
        Unreadable: `bad-web-address`, `no-gs1-key`, `compressed-digital-link`,
            `wrong-qualifier`, `wrong-attribute`, `too-many-ais`, or a reason of one element.

    >>> [(e.ai, e.value) for e in link_elements("https://example.com/01/09520123456788/10/A%2F1")]
    [('01', '09520123456788'), ('10', 'A/1')]
    """
    parts = _URI.fullmatch(uri)
    if parts is None or _URI_CHARACTERS.fullmatch(uri) is None:
        raise Unreadable("bad-web-address", f"{uri[:80]!r} is not a well-formed web address")
    path = _path_pairs(parts["path"])
    _check_order(path)
    query = _query_pairs(parts["query"] or "")
    require_few(len(path) + len(query))
    _check_attributes(path, query)
    return together([element(ai, value) for ai, value in (*path, *query)])


def _path_pairs(path: str) -> list[tuple[str, str]]:
    """Walk back from the end to the last key: what stands before it is the address's own."""
    segments = path.split("/")[1:]
    for start in range(len(segments) - 2, -1, -2):
        if not is_ai(segments[start]):
            break
        if segments[start] in _KEYS:
            tail = segments[start:]
            return [(ai, _decoded(v)) for ai, v in zip(tail[::2], tail[1::2], strict=True)]
    raise _keyless(segments)


def _keyless(segments: list[str]) -> Unreadable:
    if _is_compressed(segments):
        return Unreadable(
            "compressed-digital-link",
            f"/{segments[-1]} is a compressed Digital Link; only the uncompressed form is read",
        )
    return Unreadable(
        "no-gs1-key", f"/{'/'.join(segments)[:80]} does not end in a GS1 key and its qualifiers"
    )


def _check_order(path: list[tuple[str, str]]) -> None:
    key, qualifiers = path[0][0], [ai for ai, _ in path[1:]]
    for allowed in _KEYS[key]:
        if qualifiers == [ai for ai in allowed if ai in qualifiers]:
            return
    raise Unreadable(
        "wrong-qualifier", f"/{'/'.join(qualifiers)} is no qualifier of AI {key}, or out of order"
    )


def _query_pairs(query: str) -> list[tuple[str, str]]:
    pairs = [pair.partition("=") for pair in query.split("&")]
    found = [(ai, _decoded(value.replace("+", " "))) for ai, sign, value in pairs if sign]
    return [(ai, _padded(ai, value)) for ai, value in found if is_digits(ai)]


def _padded(ai: str, value: str) -> str:
    # A GTIN as an attribute of another key may still be short; as the key itself never.
    short = ai == "01" and len(value) in (8, 12, 13)
    return value.zfill(14) if short else value


def _check_attributes(path: list[tuple[str, str]], query: list[tuple[str, str]]) -> None:
    key, seen = path[0][0], [ai for ai, _ in path]
    for ai, _ in query:
        if ai in seen:
            raise Unreadable("repeated-ai", f"AI {ai} stands in the address more than once")
        if ai in _PATH_ONLY or _belongs_into_path(key, ai, [name for name, _ in path]):
            raise Unreadable("wrong-attribute", f"AI {ai} must stand in the path, not after the ?")
        seen.append(ai)


def _belongs_into_path(key: str, ai: str, path: list[str]) -> bool:
    return any(ai in allowed and set(path[1:]) <= set(allowed) for allowed in _KEYS[key])


def _decoded(value: str) -> str:
    return _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), value)


def _is_compressed(segments: list[str]) -> bool:
    """Recognise compression by its content: a GTIN with the right check digit in 47 bits.

    GS1 Digital Link Standard: Compression, 4.4: eight bits of AI (or of an abbreviation, which
    has a letter in its two hexadecimal digits), then the GTIN.
    """
    last = segments[-1]
    if _COMPRESSED.fullmatch(last) is None:
        return False
    if len(segments) > 2 and segments[-3] in _KEYS:
        return True
    head = last[: -(-(8 + _GTIN_BITS) // 6)]
    bits = "".join(f"{_BASE64_URL.index(character):06b}" for character in head)
    begins = f"{int(bits[:8], 2):02X}"
    gtin = f"{int(bits[8 : 8 + _GTIN_BITS], 2):014}"
    abbreviated = begins == "01" or not begins.isdigit()
    return abbreviated and len(gtin) == 14 and int(gtin[-1]) == check_digit(gtin[:-1])
