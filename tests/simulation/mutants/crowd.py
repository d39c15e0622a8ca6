"""Bugs of whose turn it is (I18)."""

from __future__ import annotations

from agent.core.exchange import upward
from central.intake.admission import Admission
from tests.simulation.mutants.planting import Planted

HOUR_MS = 3_600_000


class _ByName(dict[str, float]):
    """Says of every store that it was served at a time that its name gives."""

    def get(self, store, _default=0.0):
        return float(sum(store.encode()))


def _by_name(original):
    """The same stores come first, always."""

    def begin(self, *given, **options):
        original(self, *given, **options)
        served = _ByName()
        for owner in (self, self._waiting):
            if hasattr(owner, "_served"):
                owner._served = served

    return begin


def _an_hour(original):
    """Who is asked to come again waits for an hour."""

    def asked_ms(delay_ms, failures, draw):
        return HOUR_MS if delay_ms else original(delay_ms, failures, draw)

    return asked_ms


PLANTED = (
    Planted(
        "first-by-name",
        "HQ serves the store whose name comes first, whoever has waited longer.",
        ((Admission, "__init__", _by_name),),
        "crowd",
    ),
    Planted(
        "silenced-by-a-crowd",
        "A till that is asked to come again comes an hour later.",
        ((upward, "asked_ms", _an_hour),),
        "crowd",
    ),
)
