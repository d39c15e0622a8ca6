"""What an error of the database says: it goes into the log."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from central.ledger.engine import reading


@pytest.mark.both_databases
def test_an_error_of_the_database_names_no_customer(ledger):
    """A failed statement would write names and phone numbers into HQ's log (P9)."""
    lost = text("SELECT * FROM no_such_table WHERE name = :name")
    with pytest.raises(SQLAlchemyError) as caught, reading(ledger) as conn:
        conn.execute(lost, {"name": "Wilhelmina"})
    assert (True, False) == (
        "no_such_table" in str(caught.value),
        "Wilhelmina" in str(caught.value),
    )
