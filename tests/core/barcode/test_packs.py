"""Two symbols of one pack are one item; the same symbol again is another pack, always."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.core.barcode import (
    BarcodeRules,
    Packs,
    Symbol,
    TradeItem,
    offer,
    read,
    symbol_kind,
)
from agent.core.barcode.packs import WINDOW_NS

RULES = BarcodeRules((), "EUR")
MS = 1_000_000
COFFEE, SOCKS = "04006381333931", "09521234543213"
EAN = b"]E04006381333931"
LINK = b"]Q1https://id.gs1.org/01/04006381333931/10/LOT7"
SERIAL_1 = b"]d20104006381333931" + b"21S1"
SERIAL_2 = b"]d20104006381333931" + b"21S2"


def symbol(raw: bytes, at_ms: int, scanner: str = "counter") -> Symbol:
    """Read a scan into the symbol it is."""
    reading = read(raw, RULES)
    item = next(one for one in reading.meanings if isinstance(one, TradeItem))
    return Symbol(scanner, symbol_kind(reading), item, at_ms * MS)


def run(*symbols: Symbol):
    """Offer symbols in their order; gives what became of each."""
    packs, seen = Packs(), []
    for one in symbols:
        offered = offer(packs, one)
        packs = offered.packs
        seen.append(offered)
    return seen


def numbers(*symbols: Symbol) -> list[int]:
    """Give the pack of each symbol."""
    return [offered.pack.number for offered in run(*symbols)]


@pytest.mark.parametrize(
    ("scans", "packs"),
    [
        ([(EAN, 0), (LINK, 300)], [1, 1]),
        ([(LINK, 0), (EAN, 300)], [1, 1]),
        ([(EAN, 0), (LINK, 700)], [1, 1]),
        ([(EAN, 0), (LINK, 701)], [1, 2]),
        ([(EAN, 0), (EAN, 1)], [1, 2]),
        ([(EAN, 0), (EAN, 1000), (EAN, 2000)], [1, 2, 3]),
        ([(EAN, 0), (LINK, 100), (EAN, 200), (LINK, 300)], [1, 1, 2, 2]),
        ([(EAN, 0), (LINK, 100), (LINK, 200), (EAN, 300)], [1, 1, 2, 2]),
        ([(SERIAL_1, 0), (SERIAL_2, 100)], [1, 2]),
        ([(EAN, 0), (SERIAL_1, 100), (SERIAL_2, 200)], [1, 1, 2]),
        ([(EAN, 0), (SERIAL_1, 100), (EAN, 200), (SERIAL_2, 300)], [1, 1, 2, 2]),
        ([(EAN, 0), (LINK, 600), (SERIAL_1, 1200)], [1, 1, 1]),
        ([(EAN, 500), (LINK, 0)], [1, 2]),
    ],
)
def test_symbols_of_a_pack_and_packs_are_told_apart(scans, packs):
    """A dual-marked pack would be sold twice, or the second of two packs not at all."""
    assert packs == numbers(*(symbol(raw, at) for raw, at in scans))


def test_two_scanners_do_not_share_a_pack():
    """Two counters selling the same article at once would sell it once."""
    assert [1, 2] == numbers(symbol(EAN, 0), symbol(LINK, 10, "other"))


def test_another_article_between_the_symbols_is_no_matter():
    """A second pack in view of the scanner would part the symbols of the first."""
    socks = symbol(b"]E09521234543213", 50)
    assert [1, 2, 1] == numbers(symbol(EAN, 0), socks, symbol(LINK, 100))


@pytest.mark.parametrize(
    "contradiction",
    [{"lot": "B"}, {"serial": "S2"}, {"weight": 5}, {"count": 3}, {"price": 1}, {"expiry": "2"}],
)
def test_symbols_that_contradict_each_other_are_two_packs(contradiction):
    """A pack with another lot or date would vanish behind the one before it."""
    said = TradeItem(COFFEE, lot="A", expiry="1", serial="S1", weight=1, count=1, price=2)
    one = Symbol("counter", "gs1-128", said, 0)
    other = Symbol("counter", "qr", replace(said, **contradiction), MS)
    assert [1, 2] == numbers(one, other)
    assert [1, 1] == numbers(one, replace(other, item=said))


def test_a_pack_knows_what_all_its_symbols_say():
    """The lot or date in the second symbol would be lost."""
    linear = symbol(b"]C10104006381333931310300012315261231", 0)
    matrix = symbol(b"]d20104006381333931" + b"17261130" + b"10LOT7\x1d21S1", 200)
    pack = run(linear, symbol(EAN, 100), replace(matrix, item=replace(matrix.item, expiry=None)))
    assert pack[-1].merged
    item = pack[-1].pack.item
    assert (item.lot, item.serial, item.weight, item.expiry) == ("LOT7", "S1", 123, "2026-12-31")
    assert item.expiry_kind == "best_before"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"4006381333931", "number"),
        (b"https://a/01/04006381333931", "link"),
        (b"0104006381333931", "number"),
        (b"010400638133393110A", "elements"),
        (EAN, "ean-13"),
    ],
)
def test_without_aim_ids_the_data_tells_the_symbols_apart(raw, kind):
    """Scanners that send no AIM identifier would sell each dual-marked pack twice."""
    assert kind == symbol_kind(read(raw, RULES))


def test_packs_of_long_ago_are_forgotten():
    """A till that is never restarted would remember every pack it sold."""
    seen = run(*(symbol(EAN, at) for at in range(0, 100_000, 500)))
    assert len(seen[-1].packs.open) <= 2
    assert seen[-1].packs.made == 200


SYMBOLS = st.builds(
    Symbol,
    scanner=st.sampled_from(["a", "b"]),
    kind=st.sampled_from(["ean-13", "qr", "datamatrix"]),
    item=st.builds(
        TradeItem,
        gtin=st.sampled_from([COFFEE, SOCKS]),
        lot=st.sampled_from([None, "A", "B"]),
        serial=st.sampled_from([None, "1", "2"]),
    ),
    mono_ns=st.integers(0, 300 * MS),
)


def _in_time(gaps: list[Symbol]) -> list[Symbol]:
    now, seen = 0, []
    for one in gaps:
        now += one.mono_ns
        seen.append(replace(one, mono_ns=now))
    return seen


@settings(max_examples=120, deadline=None)
@given(st.lists(SYMBOLS, max_size=25).map(_in_time))
def test_whatever_is_scanned_no_repeat_is_swallowed(symbols):
    """Some order of scans would sell fewer packs than were held before the scanner."""
    seen = run(*symbols)
    sold = Counter(
        (one.scanner, one.item.gtin)
        for one, offered in zip(symbols, seen, strict=True)
        if not offered.merged
    )
    read_of = Counter((one.scanner, one.item.gtin, one.kind, one.item.serial) for one in symbols)
    for (scanner, gtin, _, _), count in read_of.items():
        assert sold[scanner, gtin] >= count


@settings(max_examples=120, deadline=None)
@given(st.lists(SYMBOLS, max_size=25).map(_in_time))
def test_whatever_is_merged_fits_its_pack(symbols):
    """A symbol would be put to a pack it cannot be of."""
    members: dict[int, list[Symbol]] = {}
    for one, offered in zip(symbols, run(*symbols), strict=True):
        before = members.setdefault(offered.pack.number, [])
        assert offered.merged == bool(before)
        for other in before:
            assert (one.scanner, one.item.gtin) == (other.scanner, other.item.gtin)
            assert one.kind != other.kind
            assert None in {one.item.lot, other.item.lot} or one.item.lot == other.item.lot
        assert not before or one.mono_ns - before[-1].mono_ns <= WINDOW_NS
        before.append(one)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 700), st.integers(0, 3000), st.booleans()),
        max_size=20,
    )
)
def test_a_queue_of_dual_marked_packs_is_counted_exactly(packs):
    """Someone who scans fast would be charged for more or fewer packs than there are."""
    now, symbols, whole = 0, [], []
    for turned, between, gap, serialised in packs:
        two = SERIAL_1 if serialised else LINK
        first, second = (two, EAN) if turned else (EAN, two)
        symbols += [symbol(first, now), symbol(second, now + between)]
        now += between + gap
        whole.append(2)
    assert len(whole) == len(set(numbers(*symbols)))
