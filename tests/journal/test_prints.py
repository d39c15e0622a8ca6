"""Print jobs from the transaction that wanted them until the paper is out."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from hashlib import sha256

import pytest

from agent.core.faults import NotFoundFault, StateFault
from agent.core.sale.model import Stamp
from agent.journal import print_ages, prints
from tests.journal.shop import TILLS

STATES = tuple(prints.MOVES)
WAYS = {
    "queued": (),
    "sending": ("sending",),
    "held": ("held",),
    "uncertain": ("sending", "uncertain"),
    "failed": ("failed",),
    "confirmed": ("sending", "confirmed"),
    "expired": ("expired",),
}


def put(conn, print_id, device="receipt", kind="document", payload=b"paper", **more):
    return prints.enqueue(
        conn,
        print_id=print_id,
        till=TILLS[0],
        device=device,
        kind=kind,
        payload=payload,
        **{"sale_id": "sale-a", "at": "then"} | more,
    )


@pytest.fixture
def enqueue(write):
    return lambda print_id, **more: write(lambda conn: put(conn, print_id, **more))


@pytest.fixture
def move(write):
    def moving(print_id, *states, reason=""):
        for state in states:
            job = write(
                lambda conn, state=state: prints.set_state(
                    conn, print_id, state, at="now", reason=reason
                )
            )
        return job

    return moving


def test_job_is_kept_whole(enqueue, read):
    """A job that comes back changed prints something else."""
    job = enqueue("p-1")
    assert job == prints.PrintJob(
        print_id="p-1",
        till=TILLS[0],
        device="receipt",
        kind="document",
        payload=b"paper",
        digest=sha256(b"paper").hexdigest(),
        state="queued",
        reason="",
        sale_id="sale-a",
        copy=False,
        created="then",
        updated="then",
    )
    assert read(lambda conn: prints.get(conn, "p-1")) == job
    assert read(lambda conn: prints.get(conn, "p-2")) is None


@pytest.mark.parametrize("states", [(), ("sending",), ("sending", "confirmed"), ("expired",)])
def test_repeated_request_prints_nothing_twice(enqueue, move, read, states):
    """A request repeated after a lost answer would print the receipt twice (P7)."""
    job = enqueue("p-1")
    job = move("p-1", *states) if states else job
    assert enqueue("p-1") == job
    assert len(read(lambda conn: prints.unfinished(conn, "receipt"))) == (
        job.state not in prints.OVER
    )


@pytest.mark.parametrize("states", [(), ("sending", "confirmed")])
def test_id_of_another_content_is_refused(enqueue, move, states):
    """Silently dropping the second print would lose a receipt."""
    enqueue("p-1")
    if states:
        move("p-1", *states)
    for other in ({"payload": b"other"}, {"kind": "raw"}):
        with pytest.raises(StateFault) as caught:
            enqueue("p-1", **other)
        assert caught.value.name == "print-id-reused"


def test_receipt_of_another_sale_is_refused(enqueue):
    """A receipt has no payload: without its sale all receipts would be the same to their ids."""
    receipt = {"kind": prints.RECEIPT, "payload": None}
    job = enqueue("p-1", **receipt)
    assert enqueue("p-1", **receipt) == job
    for other in ({"sale_id": "sale-b"}, {"copy": True}, {"kind": "drawer"}):
        with pytest.raises(StateFault) as caught:
            enqueue("p-1", **receipt | other)
        assert caught.value.name == "print-id-reused"


def test_queue_is_worked_off_in_order(enqueue, move, read):
    """Receipts in another order than the sales go to the wrong customers."""
    for print_id, device in (("p-2", "receipt"), ("p-1", "receipt"), ("p-0", "kitchen")):
        enqueue(print_id, device=device)
    assert read(lambda conn: prints.next_for(conn, "receipt")).print_id == "p-2"
    move("p-2", "sending")
    assert read(lambda conn: prints.next_for(conn, "receipt")).print_id == "p-1"
    move("p-2", "held")
    assert read(lambda conn: prints.next_for(conn, "receipt")).print_id == "p-2"
    assert read(lambda conn: prints.next_for(conn, "kitchen")).print_id == "p-0"
    move("p-2", "sending", "confirmed")
    move("p-1", "failed")
    assert read(lambda conn: prints.next_for(conn, "receipt")) is None


def test_unfinished_jobs_are_those_somebody_waits_for(enqueue, move, read):
    """After a restart the worker must see what it was at, and nothing that is over."""
    for number, states in enumerate(
        ((), ("sending",), ("held",), ("sending", "uncertain"), ("failed",), ("expired",))
    ):
        enqueue(f"p-{number}")
        if states:
            move(f"p-{number}", *states)
    found = read(lambda conn: prints.unfinished(conn, "receipt"))
    assert [job.state for job in found] == ["queued", "sending", "held", "uncertain"]


def test_confirmed_payload_is_forgotten(enqueue, move, read):
    """What a customer bought would lie in the queue for ever (P9)."""
    enqueue("p-1")
    job = move("p-1", "sending", "confirmed")
    assert (job.payload, job.digest) == (None, sha256(b"paper").hexdigest())
    assert read(lambda conn: prints.get(conn, "p-1")) == job


def test_expired_job_can_be_printed_after_all(enqueue, move, write, read):
    """A receipt that waited too long would be lost, or be too old again when it is asked for."""
    enqueue("p-1")
    enqueue("p-2")
    move("p-1", "expired", reason="waited for 3 hours")
    now = Stamp("now", 5_000, "boot")
    job = write(
        lambda conn: prints.ask_again(conn, "p-1", device="other", stamp=now, reason="asked for")
    )
    assert (job.payload, job.reason, job.state) == (b"paper", "asked for", "queued")
    assert (job.created, job.asked_ns, job.asked_boot) == ("now", 5_000, "boot")
    assert [job] == read(lambda conn: prints.unfinished(conn, "other"))
    assert [job.print_id for job in read(lambda conn: prints.unfinished(conn, "receipt"))] == [
        "p-2"
    ]


@pytest.mark.parametrize("state", ["uncertain", "failed", "confirmed"])
def test_what_may_be_on_paper_is_never_queued_again(enqueue, move, write, state):
    """A customer would get two receipts of one sale, neither marked as a copy (P7)."""
    enqueue("p-1")
    move("p-1", *WAYS[state])
    with pytest.raises(StateFault) as caught:
        write(
            lambda conn: prints.ask_again(
                conn, "p-1", device="receipt", stamp=Stamp("now", 1, ""), reason=""
            )
        )
    assert "print-state" == caught.value.name


def test_open_jobs_of_a_till(enqueue, move, read):
    """A page that is reloaded would not ask again what became of a receipt."""
    for number, states in enumerate(
        (("held",), ("sending", "uncertain"), ("expired",), ("failed",), ("sending", "confirmed"))
    ):
        enqueue(f"p-{number}")
        move(f"p-{number}", *states)
    enqueue("queued")
    enqueue("kick", kind="drawer", payload=None)
    move("kick", "expired")
    found = read(lambda conn: prints.open_of(conn, TILLS[0], 10))
    assert ["p-0", "p-1", "p-2"] == [job.print_id for job in found]
    assert [False, True, True] == [job.asks for job in found]
    newest = read(lambda conn: prints.open_of(conn, TILLS[0], 1))
    assert ["p-2"] == [job.print_id for job in newest]
    assert [] == read(lambda conn: prints.open_of(conn, "till-9", 10))
    assert not read(lambda conn: prints.get(conn, "kick")).asks


def test_devices_that_have_jobs(enqueue, move, read):
    """The jobs of a printer that was taken out of the settings would lie there unseen."""
    for number, states in enumerate((("held",), (), ("expired",))):
        enqueue(f"p-{number}", device=f"printer-{number}")
        if states:
            move(f"p-{number}", *states)
    found = read(prints.waiting_devices)
    assert ["printer-0", "printer-1"] == sorted(found)


def test_dropped_payload_is_forgotten(enqueue, move, write, read):
    """What a person decided not to print would lie in the queue for a month (P9)."""
    enqueue("p-1")
    move("p-1", "held", "failed")
    write(lambda conn: prints.forget_payload(conn, "p-1"))
    job = read(lambda conn: prints.get(conn, "p-1"))
    assert ("failed", None, sha256(b"paper").hexdigest()) == (job.state, job.payload, job.digest)


def test_id_of_another_till_is_refused(write, enqueue):
    """Two tills that made the same id would get one receipt between them."""
    enqueue("p-1")
    with pytest.raises(StateFault) as caught:
        write(
            lambda conn: prints.enqueue(
                conn,
                print_id="p-1",
                till=TILLS[1],
                device="receipt",
                kind="document",
                payload=b"paper",
                at="then",
            )
        )
    assert "print-id-reused" == caught.value.name


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("after", STATES)
def test_only_the_moves_of_the_table(enqueue, write, read, state, after):
    """A job that was sent could be queued again by mistake and print twice."""
    enqueue("p-1")
    for step in WAYS[state]:
        write(lambda conn, step=step: prints.set_state(conn, "p-1", step, at="now"))
    allowed = after == state or after in prints.MOVES[state]
    outcome = contextlib.nullcontext() if allowed else pytest.raises(StateFault, match="cannot")
    with outcome:
        write(lambda conn: prints.set_state(conn, "p-1", after, at="now"))
    assert read(lambda conn: prints.get(conn, "p-1")).state == (after if allowed else state)


def test_unknown_job_is_named(move):
    """A worker that moves a job nobody made would hide a fault."""
    with pytest.raises(NotFoundFault):
        move("p-9", "sending")


DAY = 24 * 3600


class Months:
    """A queue over a long time, by whatever clocks."""

    def __init__(self, enqueue, move, monkeypatch):
        for name, value in (("PRUNE_EVERY", 4), ("PRUNE_STEP", 5), ("KEPT_TURNS", 10)):
            monkeypatch.setattr(print_ages, name, value)
        self._enqueue, self._move = enqueue, move
        self.count = 0

    def pass_(self, jobs, *, mono_s, boot="a", wall="2024-01-01T00:00:00.000Z"):
        """Print some jobs at one moment."""
        for _ in range(jobs):
            stamp = Stamp(wall, mono_s * 10**9, boot)
            self._enqueue(f"p-{self.count}", stamp=stamp, at=wall)
            self._move(f"p-{self.count}", "expired")
            self.count += 1


@pytest.fixture
def months(enqueue, move, monkeypatch):
    return Months(enqueue, move, monkeypatch)


@pytest.fixture
def kept(read):
    over = "SELECT turn FROM print_aside WHERE state = 'expired' ORDER BY turn"
    return lambda: [turn for (turn,) in read(lambda conn: conn.execute(over).fetchall())]


def test_jobs_long_over_are_dropped_in_small_steps(enqueue, move, read, months, kept):
    """The queue would grow for ever, or one sale would wait for a great cleaning up."""
    enqueue("held-for-ever")
    move("held-for-ever", "held")
    months.pass_(20, mono_s=0)
    assert list(range(2, 22)) == kept()
    months.pass_(3, mono_s=31 * DAY)
    assert list(range(7, 25)) == kept()
    months.pass_(17, mono_s=31 * DAY + 60)
    assert list(range(21, 42)) == kept()
    assert read(lambda conn: prints.get(conn, "held-for-ever")).state == "held"


def test_a_clock_that_jumps_makes_nothing_forgotten(months, kept):
    """A wall clock set to 2099 would make yesterday's ids new again, and print them twice."""
    months.pass_(20, mono_s=0)
    months.pass_(40, mono_s=3 * DAY, wall="2099-01-01T00:00:00.000Z")
    assert list(range(1, 61)) == kept()


def test_ids_are_kept_for_thirty_days_however_many_there_are(months, kept):
    """A busy shop would forget an id within two weeks."""
    for day in range(29):
        months.pass_(20, mono_s=day * DAY)
    assert 29 * 20 == len(kept())


def test_what_a_machine_was_off_for_is_not_counted(months, kept):
    """A reboot would make the agent guess by a clock that may be wrong."""
    for night in range(20):
        months.pass_(4, mono_s=60, boot=f"boot-{night}")
        months.pass_(4, mono_s=DAY, boot=f"boot-{night}")
    assert 160 == len(kept())
    for night in range(20, 50):
        months.pass_(4, mono_s=60, boot=f"boot-{night}")
        months.pass_(4, mono_s=DAY, boot=f"boot-{night}")
    assert 400 > len(kept()) >= 30 * 8
    assert kept()[-1] == 400


@pytest.mark.asyncio
async def test_turns_never_come_twice(journal):
    """A queue's number given twice would leave its worker asleep over a new job."""
    seen = 0
    for number in range(3):
        print_id = f"p-{number}"
        await journal.write(lambda conn, print_id=print_id: put(conn, print_id))
        seen = await journal.signals.prints.wait(seen)
        for state in ("sending", "confirmed"):
            moving = partial(prints.set_state, print_id=print_id, state=state, at="now")
            await journal.write(moving)
    assert seen == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("left", ["held", "expired"])
async def test_requeued_job_wakes_the_worker(journal, left):
    """The newest job queued again would lie there until the next receipt wakes the printer."""
    await journal.write(lambda conn: put(conn, "p-1"))
    seen = await journal.signals.prints.wait(0)
    for state in (*WAYS[left], "queued"):
        moving = partial(prints.set_state, print_id="p-1", state=state, at="now")
        await journal.write(moving)
    assert await asyncio.wait_for(journal.signals.prints.wait(seen), 30) == 2


def test_held_jobs_cost_the_next_sale_nothing(enqueue, move, read):
    """A printer that is away for a day would slow down every sale of that day."""
    enqueue("p-1")
    move("p-1", "held")
    assert read(lambda conn: conn.execute("SELECT * FROM print_job").fetchall()) == []
    for sql in (prints._KNOWN, prints._UNFINISHED):
        plan = read(
            lambda conn, sql=sql: conn.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",)).fetchall()
        )
        assert not [row[3] for row in plan if "SCAN print_aside" in row[3]]
    move("p-1", "queued", "sending")
    assert read(lambda conn: conn.execute("SELECT * FROM print_aside").fetchall()) == []
