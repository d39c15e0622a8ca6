"""Bugs in the decisions of sync and in the shell around them at the till."""

from __future__ import annotations

import msgspec

from agent.contracts.hq import HqUnreachable
from agent.core.exchange import intake, upward
from agent.journal import cursors
from agent.sync import batches, pump
from agent.sync.admission import Admission
from tests.simulation.mutants.planting import Planted, always


def _believe_silence(original):
    async def failed(self, turn, fault):
        if isinstance(fault, HqUnreachable) and self._last is not None:
            seq = self.state.sending
            own = await self._own_hash(seq)
            last = msgspec.structs.replace(self._last, seq=seq, hash=own)
            self._keeper.keep(last, self.state.safe)
        return await original(self, turn, fault)

    return failed


def _skip_first(original):
    """What is sent begins one entry too late."""

    def outgoing(conn, journal_id, base, limit):
        found = original(conn, journal_id, base, limit)
        return msgspec.structs.replace(found, records=found.records[1:])

    return outgoing


def _acked_ahead(original):
    def set_acked(conn, journal_id, ack):
        row = conn.execute(
            "SELECT tail_seq, tail_hash FROM head WHERE id = ?", (journal_id,)
        ).fetchone()
        return original(conn, journal_id, msgspec.structs.replace(ack, seq=row[0], hash=row[1]))

    return set_acked


def _no_evidence(original):
    async def batch(self, send, state, last):
        return msgspec.structs.replace(await original(self, send, state, last), last_ack=None)

    return batch


def _keeps_to_itself(original):
    """What HQ says to a batch without evidence is taken for what it says to one with it."""

    def behind(state, event, draw):
        return original(msgspec.structs.replace(state, is_lean=False), event, draw)

    return behind


def _stays_out(_original):
    async def readmit(_self, _till, _fault):
        return False

    return readmit


def _no_copies(original):
    def check(held, batch):
        return original(msgspec.structs.replace(held, retired=frozenset()), batch)

    return check


PLANTED = (
    Planted(
        "silence-is-consent",
        "The till notes a batch as acknowledged that nobody has answered.",
        ((pump.Pump, "_failed", _believe_silence),),
        "weather",
    ),
    Planted(
        "skip-a-record",
        "A batch begins one entry after the one it says.",
        ((batches, "outgoing", _skip_first),),
        "cuts",
    ),
    Planted(
        "ack-not-verified",
        "The till believes an ack without HQ's signature.",
        ((pump, "genuine", always(True)),),
        "weather",
    ),
    Planted(
        "ack-moved-too-far",
        "The till notes its whole journal as acknowledged when a part of it is.",
        ((cursors, "set_acked", _acked_ahead),),
        "weather",
    ),
    Planted(
        "safe-not-verified",
        "The till takes what is acknowledged for what is in HQ's backups, and prunes it.",
        ((pump, "genuine_safe", lambda _original: lambda ack, *_: ack.seq),),
        "rewind",
    ),
    Planted(
        "trust-unsigned-last-ack",
        "HQ believes evidence it has never signed.",
        ((intake, "proves", always(True)),),
        "weather",
    ),
    Planted(
        "ignore-the-epoch",
        "HQ does not notice that it has signed more than it holds.",
        ((intake, "_is_lost", always(False)),),
        "rewind",
    ),
    Planted(
        "no-evidence-sent",
        "The till keeps HQ's signed position and never shows it.",
        ((batches.BatchMaker, "batch", _no_evidence),),
        "rewind",
    ),
    Planted(
        "evidence-kept-back",
        "A till in step, told that HQ stands elsewhere, goes by its word and shows no evidence.",
        ((upward, "_behind", _keeps_to_itself),),
        "rewind",
        start=37,
    ),
    Planted(
        "gap-accepted",
        "HQ takes a batch that begins above what it holds.",
        ((intake, "_check_position", always(None)),),
        "weather",
    ),
    Planted(
        "overlap-not-compared",
        "HQ passes over a different record under a number it holds.",
        ((intake, "_fork_unless_equal", always(None)),),
        "copies",
    ),
    Planted(
        "copies-not-told-apart",
        "HQ answers a start of a journal that was followed by another one.",
        ((intake, "_check_position", _no_copies),),
        "copies",
    ),
    Planted(
        "no-readmission",
        "The till does not show a forgetful HQ its credential.",
        ((Admission, "readmit", _stays_out),),
        "rewind",
    ),
    Planted(
        "behind-is-ignored",
        "The till does not go back when HQ asks it to.",
        (
            (
                upward,
                "_behind",
                lambda _original: lambda state, _event, draw: upward._doubt(state, draw),
            ),
        ),
        "rewind",
    ),
)
