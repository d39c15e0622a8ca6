"""HID-POS scanners: input reports in, frames out.

HID Usage Tables 1.5, section 21 (Barcode Scanner page 0x8C; first in HID Point of Sale Usage
Tables 1.02). A report carries a piece of the decoded data, how many bytes of it are meant, the
AIM identifier, and whether more follows. Where each stands is told by the report descriptor.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from drivers.scanners.codecs.frame import EXCERPT, GROUP_SEPARATOR, MAX_FRAME, Frame
from drivers.scanners.codecs.report_descriptor import Field, InputReport, input_reports

_PAGE = 0x8C << 16
_SYMBOLOGY = (_PAGE | 0xFB, _PAGE | 0xFC, _PAGE | 0xFD)
_DECODED_DATA, _CONTINUED = _PAGE | 0xFE, _PAGE | 0xFF
_BYTE_COUNT = 0x01 << 16 | 0x3B
"""Generic Desktop page, Byte Count."""
_LINE_ENDS = b"\r\n\t"


class ReportLayout(msgspec.Struct, frozen=True):
    """Where everything stands in a scanner's reports."""

    lengths: Mapping[int, int]
    """Report id → bytes, the id included; {0: n} where reports are not numbered."""
    number: int
    """The report with the data."""
    data: Field
    symbology: tuple[Field, ...] = ()
    """Three characters, or none."""
    count: Field | None = None
    continued: Field | None = None

    @property
    def numbered(self) -> bool:
        """Whether reports begin with their id."""
        return self.number != 0


COMMON = ReportLayout(
    lengths={2: 64},
    number=2,
    data=Field(_DECODED_DATA, 40, 8, 56),
    symbology=tuple(Field(usage, 16 + 8 * at, 8, 1) for at, usage in enumerate(_SYMBOLOGY)),
    count=Field(_BYTE_COUNT, 8, 8, 1),
    continued=Field(_CONTINUED, 504, 1, 1),
)
"""What Honeywell, Zebra, Datalogic and others send: 64 bytes, report 2, a length, the AIM
identifier, 56 bytes of data, two of the maker's, and bit 0 of the last byte for "more follows"."""


def layout_of(descriptor: bytes) -> ReportLayout | None:
    """Find the scanned data in a report descriptor; None where it is no HID-POS scanner's."""
    reports = input_reports(descriptor)
    for report in reports.values():
        data = _field(report, _DECODED_DATA)
        if data is not None and data.size == 8 and data.bit % 8 == 0:
            symbology = [_field(report, usage) for usage in _SYMBOLOGY]
            return ReportLayout(
                lengths={number: each.length for number, each in reports.items()},
                number=report.number,
                data=data,
                symbology=tuple(field for field in symbology if field is not None),
                count=_field(report, _BYTE_COUNT),
                continued=_field(report, _CONTINUED),
            )
    return None


def _field(report: InputReport, usage: int) -> Field | None:
    fields = [field for field in report.fields if field.usage == usage]
    inside = [field for field in fields if field.bit + field.size <= 8 * report.length]
    return inside[0] if inside and inside[0].size else None


class HidPosCodec:
    """Turns input reports into frames: the AIM identifier, if there is one, and the data."""

    def __init__(
        self,
        layout: ReportLayout = COMMON,
        *,
        suffix: str = "\r",
        prefix: str = "",
        separator: str = "",
        whole_reports: bool = False,
    ) -> None:
        """Set how reports are read.

        Args:
            layout: of the scanner.
            suffix: taken off where the scanner adds it all the same; line ends always are.
            prefix: likewise.
            separator: what the scanner sends where FNC1 is; GS takes its place.
            whole_reports: each chunk is one report, as hidraw gives them; short ones are filled up.
        """
        self._layout = layout
        self._suffix, self._prefix = suffix.encode("latin-1"), prefix.encode("latin-1")
        self._separator = separator.encode("latin-1")
        self._whole_reports = whole_reports
        self._foreign = bytes(set(range(256)) - set(layout.lengths)) if layout.numbered else b""
        self._buffer = bytearray()
        self._scan = bytearray()
        self._skipping = False
        self._told = False

    @property
    def partial(self) -> bool:
        """See `Codec`: reports say themselves where a scan ends."""
        return False

    @property
    def waiting(self) -> bool:
        """See `Codec`."""
        return bool(self._buffer or self._scan) or self._skipping or self._told

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take reports as they arrive; give the frames they complete, in order."""
        if self._whole_reports:
            return self._report(chunk)
        self._buffer += chunk
        frames: list[Frame] = []
        while self._buffer:
            frames += self._skip_foreign()
            length = self._length(self._buffer)
            if not self._buffer or len(self._buffer) < length:
                break
            frames += self._report(bytes(self._buffer[:length]))
            del self._buffer[:length]
        return frames

    def pause(self) -> list[Frame]:
        """See `Codec`: a pause ends nothing here."""
        return []

    def idle(self) -> list[Frame]:
        """See `Codec`."""
        left = bytes((self._scan or self._buffer)[:EXCERPT])
        frames = self._noise(left, "the rest of it never came") if left else []
        self._buffer.clear()
        self._scan.clear()
        self._skipping = self._told = False
        return frames

    def _length(self, report: bytes | bytearray) -> int:
        number = report[0] if report and self._layout.numbered else 0
        return max(1, self._layout.lengths.get(number, 1))

    def _skip_foreign(self) -> list[Frame]:
        begin = bytes(self._buffer[:EXCERPT])
        rest = self._buffer.lstrip(self._foreign) if self._foreign else self._buffer
        if len(rest) == len(self._buffer):
            return []
        self._buffer[:] = rest
        return self._noise(begin[:1], "is no report of this scanner")

    def _report(self, report: bytes) -> list[Frame]:
        layout = self._layout
        if layout.numbered and report[:1] != bytes((layout.number,)):
            return []  # a trigger's or a status report
        report = report.ljust(self._length(report), b"\0")
        data = self._data(report)
        if data is None:
            self._scan.clear()
            return self._noise(report[:EXCERPT], "tells more bytes than its report holds")
        return self._piece(report, data)

    def _data(self, report: bytes) -> bytes | None:
        field, count = self._layout.data, self._layout.count
        start = field.bit // 8
        data = report[start : start + field.count]
        if count is None:
            return data.rstrip(b"\0")
        told = _value(report, count)
        return data[:told] if told <= len(data) else None

    def _piece(self, report: bytes, data: bytes) -> list[Frame]:
        if not self._scan:
            self._scan += self._aim(report, data)
        self._scan += data
        more = self._layout.continued is not None and _value(report, self._layout.continued)
        if len(self._scan) > MAX_FRAME:
            excerpt = bytes(self._scan[:EXCERPT])
            self._scan.clear()
            self._skipping = bool(more)
            return self._noise(excerpt, f"more than {MAX_FRAME} bytes without an end")
        return [] if more else self._ended()

    def _aim(self, report: bytes, data: bytes) -> bytes:
        """Give the AIM identifier (ISO/IEC 15424), unless the data has it already."""
        values = [_value(report, field) for field in self._layout.symbology]
        aim = bytes(value & 0xFF for value in values)
        known = len(aim) == 3 and aim.startswith(b"]") and aim.isascii() and aim[1:].isalnum()
        return aim if known and not data.startswith(aim) else b""

    def _ended(self) -> list[Frame]:
        data = bytes(self._scan)
        self._scan.clear()
        if self._skipping:
            self._skipping = False
            return []
        aim = data[:3] if data.startswith(b"]") else b""
        body = data[len(aim) :].removesuffix(self._suffix).rstrip(_LINE_ENDS)
        body = body.removeprefix(self._prefix)
        if self._separator:
            body = body.replace(self._separator, GROUP_SEPARATOR)
        if not body:
            return []
        self._told = False
        return [Frame(aim + body)]

    def _noise(self, data: bytes, why: str) -> list[Frame]:
        if self._told:
            return []
        self._told = True
        return [Frame(data, why)]


def _value(report: bytes, field: Field) -> int:
    """Give a field's first value; bits count from the lowest of the first byte (HID 1.11, 8)."""
    whole = int.from_bytes(report[field.bit // 8 : (field.bit + field.size + 7) // 8], "little")
    return whole >> field.bit % 8 & (1 << min(field.size, 32)) - 1
