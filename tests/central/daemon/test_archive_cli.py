"""`till-central import-journal`, as a person calls it."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from typer.testing import CliRunner

from agent.core.exchange.credentials import key_id
from agent.journal import Journal, archives
from agent.journal.device_key import DeviceKey
from central.daemon.cli import app
from central.ledger.customer_tables import SALES
from central.ledger.engine import open_engine, reading
from tests.journal.shop import STORE, CountingClock, sell

NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def call(tmp_path):
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\nname = "Chain"\nstate_dir = "{tmp_path}/state"\n')

    def called(*arguments):
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        return result.exit_code, result.stdout, result.stderr

    return called


@pytest.fixture
def file(tmp_path):
    """Three sales of a till HQ has never heard of."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    key = DeviceKey(private, public, key_id(public))
    path = tmp_path / "journals.jsonl"
    with Journal.open(
        tmp_path / "journal.db",
        store=STORE,
        tills=["till-1"],
        device_key=public,
        clock=CountingClock(1),
    ) as journal:
        for number in range(3):
            journal.write_blocking(lambda conn, n=number: sell(conn, f"sale-{n}"))
        with path.open("wb") as target:
            journal.read_blocking(
                lambda conn: archives.write(target, archives.lines(conn, STORE, NOW, key))
            )
    return path


def test_sales_of_a_file_are_sold_at_hq(call, file, tmp_path):
    """They would lie in the inbox, and in no report."""
    call("migrate")
    code, out, err = call("import-journal", str(file))
    assert (1, "") == (code, out)
    assert "(not-approved)" in err.splitlines()[0]
    assert "--approve" in err.splitlines()[2]
    code, out, _ = call("import-journal", str(file), "--approve", "Grace")
    assert 0 == code
    assert "3 entries: taken, HQ had 0, has 3" in out
    code, out, _ = call("import-journal", str(file), "--approve", "Grace", "--json")
    assert (0, "held") == (code, json.loads(out)["journals"][0]["outcome"])
    engine = open_engine(tmp_path / "state" / "central.sqlite")
    with reading(engine) as conn:
        assert 3 == conn.execute(select(func.count()).select_from(SALES)).scalar_one()
    engine.dispose()
    code, out, _ = call("ledger", "verify", "--json")
    assert (0, True) == (code, json.loads(out)["ok"])
    code, _, err = call("import-journal", str(file.with_name("none")))
    assert (1, True) == (code, "cannot be read" in err)
