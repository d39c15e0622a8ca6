"""Bugs of who goes by a clock: pruning by age, acks and people by their date (I11)."""

from __future__ import annotations

from datetime import datetime

from agent.core.entries.canonical import UnknownKind
from agent.journal import prune
from agent.sync import pump
from central.histories import people
from tests.simulation.mutants.planting import Planted

YEAR_S = 365 * 86_400


def _apart_s(first, second):
    return (datetime.fromisoformat(first) - datetime.fromisoformat(second)).total_seconds()


def _by_age(original):
    """What is a year old by the till's clock is taken for safe."""

    def marks(conn, journal_id):
        number, mark, tail, safe, closed = original(conn, journal_id)
        oldest, newest = conn.execute("SELECT min(wall), max(wall) FROM incarnation").fetchone()
        if _apart_s(newest, oldest) > YEAR_S:
            return number, mark, tail, tail, tail
        return number, mark, tail, safe, closed

    return marks


def _if_its_time_is_near(original):
    """An ack of another year than the till's is taken for a forged one."""

    async def received(self, turn, ack, took_ms):
        wall = self._way.clock.stamp().wall
        if ack.server_time and abs(_apart_s(ack.server_time, wall)) > YEAR_S:
            return pump.AckReceived(turn, ack, genuine=False, own_hash=None, took_ms=took_ms)
        return await original(self, turn, ack, took_ms)

    return received


def _not_of_the_future(original):
    """Who is met in a year to come is somebody a later version will know."""

    def enrolled(conn, entry, body):
        if _apart_s(body.at.wall, entry.now) > YEAR_S:
            raise UnknownKind("it is of the future", remedy="none", name="unknown-kind")
        return original(conn, entry, body)

    return enrolled


PLANTED = (
    Planted(
        "pruned-by-age",
        "The till takes for safe what is old by its clock, and prunes it.",
        ((prune, "_marks", _by_age),),
        "ages",
        start=6,
    ),
    Planted(
        "ack-of-another-year",
        "The till refuses an ack whose time is far from its own clock's.",
        ((pump.Pump, "_ack_received", _if_its_time_is_near),),
        "ages",
    ),
    Planted(
        "person-of-the-future",
        "HQ sets aside who was enrolled in a year that has not come.",
        ((people, "enrolled", _not_of_the_future),),
        "ages",
    ),
)
