"""The commands, as a person calls them."""

from __future__ import annotations

import json
import stat

import pytest
from typer.testing import CliRunner

from central.daemon.cli import app
from central.ledger.engine import open_engine, writing

CUSTOMERS = "customer_id,name\nC-1,Ada\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "central.toml"
    path.write_text(f'[central]\nname = "Chain"\nstate_dir = "{tmp_path}/state"\n')
    return path


@pytest.fixture
def call(config):
    """Call a command with the settings; gives exit code, stdout, stderr."""

    def _call(*arguments):
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        return result.exit_code, result.stdout, result.stderr

    return _call


def test_migrate_makes_a_ledger_only_its_owner_reads(call, tmp_path):
    """Wrong: customers' data or the root key can be read by every user of the machine."""
    code, out, _ = call("migrate")
    assert (0, True) == (code, out.startswith("schema none -> "))
    for path in (tmp_path / "state", *(tmp_path / "state").iterdir()):
        assert 0 == stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert "nothing to do" in call("migrate")[1]
    assert {"before", "after"} == set(json.loads(call("migrate", "--json")[1]))


def test_commands_before_migrate_say_what_to_do(call):
    """Wrong: a command on a new machine fails with a stack trace."""
    code, out, err = call("enrol-code", "s", "t")
    assert (1, "") == (code, out)
    assert "(ledger-fault)" in err.splitlines()[0]
    assert err.splitlines()[2].startswith("→ run till-central migrate")


def test_enrol_code_prints_the_code_alone(call):
    """Wrong: a script cannot take the code from stdout."""
    call("migrate")
    code, out, err = call("enrol-code", "store-1", "till-1")
    assert (0, 1) == (code, len(out.split()))
    assert f"till-agent enrol {out.strip()}" in err
    made = json.loads(call("enrol-code", "store-1", "till-1", "--json")[1])
    assert ("store-1", "till-1", 24) == (made["store"], made["till"], made["hours"])
    assert 1 == call("enrol-code", "store-1", " ")[0]


def test_status_of_a_new_hq(call):
    """Wrong: status is of no use before the first till."""
    call("migrate")
    assert "till-central enrol-code" in call("status")[1]
    found = json.loads(call("status", "--json")[1])
    assert ("Chain", [], 0, []) == (
        found["name"],
        found["stores"],
        found["quarantined"],
        found["incidents"],
    )


def test_verify_says_what_it_found_by_its_exit_code(call, tmp_path):
    """Wrong: a nightly check cannot tell a clean ledger from a changed one."""
    call("migrate")
    assert (0, True) == (
        (found := call("ledger", "verify", "--json"))[0],
        json.loads(found[1])["ok"],
    )
    engine = open_engine(tmp_path / "state/central.sqlite")
    with writing(engine) as conn:
        conn.exec_driver_sql("INSERT INTO chain VALUES ('x', 1, 1, 1, x'00', x'00', '')")
    engine.dispose()
    code, out, _ = call("ledger", "verify")
    assert (1, True) == (code, "journal x: FAULT" in out)
    assert not json.loads(call("ledger", "verify", "--json")[1])["ok"]


def test_imports_take_what_they_can_and_name_the_rest(call, tmp_path):
    """Wrong: one bad row keeps a catalogue out, or vanishes without a word."""
    call("migrate")
    items = tmp_path / "items.csv"
    items.write_text("item_id,name,price,tax\nI-1,Tea,1.99,standard\nI-2,Bad,x,standard\n")
    code, out, err = call("import-items", str(items))
    assert (1, True) == (code, "1 added" in out)
    assert "line 3" in err
    assert "→" in err
    items.write_text("item_id,name,price,tax\nI-1,Tea,1.99,standard\n")
    assert 0 == call("import-items", str(items))[0]
    assert 1 == json.loads(call("import-items", str(items), "--json")[1])["unchanged"]
    assert {"global": 1} == json.loads(call("status", "--json")[1])["feeds"]
    code, _, err = call("import-items", str(tmp_path / "missing.csv"))
    assert (1, True) == (code, "missing.csv" in err)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["serve"],
        ["migrate"],
        ["enrol-code"],
        ["status"],
        ["ledger"],
        ["ledger", "verify"],
        ["import-items"],
        ["import-customers"],
    ],
)
def test_every_command_explains_itself(arguments):
    """Wrong: --help fails or is empty."""
    result = CliRunner().invoke(app, [*arguments, "--help"])
    assert 0 == result.exit_code
    assert "Usage" in result.stdout


@pytest.mark.parametrize("arguments", [["nope"], ["enrol-code", "only-store"], ["status", "--x"]])
def test_wrong_use_has_exit_code_2(arguments):
    """Wrong: a script cannot tell a typing error from a found fault."""
    assert 2 == CliRunner().invoke(app, arguments).exit_code


def test_a_wrong_setting_stops_every_command(call, config):
    """Wrong: a command runs on half-understood settings."""
    config.write_text('[central]\nstate = "x"\nlisten = 5\n')
    code, _, err = call("status")
    assert 1 == code
    assert "central.state: " in err
    assert "central.listen: " in err


def test_a_state_directory_that_cannot_be_made_is_named(call, config, tmp_path):
    """Wrong: HQ fails later, and somewhere else."""
    (tmp_path / "file").write_text("")
    config.write_text(f'[central]\nstate_dir = "{tmp_path}/file/state"\n')
    code, _, err = call("migrate")
    assert (1, True) == (code, "(state-dir)" in err)
    assert "[central] state_dir" in err
