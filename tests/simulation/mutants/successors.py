"""Bugs where one journal ends and another goes on from it."""

from __future__ import annotations

from agent.journal import erasures, successors
from agent.sync.admission import Admission
from central.histories import applying
from tests.simulation.mutants.planting import Planted, always


def _one_less(original):
    """What is carried begins one entry too late."""

    def carried(conn, number, journal_id, after):
        return original(conn, number, journal_id, after + 1)

    return carried


def _never(_original):
    async def bind_successors(_self, _till):
        return 0

    return bind_successors


PLANTED = (
    Planted(
        "successor-carries-nothing",
        "A successor journal leaves behind what HQ has not taken.",
        ((successors, "_carried", lambda _original: lambda *_: iter(())),),
        "copies",
    ),
    Planted(
        "successor-carries-one-less",
        "A successor journal leaves behind the first entry HQ has not taken.",
        ((successors, "_carried", _one_less),),
        "copies",
    ),
    Planted(
        "successor-not-bound",
        "A till does not tell HQ that another journal goes on from one of its own.",
        ((Admission, "bind_successors", _never),),
        "copies",
    ),
    Planted(
        "carried-passed-over",
        "What a successor carries has no effect.",
        ((applying, "opened", always(None)),),
        "copies",
    ),
    Planted(
        "carried-not-erased",
        "A till erases an entry, and not the copy of it that a successor carries.",
        ((erasures, "copies", always([])),),
        "copies",
    ),
)
