"""`central.toml`: every error at once, the example as written."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from central.daemon.settings import (
    PasswordFault,
    Settings,
    SettingsFault,
    address_of,
    database_of,
    load,
    parse,
)

ROOT = Path(__file__).parents[3]
FILE = Path("central.toml")


def problems(text):
    with pytest.raises(SettingsFault) as caught:
        parse(text, FILE)
    return {found.path: found for found in caught.value.problems}


def test_an_empty_file_is_a_working_one():
    """Wrong: IT has to write down what everybody wants."""
    assert Settings() == parse("", FILE)
    assert Path("/var/lib/till-central/central.sqlite") == database_of(Settings().central)


def test_the_example_is_valid_and_shipped_twice():
    """Wrong: the example IT copies is refused, or the copy in config/ has drifted."""
    path = ROOT / "config/central.example.toml"
    assert ["web"] == [channel.id for channel in load(path).channels]
    assert path.read_bytes() == (ROOT / "central/daemon/central.example.toml").read_bytes()


def test_the_json_schema_is_that_of_the_settings_and_shipped_twice():
    """Wrong: an editor accepts what HQ refuses, or the other way round."""
    made = json.dumps(msgspec.json.schema(Settings), indent=2, ensure_ascii=False) + "\n"
    for room in ("config", "central/daemon"):
        assert made == (ROOT / room / "central.schema.json").read_text(encoding="utf-8"), (
            "write it again with: python -m tests.central.daemon.schema"
        )


def test_the_examples_comments_show_the_defaults():
    """Wrong: the example tells IT something that is not so."""
    text = (ROOT / "config/central.example.toml").read_text()
    lines = [line[2:].partition("#")[0] for line in text.splitlines() if line.startswith("# ")]
    said = "\n".join(line for line in lines if " = " in line and "database" not in line)
    upto = said[: said.index("id =")]
    assert Settings().central == parse("[central]\n" + upto, FILE).central


def test_every_error_is_named_at_once_with_its_remedy():
    """Wrong: IT mends one error after the other, one start each."""
    found = problems(
        '[central]\nlisten = "8470"\nlog_level = "loud"\nlisen = 1\n'
        '[[channel]]\nid = "web"\nkind = "other"\n[[channel]]\nid = 5\n'
    )
    assert {"central.log_level", "central.lisen", "channel[1].id"} == set(found)
    assert "did you mean 'listen'" in found["central.lisen"].remedy
    found = problems(
        '[central]\nlisten = "127.0.0.1:99999"\ndatabase = "postgresql://x"\n'
        '[[channel]]\nid = "web"\nkind = "other"\n[[channel]]\nid = "web"\n[[channel]]\nid = ""\n'
    )
    paths = ["central.listen", "central.database", "channel[0].kind", "channel[1].id"]
    assert [*paths, "channel[2].id"] == list(found)
    assert "65535" in found["central.listen"].remedy
    assert all(problem.remedy for problem in found.values())


@pytest.mark.parametrize(
    "database",
    ["postgresql://hq@db.example:5432/central", "postgresql:///central", "sqlite:////x/y.sqlite"],
)
def test_both_databases_may_be_named(database):
    """Wrong: HQ cannot be put on PostgreSQL, or no longer on a file of another place."""
    parse(f'[central]\ndatabase = "{database}"\n', FILE)


@pytest.mark.parametrize(
    ("database", "detail"),
    [
        ("postgresql://hq:s3cret@db/central", "has a password in it"),
        ("postgresql://db/central?password=s3cret", "has a password in it"),
        ("postgresql+asyncpg://db/s3cret", "not a database this version works with"),
        ("mysql://db/s3cret", "not a database this version works with"),
        ("postgresql://db:port/s3cret", "cannot be read as a URL"),
        ("s3cret", "cannot be read as a URL"),
        ("postgresql://hq@db", "names no database"),
        ("sqlite://", "names no file"),
    ],
)
def test_a_wrong_database_is_named_and_no_password_repeated(database, detail):
    """Wrong: a password lies readable in the settings, or in the log of the error about it."""
    found = problems(f'[central]\ndatabase = "{database}"\n')["central.database"]
    assert detail in found.detail
    assert "postgresql://USER@HOST" in found.remedy
    assert "s3cret" not in found.detail + found.remedy


def test_the_password_is_read_from_a_file_or_the_environment(tmp_path, monkeypatch):
    """Wrong: PostgreSQL asks for a password that IT has written down where it was told to."""
    held = tmp_path / "password"
    held.write_text("s3cret\n")
    text = '[central]\ndatabase = "postgresql://hq@db/central"\n'
    of_file = parse(f'{text}database_password_file = "{held}"\n', FILE).central
    assert "s3cret" == database_of(of_file).password
    monkeypatch.setenv("TILL_CENTRAL_DATABASE_PASSWORD", "other")
    assert "other" == database_of(parse(text, FILE).central).password
    held.write_text("\n")
    with pytest.raises(PasswordFault, match="is empty"):
        database_of(of_file)
    held.unlink()
    with pytest.raises(PasswordFault, match="FileNotFoundError"):
        database_of(of_file)
    stray = problems('[central]\ndatabase_password_file = "x"\n')
    assert {"central.database_password_file"} == set(stray)


def test_a_file_that_is_no_toml_or_not_there_is_named(tmp_path):
    """Wrong: a missing quote or a wrong path ends in a stack trace."""
    assert {"TOML"} == set(problems("[central"))
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(SettingsFault, match="cannot be read") as caught:
            load(path)
        assert str(path) in caught.value.remedy


@pytest.mark.parametrize("text", ["", "8470", ":8470", "host:", "host:x", "host:70000", "::1:84"])
def test_what_is_no_address_is_known(text):
    """Wrong: HQ listens somewhere else than IT meant."""
    assert address_of(text) is None
