"""What `till-central loyalty` does; each opens the ledger, does one thing, closes it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent.core.faults import InputFault
from agent.core.loyalty import POINTS, Programme, read_programme, worded
from central.daemon.commands import ledger
from central.daemon.state import utc_now
from central.ledger.engine import reading, writing
from central.value import programme, worklist
from central.value.expiry_keeping import ExpiryKeeper
from central.value.routes import Worklist

_NO_FILE = "name a file of TOML or JSON, as GET /v1/loyalty/programme shows it"


def run_programme(config: Path, file: Path | None) -> Programme:
    """Put the programme of a file in force; without one, give the one that is.

    Raises:
        InputFault: the file cannot be read, or says what cannot be meant.
    """
    meant = None if file is None else read_programme(_json_of(file))
    with ledger(config) as (_, engine):
        if meant is None:
            with reading(engine) as conn:
                return programme.current(conn)
        with writing(engine) as conn:
            return programme.put(conn, meant, utc_now())


def run_worklist(config: Path) -> Worklist:
    """List what needs a person."""
    with ledger(config) as (_, engine), reading(engine) as conn:
        return Worklist(worklist.worklist(conn))


class Looked(msgspec.Struct, frozen=True):
    """What `till-central loyalty expire` did."""

    customers: int
    """Looked at."""


def run_expire(config: Path) -> Looked:
    """Book what has ended of everybody's points; `serve` does so by itself."""
    with ledger(config) as (_, engine):
        return Looked(ExpiryKeeper(engine, utc_now).look_all())


def told(found: Programme) -> Iterator[str]:
    """Say a programme in lines for a person.

    >>> list(told(Programme()))
    ['no programme is in force: sales earn nothing']
    """
    if not found.version:
        yield "no programme is in force: sales earn nothing"
        return
    yield f"programme {found.version} is in force"
    for rule in found.rules:
        yield (
            f"{rule.rule_id} (version {rule.version}): {rule.points} {rule.unit} for each "
            f"{rule.per} of {rule.by}"
        )
    if found.worth is not None:
        yield f"{worded(found.worth.points, POINTS)} pay {found.worth.minor} minor units"
    yield (
        f"without HQ at most {found.points_offline.offline} minor units of points a day, "
        f"{found.gift_offline.offline} of a gift card"
    )
    if found.expiry is not None:
        yield (
            f"points end {found.expiry.months} months after they were earned; those from before "
            f"{found.expiry.since} count as earned on it"
        )
    if found.gift_items:
        yield f"gift cards: {', '.join(found.gift_items)}"


def _json_of(file: Path) -> bytes:
    try:
        text = file.read_text("utf-8")
        return text.encode() if file.suffix == ".json" else msgspec.json.encode(tomllib.loads(text))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputFault(
            f"{file} cannot be read: {error}", remedy=_NO_FILE, name="programme"
        ) from error
