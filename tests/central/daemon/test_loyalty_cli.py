"""`till-central loyalty`: a programme out of a file, refused where it cannot be meant."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from agent.core.faults import InputFault
from central.daemon.value_cli import loyalty
from central.daemon.value_commands import run_expire, run_programme, run_worklist, told
from central.identity.parties import Origin, ensure
from central.ledger.engine import open_engine, writing
from central.ledger.migrate import migrate
from central.ledger.value_tables import wake

PROGRAMME = """
gift_items = ["gift"]

[worth]
points = 100
minor = 50

[expiry]
months = 24
since = "2027-01-01"

[[rules]]
rule_id = "base"
version = 1
points = 1
per = 100
"""


@pytest.fixture
def config(tmp_path):
    """Settings of an HQ whose database is ready."""
    state = tmp_path / "state"
    state.mkdir()
    engine = open_engine(state / "central.sqlite")
    migrate(engine)
    engine.dispose()
    file = tmp_path / "central.toml"
    file.write_text(f'[central]\nstate_dir = "{state}"\n')
    return file


def test_a_file_is_put_in_force_and_shown(config, tmp_path):
    """IT could set what sales earn only by writing requests by hand."""
    file = tmp_path / "loyalty.toml"
    file.write_text(PROGRAMME)
    assert 0 == run_programme(config, None).version
    assert 1 == run_programme(config, file).version
    assert [
        "programme 1 is in force",
        "base (version 1): 1 points for each 100 of amount",
        "100 points pay 50 minor units",
        "without HQ at most 2000 minor units of points a day, 0 of a gift card",
        (
            "points end 24 months after they were earned; those from before 2027-01-01 count as "
            "earned on it"
        ),
        "gift cards: gift",
    ] == list(told(run_programme(config, None)))
    assert () == run_worklist(config).findings


def test_points_can_be_ended_by_hand(config, tmp_path):
    """An HQ that does not run would keep points past their last day."""
    file = tmp_path / "loyalty.toml"
    file.write_text(PROGRAMME)
    run_programme(config, file)
    engine = open_engine(tmp_path / "state" / "central.sqlite")
    with writing(engine) as conn:
        ensure(conn, "somebody", Origin("hq", "2026-11-02T12:00:00.000Z"))
        wake(conn, ["somebody"])
    engine.dispose()
    shown = CliRunner().invoke(loyalty, ["expire", "--config", str(config)])
    assert (0, "1 customers looked at") == (shown.exit_code, shown.stdout.strip())
    assert 0 == run_expire(config).customers


@pytest.mark.parametrize("text", ["[[rules]", "worth = 1", None])
def test_a_file_that_cannot_be_meant_changes_nothing(config, tmp_path, text):
    """A slip of the pen would change what every till gives away."""
    file = tmp_path / "loyalty.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputFault) as caught:
        run_programme(config, file)
    assert caught.value.remedy
    assert 0 == run_programme(config, None).version
