"""Scale models as data: a new one is a row; what is odd about it stands beside it.

A scale is approved for trade in one unit. Prices here are per kilogram, so a scale in pounds is a
model of its own: its weights are converted, exactly and rounded once, but where the law wants the
price computed from the very figure that the customer sees, it has to be set to kilograms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from drivers.scales.codecs.answer import ScaleCodec
from drivers.scales.codecs.sma import Sma
from drivers.scales.codecs.toledo_8217 import Toledo8217


class ScaleModel(msgspec.Struct, frozen=True):
    """A row of the table."""

    name: str
    """As written in `[[device]] model`."""
    title: str
    codec: Callable[[], ScaleCodec]
    """Makes the codec of one conversation."""
    bits: int
    """How the line is set where the address says neither bits nor parity."""
    parity: str
    proof: str
    """`emulated`, `captured` or `tested on hardware`: what our claim to support it rests on."""
    reason: str = ""
    """What is odd about it."""

    @property
    def line(self) -> str:
        """How the scale is delivered, as options of its address."""
        return f"?baud=9600&bits={self.bits}&parity={self.parity}"


_ROWS = (
    ScaleModel(
        name="toledo-8217",
        title="Mettler Toledo 8217 protocol, in kilograms (Ariva, Viva, Diva, 8217, Magellan …)",
        codec=Toledo8217,
        bits=7,
        parity="even",
        proof="emulated",
        reason="the protocol names no unit: a weight with other than three decimals is refused",
    ),
    ScaleModel(
        name="toledo-8217-lb",
        title="Mettler Toledo 8217 protocol, in pounds",
        codec=lambda: Toledo8217("lb"),
        bits=7,
        parity="even",
        proof="emulated",
        reason="two decimals are pounds; converted to kilograms, since prices are per kilogram",
    ),
    ScaleModel(
        name="sma-scp-0499",
        title="SMA SCP-0499 level 1 (Avery Weigh-Tronix, Fairbanks, Rice Lake, B-Tek …)",
        codec=Sma,
        bits=8,
        parity="none",
        proof="emulated",
        reason="g, kg, lb and oz, as each answer says",
    ),
)
MODELS: Mapping[str, ScaleModel] = MappingProxyType({row.name: row for row in _ROWS})
"""Name → model."""
DEFAULT_MODEL = "toledo-8217"
