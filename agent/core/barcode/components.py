"""What GS1 asks of a value beyond its format: check digits, dates, codes of lists, ranges.

GS1 Barcode Syntax Dictionary: each AI's value is made of components, and each component may have
syntax tests. Formats are `biip`'s; here is what a regular expression does not say. One row per AI.
The unit types of AI 7041 (UN/ECE Recommendation 21) are not judged: a till sells no freight unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.core.barcode.check_digits import check_pair, is_digits, verified
from agent.core.barcode.code_lists import COUNTRIES, COUNTRY_LETTERS, CURRENCIES
from agent.core.barcode.coupons import check_coupon, check_offer
from agent.core.barcode.dates import iso_birth_date, iso_date, time_of_day
from agent.core.barcode.unreadable import Unreadable

_KEY_DIGITS = 4
"""A GS1 company prefix has at least four digits (GS1 General Specifications, 1.4.4)."""
_LATITUDES, _LONGITUDES = 1_800_000_000, 3_600_000_000
_OTHER_COUNTRY = "999"
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_MEDIA = re.compile(r"0[1-9]|10|[89]\d", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[0-9A-Z]{6,30}", re.ASCII)
_LAST_OF_IMPORTER = re.compile(r"[0-9A-Za-z_-]", re.ASCII)

Check = Callable[[str], None]


def check_components(ai: str, value: str) -> None:
    """Check a value that fits the format of its AI.

    Raises:
        Unreadable: `wrong-check-digit`, `bad-date`, `malformed-ai`, `unknown-code`.
    """
    for check in _CHECKS.get(ai, ()):
        check(value)


def _sum(part: slice) -> Check:
    def check(value: str) -> None:
        verified(value[part])

    return check


def _listed(start: int, codes: frozenset[str], of: str) -> Check:
    def check(value: str) -> None:
        code = value[start : start + len(next(iter(codes)))]
        if code not in codes:
            raise Unreadable("unknown-code", f"{code} is no code of {of}")

    return check


def _countries(value: str) -> None:
    for start in range(0, len(value), 3):
        _country(value[start:])


def _one_of(part: slice, allowed: str, of: str) -> Check:
    def check(value: str) -> None:
        if value[part] not in allowed.split():
            raise Unreadable("unknown-code", f"{value[part]} is no {of}")

    return check


def _fits(holds: Callable[[str], bool], what: str) -> Check:
    def check(value: str) -> None:
        if not holds(value):
            raise Unreadable("malformed-ai", f"{value} {what}")

    return check


def _date(value: str) -> None:
    iso_date(value)


def _date_with_day(value: str) -> None:
    iso_date(value, day_may_be_zero=False)


def _second_date(value: str) -> None:
    if value[6:]:
        _date_with_day(value[6:])


def _time(value: str) -> None:
    if value[6:]:
        time_of_day(value[6:])


def _birth(value: str) -> None:
    iso_birth_date(value[:8])
    if value[8:]:
        time_of_day(value[8:])


def _pair(value: str) -> None:
    body, pair = value[:-2], value[-2:]
    if not body or check_pair(body) != pair:
        raise Unreadable("wrong-check-digit", f"the last two characters of {value} do not fit")


def _piece(value: str) -> None:
    piece, total = int(value[14:16]), int(value[16:18])
    if not 0 < piece <= total:
        raise Unreadable("malformed-ai", f"there is no piece {piece} of {total}")


def _iban(value: str) -> None:
    turned = value[4:] + value[:4]
    # ISO 13616-1, 5: letters count as 10 to 35, and the whole is 1 modulo 97.
    right = (
        _IBAN.fullmatch(value) is not None
        and value[:2] in COUNTRY_LETTERS
        and int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
    )
    if not right:
        raise Unreadable("wrong-check-digit", f"{value} is no IBAN")


def _parts_not_zero(value: str) -> bool:
    return all(int(value[part]) for part in (slice(4), slice(4, 9), slice(9, 12)))


def _birth_order(value: str) -> bool:
    child, _, children = value.partition("/")
    return 0 < int(child) <= int(children)


def _no_leading_zero(value: str) -> bool:
    return value == "0" or not value.startswith("0")


_country = _listed(0, COUNTRIES, "a country (ISO 3166-1)")
_country_or_other = _listed(
    0, COUNTRIES | {_OTHER_COUNTRY}, "a country (ISO 3166-1), nor 999 for several"
)
_letters = _listed(0, COUNTRY_LETTERS, "a country (ISO 3166-1)")
_currency = _listed(0, CURRENCIES, "a currency (ISO 4217)")
_key = _fits(lambda v: is_digits(v[:_KEY_DIGITS]) and len(v) >= _KEY_DIGITS, "is no GS1 key")
_escaped = _fits(lambda v: _PERCENT.search(v) is None, "has a % without two hexadecimal digits")


def _measures(first: int, last: int) -> list[str]:
    return [str(ai) for ai in range(first, last + 1)]


_CHECKS: dict[str, tuple[Check, ...]] = {
    **dict.fromkeys(("00", "8017", "8018"), (_sum(slice(18)),)),
    **dict.fromkeys(("01", "02", "03"), (_sum(slice(14)),)),
    **dict.fromkeys(("253", "255", *_measures(410, 417)), (_sum(slice(13)),)),
    "402": (_sum(slice(17)),),
    "8003": (_sum(slice(1, 14)),),
    **dict.fromkeys(("8006", "8026"), (_sum(slice(14)), _piece)),
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), (_date,)),
    **dict.fromkeys(("4324", "4325"), (_date, _time)),
    **dict.fromkeys(("4326", "7006"), (_date_with_day,)),
    "7007": (_date_with_day, _second_date),
    **dict.fromkeys(("7003", "7011", "8008"), (_date_with_day, _time)),
    **dict.fromkeys(("7250", "7251"), (_birth,)),
    **dict.fromkeys((*_measures(3910, 3919), *_measures(3930, 3939)), (_currency,)),
    **dict.fromkeys(("421", "422", "424", "426"), (_country,)),
    **dict.fromkeys(("423", "425"), (_countries,)),
    **dict.fromkeys(_measures(7030, 7039), (_country_or_other,)),
    **dict.fromkeys(("4307", "4317"), (_letters,)),
    **dict.fromkeys(("401", "7023", "8004", "8010"), (_key,)),
    "8013": (_key, _pair),
    "8014": (_key, _pair, _fits(lambda v: not is_digits(v), "has digits alone")),
    **dict.fromkeys(
        (*_measures(4300, 4306), *_measures(4310, 4316), "4320", "7253", "7254", "7256", "7257"),
        (_escaped,),
    ),
    "7259": (_escaped,),
    "4309": (
        _fits(lambda v: int(v[:10]) <= _LATITUDES, "has no such latitude"),
        _fits(lambda v: int(v[10:]) <= _LONGITUDES, "has no such longitude"),
    ),
    "7040": (
        _fits(lambda v: _LAST_OF_IMPORTER.fullmatch(v[3]) is not None, "has no importer index"),
    ),
    "7241": (_fits(lambda v: _MEDIA.fullmatch(v) is not None, "is no type of AIDC medium"),),
    "7252": (_one_of(slice(1), "0 1 2 9", "sex of ISO 5218"),),
    "7258": (_fits(_birth_order, "is no place among children born together"),),
    "8001": (
        _fits(_parts_not_zero, "has a dimension of nothing"),
        _one_of(slice(12, 13), "0 1 9", "winding direction"),
    ),
    "8007": (_iban,),
    "8011": (_fits(_no_leading_zero, "begins with a zero"),),
    "8110": (check_coupon,),
    "8112": (check_offer,),
}
