"""What one conversation is held for, and how it ends: every fault of a printer is a result."""

from __future__ import annotations

import msgspec

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from drivers.printers.codecs.condition import Condition
from drivers.printers.conversation import Conversation, WrongModel


class Job(msgspec.Struct, frozen=True):
    """What a conversation is held for."""

    payload: bytes
    raw: bool = False
    """It was not written by us, and may hold anything."""
    settle: bool = False
    """An earlier conversation may have left something behind."""
    look_after: bool = False
    """Ask for the condition once more when it is done."""


async def converse(talk: Conversation, job: Job) -> PrintResult:
    """Hold the whole conversation around a payload; a fault of the printer is a result."""
    try:
        ended = await _held(talk, job)
    except TimeoutError:
        return await _silent(talk)
    except WrongModel as fault:
        return _result(talk, PrintOutcome.ERROR, str(fault))
    except DeviceFault as fault:
        return _result(talk, PrintOutcome.DISCONNECTED, str(fault))
    return _result(talk, ended.outcome, ended.detail)


async def _held(talk: Conversation, job: Job) -> Condition:
    found = await (talk.roused() if job.settle and job.payload else talk.condition())
    if found.outcome is not PrintOutcome.SUCCESS or not job.payload:
        return found
    if job.settle and (stuck := await talk.settle()) is not None:
        return stuck
    await talk.send(job.payload, raw=job.raw)
    ended = await talk.outcome()
    if job.look_after and ended.outcome is PrintOutcome.SUCCESS:
        await _looked_after(talk)
    return ended


async def _looked_after(talk: Conversation) -> None:
    try:
        await talk.condition()
    except (TimeoutError, DeviceFault):
        talk.drawer_high = None  # what it said before the job is old news


async def _silent(talk: Conversation) -> PrintResult:
    try:
        if not talk.sent:
            await talk.foreign()
    except WrongModel as fault:
        return _result(talk, PrintOutcome.ERROR, str(fault))
    except (TimeoutError, DeviceFault):
        pass  # silent it is
    return _result(talk, PrintOutcome.UNRESPONSIVE, SILENT)


def _result(talk: Conversation, outcome: PrintOutcome, detail: str) -> PrintResult:
    return PrintResult(outcome, sent=talk.sent > 0, detail=detail, drawer_high=talk.drawer_high)


SILENT = "it does not answer: check that it is switched on and not in its own menu"
