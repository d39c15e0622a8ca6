"""What the commands of HQ's authority do; each opens the ledger, does one thing, closes it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from agent.core.consent.rights import Kind
from agent.core.faults import InputFault
from central.daemon import backups, ended_tokens
from central.daemon.backups import Checked, Made
from central.daemon.commands import ledger
from central.daemon.erase_book import settle, write_down
from central.daemon.restoring import Restored
from central.daemon.restoring import restore as restored
from central.daemon.rights import RootAuthority
from central.daemon.settings import load
from central.daemon.state import root_key, utc_now
from central.feed.renewing import renew
from central.histories.quarantine import place_of
from central.intake import orders
from central.intake.outstanding import OrderState, order_states
from central.ledger.authority_tables import ADMISSIONS
from central.ledger.engine import writing
from central.ledger.outbox import GLOBAL
from central.ledger.tables import CREDENTIALS, FEED_SCOPES
from central.privacy.erasing import begun_for
from central.privacy.rights import (
    RequestTold,
    SignedProof,
    Verified,
    change,
    erase,
    take_down,
)


class CheckedAll(msgspec.Struct, frozen=True):
    """How the backups of the list were found."""

    ok: bool
    backups: tuple[Checked, ...]


class Ordered(msgspec.Struct, frozen=True):
    """Orders that were given, and who has not heard of them yet."""

    orders: tuple[OrderState, ...]


def run_backup(config: Path, directory: Path, *, keep: int, with_root_key: bool) -> Made:
    """Take a backup."""
    with ledger(config) as (settings, engine):
        state = Path(settings.central.state_dir)
        root = root_key(state, engine)
        key_file = state / "root.key" if with_root_key else None
        made = backups.take(engine, root, directory, keep=keep, key_file=key_file)
        write_down(engine, state)
        ended_tokens.settle(engine, ended_tokens.EndedTokens(state), utc_now())
        return made


def run_check(config: Path) -> CheckedAll:
    """Verify every backup of the list; none at all is a fault as well."""
    with ledger(config) as (_, engine):
        found = backups.check(engine)
    return CheckedAll(bool(found) and all(each.state == "whole" for each in found), found)


def run_forget(config: Path, backup_id: str) -> None:
    """Strike a backup that is gone off the list."""
    with ledger(config) as (_, engine):
        backups.forget(engine, backup_id)


def run_restore(config: Path, place: Path) -> Restored:
    """Put HQ back to a backup."""
    return restored(load(config), place)


def run_erase(config: Path, entries: list[str], reason: str) -> Ordered:
    """Order bodies erased."""
    wanted = [entry_of(text) for text in entries]
    with ledger(config) as (settings, engine):
        root = root_key(Path(settings.central.state_dir), engine)
        with writing(engine) as conn:
            given = orders.erase(conn, root, wanted, reason=reason, now=utc_now())
            told = _ordered(conn, {order.order_id for order in given})
        settle(engine, Path(settings.central.state_dir))
        return told


def run_erase_person(
    config: Path, party_id: str, verified_by: tuple[str, ...], reason: str
) -> SignedProof:
    """Erase a person everywhere, or look again at an erasure that was begun."""
    with ledger(config) as (settings, engine):
        root = root_key(Path(settings.central.state_dir), engine)
        now = utc_now()
        with writing(engine) as conn:
            request_id = begun_for(conn, party_id)
            told = RequestTold(kind=Kind.ERASE, request_id=request_id, verified_by=verified_by)
            taken = take_down(conn, party_id, told, now)
            if verified_by:
                taken = change(conn, taken.request_id, Verified(verified_by), now)
            signing = RootAuthority(root, utc_now, reason)
            proof = erase(conn, taken.request_id, settings.privacy, signing, now)
        settle(engine, Path(settings.central.state_dir))
        return proof


def run_revoke(config: Path, device: list[str], reason: str) -> Ordered:
    """Revoke the device at a till, or one named by its key id."""
    with ledger(config) as (settings, engine):
        root = root_key(Path(settings.central.state_dir), engine)
        with writing(engine) as conn:
            key = _device_key(conn, device)
            order = orders.revoke(conn, root, key, reason=reason, now=utc_now())
            return _ordered(conn, {order.order_id})


class Renewed(msgspec.Struct, frozen=True):
    """A scope whose customers are sealed with a new key from now on."""

    scope: str
    generation: int
    since: str


def run_renew_keys(config: Path, scopes: list[str], reason: str) -> tuple[Renewed, ...]:
    """Begin the next generation of the keys of scopes; of all there are where none is named.

    Raises:
        InputFault: there is no such scope; nothing was renewed.
    """
    now = utc_now()
    with ledger(config) as (_, engine), writing(engine) as conn:
        known = set(conn.execute(select(FEED_SCOPES.c.scope)).scalars()) | {GLOBAL}
        if strange := sorted(set(scopes) - known):
            raise InputFault(
                f"HQ has no scope {', '.join(strange)}",
                remedy=f"name some of: {', '.join(sorted(known))}; or none, for all of them",
                name="unknown-scope",
            )
        return tuple(
            Renewed(scope, renew(conn, scope, now=now, reason=reason), now)
            for scope in sorted(set(scopes) or known)
        )


def entry_of(text: str) -> tuple[str, int]:
    """Read `JOURNAL:SEQ`.

    >>> entry_of("0123:7")
    ('0123', 7)

    Raises:
        InputFault: it is something else.
    """
    found = place_of(text)
    if found is None:
        raise InputFault(
            f"{text[:80]!r} names no entry", remedy="write the journal's id, a colon and the number"
        )
    return found


def _ordered(conn: Connection, order_ids: set[str]) -> Ordered:
    return Ordered(tuple(each for each in order_states(conn) if each.order_id in order_ids))


def _device_key(conn: Connection, device: list[str]) -> str:
    held = ADMISSIONS.c
    if len(device) == 1:
        named = CREDENTIALS.c.keyid == device[0]
    else:
        named = (held.store == device[0]) & (held.till == device[1]) & held.replaced_at.is_(None)
    query = select(CREDENTIALS.c.device_key).join(ADMISSIONS, held.keyid == CREDENTIALS.c.keyid)
    rows = conn.execute(query.where(named).order_by(held.generation.desc())).scalars()
    found: str | None = rows.first()
    if found is None:
        raise InputFault(
            f"HQ knows no device {' '.join(device)!r}",
            remedy="till-central status --json lists stores, tills and the key ids of devices; "
            "one that a restored HQ has forgotten is known again once it has spoken: try it then",
            name="unknown-device",
        )
    return found
