"""Which AIs cannot stand on one pack, and which want another beside them.

GS1 General Specifications, 4.13 and 4.14, as in the attributes `ex` and `req` of GS1's Barcode
Syntax Dictionary. AIs that exclude one another make the symbol unreadable. A missing companion is
only noted: GS1 asks for it on all symbols of a pack together, and a scan is one of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from agent.core.barcode.reading import Reason
from agent.core.barcode.unreadable import Unreadable

_MEASURE = re.compile(r"3[1-6]\d[0-5]", re.ASCII)
_OWN_KIND = re.compile(r"39[0-5]\d", re.ASCII)

# AI → the others it excludes; a pattern where a digit of the AI is the place of a decimal point.
_EXCLUDED = {
    "01": "255|37",
    "02": "01|03",
    "03": "01|02|37",
    "21": "235",
    "255": "01|02|415|8006|8020|8026",
    "390": r"39[014]\d|8111",
    "391": r"391\d",
    "392": r"39[23]\d",
    "393": r"393\d",
    "394": r"394\d|8111",
    "395": r"39[235]\d|8005",
    "420": "421",
    "421": "4307",
    **dict.fromkeys(("422", "423", "424", "425"), "426"),
    "4330": "4331",
    "4331": "4330",
    "4332": "4333",
    "4333": "4332",
    "7250": "7251",
    "7251": "7250",
    **dict.fromkeys(("7253", "7254", "7255"), "7256|7259"),
    "7259": "7256",
    "8006": "01|37",
    "8017": "8018",
    "8018": "8017",
    "8026": "02|8006",
}

_MEASURED = r"30|3[1256]\d\d"
_SHIPMENT = ("403", "7041", *(str(ai) for ai in range(4300, 4334)))

# AI → patterns, one AI of each of which has to be there. What an item's own AI 01 satisfies is
# left out: only symbols with it are sold.
_REQUIRED: dict[str, tuple[str, ...]] = {
    "12": ("8020",),
    "250": ("21",),
    "254": ("414",),
    "37": ("00", "02|8026"),
    "390": ("255|8020",),
    "391": ("8020",),
    **dict.fromkeys(("392", "393", "395"), (_MEASURED,)),
    "394": ("255",),
    "415": ("8020",),
    "427": ("422",),
    **dict.fromkeys(_SHIPMENT, ("00",)),
    "4303": ("4302",),
    "4313": ("4312",),
    "7004": ("10",),
    "7020": ("416",),
    "7022": ("7021",),
    **dict.fromkeys(
        ("7241", "7242", "7253", "7254", "7255", "7256", "8019"),
        ("8017|8018",),
    ),
    **dict.fromkeys(("7250", "7251", "7252", "7257", "7259"), ("8018",)),
    "7258": ("8018", "7259"),
    "8007": ("415",),
    "8011": ("8010",),
    "8020": ("415",),
    "8030": ("00|21|253|255|8003|8004|8011|8017|8018",),
    "8111": ("255",),
}


def check_exclusions(ais: Collection[str]) -> None:
    """Check that no two AIs of one symbol exclude one another.

    Raises:
        Unreadable: `contradicting-ai`.
    """
    if len(ais) == 1:
        return
    for ai in ais:
        pattern = _excluded_by(ai)
        if pattern is None:
            continue
        for other in ais:
            if other != ai and pattern.fullmatch(other) is not None:
                raise Unreadable(
                    "contradicting-ai", f"AI {ai} and AI {other} cannot stand on one pack"
                )


def missing_companions(ais: Collection[str]) -> tuple[Reason, ...]:
    """Note what GS1 wants beside the AIs of a symbol that carries an item (AI 01)."""
    return tuple(
        Reason("missing-ai", f"AI {ai} wants one of AI {_spoken(pattern.pattern)} beside it")
        for ai in ais
        for pattern in _required_by(ai)
        if not any(pattern.fullmatch(other) for other in ais)
    )


@lru_cache(maxsize=1024)
def _excluded_by(ai: str) -> re.Pattern[str] | None:
    if _MEASURE.fullmatch(ai) is not None:
        return re.compile(rf"{ai[:3]}\d", re.ASCII)
    found = _EXCLUDED.get(_name(ai))
    return None if found is None else re.compile(found, re.ASCII)


@lru_cache(maxsize=1024)
def _required_by(ai: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.ASCII) for one in _REQUIRED.get(_name(ai), ()))


def _name(ai: str) -> str:
    """Leave the decimal point's digit of a price away: 3922 is one of 392n."""
    return ai[:3] if _OWN_KIND.fullmatch(ai) is not None else ai


def _spoken(pattern: str) -> str:
    return pattern.replace(r"3[1256]\d\d", "31nn, 32nn, 35nn, 36nn").replace("|", ", ")
