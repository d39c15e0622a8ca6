"""A person decides about a print job nobody can be sure of."""

from __future__ import annotations

import asyncio
import uuid

import msgspec
import pytest

from agent.core.faults import Fault
from agent.core.receipt.document import Cut, ReceiptDocument, Text
from agent.journal import prints
from agent.settings import TillSettings
from agent.till.commands import OpenDrawer, Print, SettlePrint, SignOn, TakeSettings

JOB = "019a2222-0000-7000-8000-000000000001"
COPY = "019a2222-0000-7000-8000-000000000002"
OTHER = "019a2222-0000-7000-8000-000000000003"
PAPER = ReceiptDocument("de", (Text("Pfandbon"), Cut()))
WAYS = {
    "queued": (),
    "sending": ("sending",),
    "held": ("held",),
    "uncertain": ("sending", "uncertain"),
    "expired": ("expired",),
    "failed": ("failed",),
    "confirmed": ("sending", "confirmed"),
}


@pytest.fixture
def asked(shop):
    """A running till with a print job in a state."""

    async def put(till, state, **what):
        await till.ask(Print(JOB, **(what or {"document": PAPER})))
        for step in WAYS[state]:
            await shop.journal.write(
                lambda conn, step=step: prints.set_state(conn, JOB, step, at="now")
            )

    return put


async def job(shop, print_id=JOB):
    return await shop.journal.read(lambda conn: prints.get(conn, print_id))


@pytest.mark.asyncio
@pytest.mark.parametrize("state", ["uncertain", "expired", "held"])
@pytest.mark.parametrize(("answer", "after"), [("printed", "confirmed"), ("drop", "failed")])
async def test_what_a_person_says_is_final_and_repeatable(shop, asked, state, answer, after):
    """A receipt in doubt would stay a question for ever, or the answer depend on being repeated."""
    async with shop.running() as till:
        await till.ask(SignOn("anna"))
        await asked(till, state)
        first = await till.ask(SettlePrint(JOB, answer))
        assert (after, False, None) == (first.job.state, first.job.ask, first.copy)
        assert first == await till.ask(SettlePrint(JOB, answer))
        other = "drop" if answer == "printed" else "printed"
        with pytest.raises(Fault) as caught:
            await till.ask(SettlePrint(JOB, other))
        assert "print-settled" == caught.value.name
    assert None is (await job(shop)).payload
    assert "said anna at till-1" in first.job.reason
    told = [event.data for event in await shop.told() if event.type == "print"]
    assert [(JOB, after)] == [(data["print_id"], data["state"]) for data in told]


@pytest.mark.asyncio
@pytest.mark.parametrize("state", ["uncertain", "expired", "held", "failed"])
async def test_a_copy_is_a_marked_job_of_its_own(shop, asked, state):
    """A second receipt would not be told from the first, or be printed twice by a second click."""
    async with shop.running() as till:
        await asked(till, state)
        first = await till.ask(SettlePrint(JOB, "print-copy", COPY))
        assert first == await till.ask(SettlePrint(JOB, "print-copy", COPY))
        assert ("failed", COPY, True, "queued") == (
            first.job.state,
            first.copy.print_id,
            first.copy.copy,
            first.copy.state,
        )
    copy = await job(shop, COPY)
    paper = shop.directory.keyring.reveal(copy.payload, COPY)
    marked = msgspec.json.decode(paper, type=ReceiptDocument)
    assert "*** COPY ***" == marked.blocks[0].text
    assert PAPER.blocks == marked.blocks[-2:]
    left = await shop.journal.read(lambda conn: prints.unfinished(conn, "receipt"))
    assert [COPY] == [each.print_id for each in left]


@pytest.mark.asyncio
@pytest.mark.parametrize("what", [{"document": PAPER}, {"raw": b"for Pfandbon"}])
async def test_who_takes_the_till_cannot_read_what_waits_for_its_printer(shop, asked, what):
    """The names on papers that wait, or waited, would be read off a stolen disk (P9)."""
    async with shop.running() as till:
        await asked(till, "uncertain", **what)
        await till.ask(SettlePrint(JOB, "print-copy", COPY))
    kept = (await job(shop, COPY)).payload
    assert b"Pfandbon" in shop.directory.keyring.reveal(kept, COPY)
    files = [each for each in shop.folder.iterdir() if each.is_file()]
    assert not [each.name for each in files if b"Pfandbon" in each.read_bytes()]


@pytest.mark.asyncio
async def test_a_copy_without_an_id_is_one_all_the_same(shop, asked):
    """A client without an id for the copy would print one with each repetition."""
    async with shop.running() as till:
        await asked(till, "uncertain", raw=b"raw")
        answers = [await till.ask(SettlePrint(JOB, "print-copy")) for _ in range(3)]
    assert 1 == len({answer.copy.print_id for answer in answers})
    assert uuid.UUID(answers[0].copy.print_id)
    copy = await job(shop, answers[0].copy.print_id)
    paper = shop.directory.keyring.reveal(copy.payload, copy.print_id)
    assert (b"raw", True) == (paper, copy.copy)


@pytest.mark.asyncio
async def test_what_was_never_sent_is_printed_unmarked(shop, asked):
    """A receipt that only waited too long would be called a copy of one that does not exist."""
    async with shop.running() as till:
        await asked(till, "expired")
        shop.clock.seconds = 60
        answer = await till.ask(SettlePrint(JOB, "print"))
        assert answer == await till.ask(SettlePrint(JOB, "print"))
        assert ("queued", False) == (answer.job.state, answer.job.copy)
    now = await job(shop)
    assert (PAPER, 60_000_000_000) == (
        msgspec.json.decode(shop.directory.keyring.reveal(now.payload, JOB), type=ReceiptDocument),
        now.asked_ns,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("state", "answer", "fault"),
    [
        ("uncertain", "print", "print-settled"),
        ("failed", "print", "print-settled"),
        ("sending", "printed", "print-under-way"),
        ("queued", "drop", "print-under-way"),
        ("confirmed", "drop", "print-settled"),
        ("confirmed", "print-copy", "print-settled"),
        ("uncertain", "perhaps", "bad-answer"),
    ],
)
async def test_what_cannot_be_said(shop, asked, state, answer, fault):
    """What may be on paper would be printed again unmarked, or a job under way be lost."""
    async with shop.running() as till:
        await asked(till, state)
        with pytest.raises(Fault) as caught:
            await till.ask(SettlePrint(JOB, answer, COPY))
    assert fault == caught.value.name
    assert (state, None) == ((await job(shop)).state, await job(shop, COPY))


@pytest.mark.asyncio
async def test_a_copy_is_not_dropped_by_whoever_answers_second(shop, asked):
    """One would believe it dropped, while the copy another one asked for comes out."""
    async with shop.running() as till:
        await asked(till, "uncertain")
        said = (SettlePrint(JOB, "print-copy", COPY), SettlePrint(JOB, "drop"))
        copied, dropped = await asyncio.gather(*map(till.ask, said), return_exceptions=True)
    assert COPY == copied.copy.print_id
    assert ("print-settled", True) == (dropped.name, COPY in str(dropped))


@pytest.mark.asyncio
async def test_what_is_over_on_paper_needs_no_second_word(shop, asked):
    """A person who is slower than the printer would be told that they are wrong."""
    async with shop.running() as till:
        await asked(till, "confirmed")
        for answer in ("printed", "print"):
            assert "confirmed" == (await till.ask(SettlePrint(JOB, answer))).job.state


@pytest.mark.asyncio
async def test_whose_jobs_can_be_settled(shop, asked):
    """A till would decide about another one's paper, or a drawer be opened hours later."""
    async with shop.running() as till, shop.running(1) as other:
        await asked(till, "uncertain")
        await till.ask(OpenDrawer(OTHER))
        for who, print_id in ((other, JOB), (till, COPY), (till, OTHER)):
            with pytest.raises(Fault) as caught:
                await who.ask(SettlePrint(print_id, "drop"))
            assert "no-such-print" == caught.value.name


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ["print", "print-copy"])
async def test_a_till_that_has_no_printer_any_more(shop, asked, answer):
    """The job would wait for a printer that is not there."""
    async with shop.running() as till:
        await asked(till, "expired")
        bare = TillSettings(id="till-1")
        await till.ask(TakeSettings(bare, shop.settings))
        with pytest.raises(Fault) as caught:
            await till.ask(SettlePrint(JOB, answer, COPY))
        assert "no-printer" == caught.value.name
        assert "failed" == (await till.ask(SettlePrint(JOB, "drop"))).job.state


@pytest.mark.asyncio
async def test_nothing_is_left_to_copy(shop, asked):
    """An empty paper would be called a copy."""
    async with shop.running() as till:
        await asked(till, "uncertain")
        await till.ask(SettlePrint(JOB, "drop"))
        with pytest.raises(Fault) as caught:
            await till.ask(SettlePrint(JOB, "print-copy", COPY))
        assert "nothing-kept" == caught.value.name


@pytest.mark.asyncio
async def test_a_hundred_times_the_same_print(shop):
    """Whoever repeats a print over a bad line would get other answers, or other papers."""
    async with shop.running() as till:
        asks = [till.ask(Print(JOB, PAPER)) for _ in range(100)]
        answers = await asyncio.gather(*asks)
        for step in WAYS["confirmed"]:
            await shop.journal.write(
                lambda conn, step=step: prints.set_state(conn, JOB, step, at="now")
            )
        answers.append(await till.ask(Print(JOB, PAPER)))
        with pytest.raises(Fault) as caught:
            await till.ask(Print(JOB, raw=b"another"))
    assert "print-id-reused" == caught.value.name
    assert 1 == len({msgspec.json.encode(answer) for answer in answers})
