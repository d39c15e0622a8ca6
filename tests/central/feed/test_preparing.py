"""What tills will ask for is stretched ahead of them, once, wherever it was cut off."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agent.core.exchange.sealed_rows import Master
from agent.core.privacy import Stretching
from agent.core.recognition.means import Identifier, IdentifierType
from central.feed import preparing
from central.feed.preparing import Prepared, prepare_all
from central.feed.sealing import Sealer
from central.identity.holding import hold
from central.identity.parties import Origin, ensure
from central.ledger.engine import reading, writing
from central.ledger.key_tables import STRETCHES

MASTER = Master(b"m" * 32, Stretching(cost_log2=10))
NOW = "2026-11-02T12:00:00.000Z"


class Killed(BaseException):
    """The program ends here."""


@pytest.mark.both_databases
def test_everything_is_stretched_once(ledger, monkeypatch):
    """A till would wait for hours behind an import, or all of it be done again after a restart."""
    monkeypatch.setattr(preparing, "SLICE", 4)
    emails = [Identifier(IdentifierType.EMAIL, f"g{n}@example.org") for n in range(10)]
    with writing(ledger) as conn:
        for n, email in enumerate(emails):
            ensure(conn, f"p-{n}", Origin("import", NOW))
            hold(conn, f"p-{n}", [email], Origin("import", NOW))

    def killed(prepared):
        if prepared.done == 4:
            raise Killed

    with pytest.raises(Killed):
        prepare_all(ledger, Sealer(ledger, MASTER), killed)
    told = prepare_all(ledger, Sealer(ledger, MASTER))
    assert (10, 10, 6) == (told.done, told.whole, told.made)
    with reading(ledger) as conn:
        assert {MASTER.fingerprint(each) for each in emails} == set(
            conn.execute(select(STRETCHES.c.fingerprint)).scalars()
        )
    assert 0 == prepare_all(ledger, Sealer(ledger, MASTER)).made


def test_it_says_how_long_the_rest_takes():
    """Nobody would know whether tills know the customers before the shop opens."""
    assert 90 == Prepared(done=100, whole=1000, made=100, took_ms=10_000).left_s
    assert Prepared(100, 1000, 0, 10).left_s is None
