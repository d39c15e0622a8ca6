"""Two HQ processes on one PostgreSQL are killed at random while tills send: nothing is lost.

`python -m tests.central.kills [--seconds N] [--tills N] [--seed N]` runs longer than the suite
does. Each till sends its sales in small batches, now to one HQ and now to the other, as behind a
load balancer, and keeps every signed ack. At the end: what was acked is there with the same hash
(I1), every sale had its effect once (I4), and the money at HQ is the money of the tills (I14).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
from sqlalchemy import Engine, func, select

from agent.core.entries.bodies import SaleCompleted
from agent.core.exchange.wire import Ack
from agent.core.faults import UnavailableFault
from agent.core.identifiers import receipt_number
from agent.core.sale.model import Line, Stamp, TaxAmount, TaxRate, Tender
from central.daemon.state import utc_now
from central.intake.codes import issue_code
from central.ledger.customer_tables import SALES
from central.ledger.engine import open_engine, reading, transact
from central.ledger.migrate import migrate
from central.ledger.report_tables import BOOKED
from central.ledger.tables import APPLIED, CHAIN, CURSORS, FEED_MARKS, QUARANTINE
from central.ledger.verify import verify
from tests.central.postgres import Postgres, server
from tests.central.served import Till

START_S = 120
"""One that ends is noticed at once; this is for a machine that has much else to do."""
BATCH = 5
SETTLE_S = 60
AT = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")
_CENTRAL = (sys.executable, "-m", "central.daemon.cli")


class Headquarters:
    """One HQ process that is started again and again at the same address."""

    def __init__(self, directory: Path, name: str, database: str) -> None:
        """Write its settings; nothing runs yet."""
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = directory / f"{name}.toml"
        self.config.write_text(
            f'[central]\nlisten = "127.0.0.1:{self.port}"\nstate_dir = "{directory / "state"}"\n'
            f'database = "{database}"\nlog_level = "error"\n'
        )
        self.log = directory / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        """Start it, and go on at once."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_CENTRAL, "serve", "--config", str(self.config)],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=os.environ | {"TILL_CENTRAL_STAFF_TOKEN": "token"},
            )

    async def listens(self) -> None:
        """Wait until it answers."""
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s and not self.has_ended():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise TimeoutError(self.log.read_text())

    def has_ended(self) -> bool:
        """Tell whether it ended, by itself or not."""
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """SIGKILL, whatever it is doing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.kills += 1

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Sender:
    """A till that sells and sends until it is told to stop."""

    def __init__(self, number: int, draw: random.Random) -> None:
        """Make its device; it is enrolled later."""
        self.till = Till("store-0001", f"till-{number}")
        self.draw = draw
        self.acks: list[Ack] = []
        self.refused = 0
        self.longest_s = 0.0

    async def enrol(self, hq: Headquarters, engine: Engine) -> None:
        """Enrol at one of the processes."""
        till = self.till
        code = transact(engine, lambda conn: issue_code(conn, till.store, till.till, utc_now()))
        link = till.link(hq.url)
        till.answer = await link.enrol(till.request(code))
        await link.aclose()

    async def send(self, hqs: list[Headquarters], until_s: float) -> None:
        """Sell and send, to whichever HQ comes, until time is up and everything is acked."""
        links = [self.till.link(hq.url) for hq in hqs]
        acked, chain = 0, self.till.chains["sales"]
        since_s = time.monotonic()
        while time.monotonic() < until_s or acked < len(chain):
            if time.monotonic() < until_s:
                self.sell(self.draw.randint(1, BATCH))
            try:
                batch = self.till.batch(acked + 1, lane="sales", last_ack=None)
                reply = await self.draw.choice(links).send(batch)
            except UnavailableFault:
                self.refused += 1
                await asyncio.sleep(0.02)
                continue
            if isinstance(reply, Ack):
                self.acks.append(reply)
                acked = reply.seq
            else:
                acked = reply.have_seq
            self.longest_s = max(self.longest_s, time.monotonic() - since_s)
            since_s = time.monotonic()
        for link in links:
            await link.aclose()

    def sell(self, count: int) -> None:
        """Seal sales of random amounts."""
        for _ in range(count):
            self.till.seal(lane="sales", body=self._sale(self.draw.randint(1, 99_999)))

    def total(self) -> int:
        """Add up what was sold, in minor units."""
        return sum(
            msgspec.json.decode(sealed.body)["total"] for sealed in self.till.chains["sales"]
        )

    def _sale(self, total: int) -> SaleCompleted:
        n = len(self.till.chains["sales"]) + 1
        till = self.till
        return SaleCompleted(
            sale_id=f"{till.till}-{n}",
            receipt_no=receipt_number(till.store, till.till, till.journals["sales"], n),
            store=till.store,
            till=till.till,
            business_date="2026-11-02",
            currency="EUR",
            prices_include_tax=True,
            opened=AT,
            completed=AT,
            lines=(Line(1, "Thing", 1000, total, total, (TaxRate("standard", 1900),)),),
            tenders=(Tender(1, "cash", total),),
            taxes=(TaxAmount("standard", 1900, total, 0, total),),
            total=total,
            net=total,
            change=0,
        )


async def prove(database: str, directory: Path, *, seconds: float, tills: int, seed: int) -> str:
    """Run it once on an empty database; gives what happened, in a line.

    Raises:
        AssertionError: something was lost, doubled or changed.
    """
    draw = random.Random(seed)
    senders = [Sender(n + 1, random.Random(draw.random())) for n in range(tills)]
    with ExitStack() as stack:
        hqs = [Headquarters(directory, name, database) for name in ("one", "two")]
        for hq in hqs:
            stack.callback(hq.stop)
            hq.start()
        await asyncio.gather(*(hq.listens() for hq in hqs))
        engine = open_engine(database)
        stack.callback(engine.dispose)
        await asyncio.gather(*(sender.enrol(draw.choice(hqs), engine) for sender in senders))
        until_s = time.monotonic() + seconds
        killer = asyncio.create_task(_kill(hqs, draw, until_s))
        await asyncio.gather(*(sender.send(hqs, until_s) for sender in senders))
        await killer
        await _applied(engine)
        _check(engine, senders)
    kills = sum(hq.kills for hq in hqs)
    sales = sum(len(sender.till.chains["sales"]) for sender in senders)
    acks = sum(len(sender.acks) for sender in senders)
    longest = max(sender.longest_s for sender in senders)
    return (
        f"{kills} kills, {sales} sales in {acks} acked batches, "
        f"{sum(sender.refused for sender in senders)} requests failed, longest wait {longest:.1f} s"
    )


async def _kill(hqs: list[Headquarters], draw: random.Random, until_s: float) -> None:
    """Kill one and start it again, the other one serving meanwhile; sometimes both."""
    while time.monotonic() < until_s:
        await asyncio.sleep(draw.uniform(0.2, 1.5))
        victims = hqs if draw.random() < 0.2 else [draw.choice(hqs)]
        for hq in victims:
            hq.kill()
            hq.start()
        await asyncio.gather(*(hq.listens() for hq in victims))


async def _applied(engine: Engine) -> None:
    """Wait until the applier of whichever process has the lease is through."""
    until_s = time.monotonic() + SETTLE_S
    behind = (
        select(func.count())
        .select_from(CURSORS.outerjoin(APPLIED, APPLIED.c.journal_id == CURSORS.c.journal_id))
        .where(CURSORS.c.have_seq > func.coalesce(APPLIED.c.seq, 0))
    )
    while time.monotonic() < until_s:
        with reading(engine) as conn:
            if not conn.execute(behind).scalar_one():
                return
        await asyncio.sleep(0.1)
    raise TimeoutError("not everything was applied")


def _check(engine: Engine, senders: list[Sender]) -> None:
    with reading(engine) as conn:
        assert all(report.ok for report in verify(conn)), "ledger verify"
        for sender in senders:
            journal_id = sender.till.journals["sales"]
            held = dict(
                conn.execute(
                    select(CHAIN.c.seq, CHAIN.c.hash).where(CHAIN.c.journal_id == journal_id)
                ).all()
            )
            for ack in sender.acks:
                assert held[ack.seq].hex() == ack.hash, "I1: acked, and not here"
            sealed = {each.seq: each.hash for each in sender.till.chains["sales"]}
            assert sealed == held, "I3: not the till's own chain"
        sold = conn.execute(select(SALES.c.sale_id, SALES.c.total)).all()
        booked = conn.execute(select(BOOKED.c.ref, BOOKED.c.place).order_by(BOOKED.c.place)).all()
        assert [] == conn.execute(select(QUARANTINE)).all(), "set aside"
        marks = conn.execute(select(FEED_MARKS.c.scope, FEED_MARKS.c.fseq)).all()
    expected = sum(len(sender.till.chains["sales"]) for sender in senders)
    assert expected == len(sold) == len({row.sale_id for row in sold}), "I4: effects"
    assert expected == len(booked) == len({row.ref for row in booked}), "I4: bookings"
    assert list(range(1, expected + 1)) == [row.place for row in booked], "a gap in HQ's order"
    assert sum(sender.total() for sender in senders) == sum(row.total for row in sold), "I14"
    for scope in {row.scope for row in marks}:
        numbers = sorted(row.fseq for row in marks if row.scope == scope)
        assert list(range(1, len(numbers) + 1)) == numbers, f"a gap in feed {scope}"


def run(postgres: Postgres, *, seconds: float, tills: int, seed: int) -> str:
    """Prove it once, on a database of its own."""
    database = postgres.create(f"kills-{seed}")
    engine = open_engine(database)
    migrate(engine)
    engine.dispose()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(prove(database, Path(folder), seconds=seconds, tills=tills, seed=seed))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    """Run for as long as asked, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with server() as postgres:
        said = run(postgres, seconds=asked.seconds, tills=asked.tills, seed=asked.seed)
    sys.stdout.write(f"seed {asked.seed}: {said}; nothing lost, nothing double\n")


if __name__ == "__main__":
    main()
