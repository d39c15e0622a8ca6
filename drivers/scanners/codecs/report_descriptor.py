"""HID report descriptors: which bits of which input report mean what.

Device Class Definition for HID 1.11, section 6.2.2. Only what is needed to find fields in input
reports is kept; nothing that a broken descriptor says can make this raise or grow.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

REPORT_BITS_MAX = 8 * 16_384
"""HID_MAX_BUFFER_SIZE of Linux; a field beyond it cannot arrive."""
_LONG_ITEM = 0xFE
_MAIN, _GLOBAL, _LOCAL = 0, 1, 2
_INPUT = 8
_USAGE_PAGE, _REPORT_SIZE, _REPORT_ID, _REPORT_COUNT, _PUSH, _POP = 0, 7, 8, 9, 10, 11
_USAGE, _USAGE_MINIMUM, _USAGE_MAXIMUM = 0, 1, 2
_USAGES_MAX = 16
"""Usages kept for one main item; a scanner's longest list has three."""
_FIELDS_MAX = 64
"""Fields kept for one report; a descriptor that names more is broken."""
_STACK_MAX = 16


class Field(msgspec.Struct, frozen=True):
    """One or several like values of an input report."""

    usage: int
    """Usage page and usage as one 32-bit number (6.2.2.8)."""
    bit: int
    """Where it begins, counted from the report's first bit, its id included."""
    size: int
    """Bits of one value."""
    count: int
    """How many values of this usage follow each other."""


class InputReport(msgspec.Struct, frozen=True):
    """One input report."""

    number: int
    """Its id; 0 where the device numbers none."""
    length: int
    """Bytes, the id included where there is one."""
    fields: tuple[Field, ...]


class _State(msgspec.Struct, frozen=True):
    page: int = 0
    size: int = 0
    count: int = 0
    number: int = 0


class _Reading:
    def __init__(self) -> None:
        self.state = _State()
        self.usages: list[int] = []
        self.bits: dict[int, int] = {}
        self.fields: dict[int, list[Field]] = {}
        self._stack: list[_State] = []
        self._first_usage = 0

    def item(self, kind: int, tag: int, value: int, size: int) -> None:
        if kind == _GLOBAL:
            self._global(tag, value)
        elif kind == _LOCAL:
            self._local(tag, value, size)
        elif kind == _MAIN:
            if tag == _INPUT:
                self._input()
            self.usages = []

    def _global(self, tag: int, value: int) -> None:
        names = {_USAGE_PAGE: "page", _REPORT_SIZE: "size", _REPORT_COUNT: "count"}
        if tag in names:
            self.state = msgspec.structs.replace(self.state, **{names[tag]: value})
        elif tag == _REPORT_ID:
            self.state = msgspec.structs.replace(self.state, number=value & 0xFF)
        elif tag == _PUSH and len(self._stack) < _STACK_MAX:
            self._stack.append(self.state)
        elif tag == _POP and self._stack:
            self.state = self._stack.pop()

    def _local(self, tag: int, value: int, size: int) -> None:
        usage = value if size == 4 else (self.state.page & 0xFFFF) << 16 | value
        if tag == _USAGE:
            self.usages = [*self.usages, usage][:_USAGES_MAX]
        elif tag == _USAGE_MINIMUM:
            self._first_usage = usage
        elif tag == _USAGE_MAXIMUM:
            last = min(usage, self._first_usage + _USAGES_MAX)
            self.usages = [*self.usages, *range(self._first_usage, last + 1)][:_USAGES_MAX]

    def _input(self) -> None:
        state = self.state
        bit = self.bits.get(state.number, 8 if state.number else 0)
        fields = self.fields.setdefault(state.number, [])
        # The last usage stands for all values that are left (6.2.2.8).
        for at, usage in enumerate(self.usages[: state.count]):
            last = at == len(self.usages) - 1
            count = state.count - at if last else 1
            if len(fields) < _FIELDS_MAX:
                fields.append(Field(usage, bit + at * state.size, state.size, count))
        self.bits[state.number] = min(bit + state.size * state.count, REPORT_BITS_MAX)


def input_reports(descriptor: bytes) -> dict[int, InputReport]:
    """Read the input reports of a descriptor, by their id.

    Reports too long to arrive are cut at the kernel's limit.

    >>> reports = input_reports(bytes.fromhex("05 8c 09 02 a1 01 85 02 75 08 95 38 09 fe 81 02 c0"))
    >>> reports[2]
    InputReport(number=2, length=57, fields=(Field(usage=9175294, bit=8, size=8, count=56),))
    """
    reading = _Reading()
    for kind, tag, value, size in _items(descriptor):
        reading.item(kind, tag, value, size)
    return {
        number: InputReport(number, (bits + 7) // 8, tuple(reading.fields[number]))
        for number, bits in reading.bits.items()
    }


def _items(descriptor: bytes) -> Iterator[tuple[int, int, int, int]]:
    at = 0
    while at < len(descriptor):
        head = descriptor[at]
        if head == _LONG_ITEM:  # 6.2.2.3: its length follows; none are defined
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[head & 3]
        value = int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        yield head >> 2 & 3, head >> 4, value, size
        at += 1 + size
