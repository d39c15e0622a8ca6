"""Pure codecs of scanners: bytes in, frames out; they never open, wait or log.

`suffix` frames what serial and network scanners send; `input_event`, `keys`, `layouts` and `wedge`
read a scanner that types; `report_descriptor` and `hid_pos` one that reports.
"""

from __future__ import annotations
