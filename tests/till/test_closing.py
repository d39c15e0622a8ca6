"""An enrolment is closed for HQ in the till's own journal, and HQ alone opens it."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.core.entries import SIDE
from agent.core.entries.bodies import ConsentGiven, PartyEnrolled
from agent.core.entries.worded import Worded, words_of
from agent.core.entries.written import EndAsked, NoteAsked, TaskAsked
from agent.core.faults import Fault, InputFault, StateFault
from agent.core.identifiers import TillId
from agent.core.privacy import seal_enrolment
from agent.core.recognition import IdentifierType
from agent.journal import chains, reading
from agent.journal.lineage import lineage
from agent.till import commands
from agent.till.requests import EnrolRequest, IdentifyRequest
from central.feed.grants import seal
from central.histories.unsealing import opening
from central.ledger.hq import leave_closed
from tests.sealed import MASTER

LEA = "019a0000-0000-7000-8000-000000001ea0"
REQUEST = EnrolRequest(
    party_id=LEA,
    name="Wilhelmina Adelheid",
    phone="030 5550199",
    email="wilhelmina@example.com",
    postcode="10999",
    consents=(ConsentGiven("marketing", "email", True),),
    wallet=True,
)
PRIVATE = MASTER.enrolment
PUBLIC = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
SAID = "Wilhelmina wants to be called at 030 5550199, or wilhelmina@example.com"
HIDDEN = (b"Wilhelmina", b"wilhelmina", b"5550199", b"10999")


def enrolments(shop):
    def read(conn):
        found = lineage(conn, TillId("till-1"), SIDE)
        return [body for member in found for _, body in chains.facts_of(conn, member.number, 0)]

    bodies = reading(shop.folder / "journal.db", read)
    return [body for body in bodies if isinstance(body, PartyEnrolled)]


def kept_words(shop):
    """Give the facts of this till in which words about somebody stand."""

    def read(conn):
        found = lineage(conn, TillId("till-1"), SIDE)
        return [body for member in found for _, body in chains.facts_of(conn, member.number, 0)]

    bodies = reading(shop.folder / "journal.db", read)
    return [body for body in bodies if isinstance(body, Worded)]


async def written(loop, party_id):
    """Have a cashier write a note, hand over a task and say what became of it."""
    note = NoteAsked(text=SAID, note_id="note-1")
    await loop.ask(commands.WriteNote(party_id, note))
    assert "note-1" == (await loop.ask(commands.WriteNote(party_id, note))).id
    await loop.ask(commands.OpenTask(party_id, TaskAsked(text=SAID, task_id="task-1")))
    await loop.ask(commands.CloseTask(party_id, "task-1", EndAsked(outcome=SAID)))


@pytest.mark.asyncio
async def test_what_was_written_about_somebody_is_read_at_hq_alone(shop):
    """Wrong: who takes the till reads names and numbers off the notes cashiers left (P9)."""
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    async with shop.running() as loop:
        await loop.ask(commands.Enrol(REQUEST))
        await written(loop, LEA)
    kept = kept_words(shop)
    assert [""] * 3 == [words_of(each) for each in kept]
    assert not any(each in disk(shop) for each in HIDDEN)
    assert [SAID] * 3 == [words_of(opening(PRIVATE)(each)) for each in kept]
    moved = msgspec.structs.replace(kept[0], note_id="note-2")
    with pytest.raises(Fault, match="not for this key"):
        opening(PRIVATE)(moved)


@pytest.mark.asyncio
async def test_a_till_without_hq_keeps_what_was_written(shop):
    """Wrong: a note of a till that has not spoken to HQ yet is lost."""
    async with shop.running() as loop:
        await loop.ask(commands.Enrol(REQUEST))
        await written(loop, LEA)
    assert [SAID] * 3 == [words_of(each) for each in kept_words(shop)]


def disk(shop):
    return b"".join(each.read_bytes() for each in shop.folder.iterdir() if each.is_file())


@pytest.mark.asyncio
async def test_nothing_of_a_person_stands_on_the_till(shop):
    """Wrong: who takes the till reads whom it enrolled while HQ was away."""
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    async with shop.running() as loop:
        made = await loop.ask(commands.Enrol(REQUEST))
        again = await loop.ask(commands.Enrol(REQUEST))
        found = await loop.ask(
            commands.Identify(IdentifyRequest(value="+49305550199", type=IdentifierType.PHONE))
        )
    assert made == again
    assert (LEA, "Wilhelmina Adelheid") == (found.party_id, found.card.name)
    [kept] = enrolments(shop)
    hidden = (*HIDDEN, made.card.encode(), made.wallet.secret.encode())
    assert not any(each in disk(shop) for each in hidden)
    opened = opening(PRIVATE)(kept)
    assert ("Wilhelmina Adelheid", "+49305550199", made.card) == (
        opened.name,
        opened.phone,
        opened.card,
    )
    assert REQUEST.consents == opened.consents


@pytest.mark.asyncio
async def test_after_a_restart_the_answer_is_the_same(shop):
    """Wrong: POS software that repeats itself gives the customer a second card number."""
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    async with shop.running() as loop:
        made = await loop.ask(commands.Enrol(REQUEST))
    shop.close()
    shop.open()
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    async with shop.running() as loop:
        assert made == await loop.ask(commands.Enrol(REQUEST))
    assert 1 == len(enrolments(shop))


@pytest.mark.asyncio
async def test_without_hqs_key_it_stands_as_it_was_said(shop):
    """Wrong: a till without HQ keeps enrolments that nobody will ever open."""
    async with shop.running() as loop:
        await loop.ask(commands.Enrol(REQUEST))
    [kept] = enrolments(shop)
    assert ("Wilhelmina Adelheid", None) == (kept.name, kept.sealed)
    assert kept == opening(PRIVATE)(kept) == leave_closed(kept)


@pytest.mark.asyncio
async def test_what_hq_cannot_open_is_a_named_fault(shop):
    """Wrong: an enrolment closed for another HQ makes a person without a name."""
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    async with shop.running() as loop:
        await loop.ask(commands.Enrol(REQUEST))
    [kept] = enrolments(shop)
    with pytest.raises(StateFault, match="its key is not here"):
        leave_closed(kept)
    with pytest.raises(Fault, match="not for this key"):
        opening(b"x" * 32)(kept)
    for text in (b"[]", msgspec.json.encode(msgspec.structs.replace(kept, party_id="other"))):
        wrong = msgspec.structs.replace(kept, sealed=seal_enrolment(seal, text, PUBLIC, LEA))
        with pytest.raises(InputFault, match="is no enrolment"):
            opening(PRIVATE)(wrong)
