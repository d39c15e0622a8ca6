"""Who stands at a till when an old copy of its key turns up at an HQ that lost time (P4, P5)."""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from agent.core.exchange.credentials import key_id, succession
from agent.core.exchange.wire import Fork, Predecessor
from agent.core.faults import AccessFault
from agent.links.signing import DeviceSigner
from central.intake.batches import receive
from central.intake.codes import issue_code
from central.intake.enrolment import enrol
from central.intake.root_key import RootKey
from central.intake.signatures import Signatures
from central.ledger.engine import open_engine, reading, writing
from central.ledger.hq import HQ_PLACE, SignedMessage
from central.ledger.tables import INCIDENTS
from central.ledger.verify import verify
from tests.central.intake.machines import kept_of, renewed_to
from tests.central.served import Till

NOW = "2026-11-22T06:00:00.000Z"


class Machine:
    """A device key with what HQ has signed for it."""

    def __init__(self, key, request, answer=None):
        self.key, self.request, self.answer = key, request, answer
        self.public = key.public_key().public_bytes_raw()

    def enrolled(self, hq):
        with writing(hq.engine) as conn:
            code = issue_code(conn, self.request.store, self.request.till, NOW)
        till = Till(self.request.store, self.request.till)
        till.key, till.public, till.journals = self.key, self.public, self.request.journals
        self.answer = hq.enrol(till.request(code))
        return self

    def renewed(self, hq, times=1):
        if not times:
            return self
        key = Ed25519PrivateKey.generate()
        asked = renewed_to(key, self.request, self.answer, self.key.sign)
        return Machine(key, kept_of(asked), hq.enrol(asked)).renewed(hq, times - 1)

    def readmitted(self, hq):
        return hq.enrol(kept_of(self.request, self.answer))

    def send(self, hq, batch):
        request = httpx.Request("POST", f"{HQ_PLACE}/v1/journals/{batch.journal_id}/batches")
        DeviceSigner(self.key, key_id(self.public)).sign(request, b"")
        message = SignedMessage("POST", str(request.url), request.headers, b"")
        device = Signatures(hq.engine)(message)
        return receive(hq.engine, hq.root, device, batch, NOW).reply


class Hq:
    """A ledger with its root key, which can be put back."""

    def __init__(self, migrated, folder):
        self._live, self._backup = folder / "live.sqlite", folder / "backup.sqlite"
        shutil.copy(migrated, self._live)
        self.root = RootKey.create(folder / "root.key")
        self.engine = open_engine(self._live)

    def keep(self):
        self._copied(self._live, self._backup)

    def put_back(self):
        self._copied(self._backup, self._live)

    def enrol(self, request):
        with writing(self.engine) as conn:
            return enrol(conn, request, self.root, NOW)

    def incidents(self):
        with reading(self.engine) as conn:
            return list(conn.execute(select(INCIDENTS.c.name)).scalars())

    def whole(self):
        with reading(self.engine) as conn:
            return all(report.fault is None for report in verify(conn))

    def _copied(self, source, target):
        self.engine.dispose()
        for file in target.parent.glob(f"{target.name}*"):
            file.unlink()
        shutil.copy(source, target)
        self.engine = open_engine(self._live)


@pytest.fixture
def hq(migrated, tmp_path):
    """An HQ that can be put back."""
    hq = Hq(migrated, tmp_path)
    yield hq
    hq.engine.dispose()


def first_of(till, hq):
    """Enrol a till's first machine."""
    return Machine(till.key, till.request("")).enrolled(hq)


def started(hq, *, is_forgotten=False):
    """Enrol a till before the backup is made, or after it; gives it with its first machine."""
    till = Till()
    if is_forgotten:
        hq.keep()
    old = first_of(till, hq)
    till.seal(2)
    old.send(hq, till.batch())
    if not is_forgotten:
        hq.keep()
    return till, old


@contextmanager
def refused(name):
    """Expect a refusal of this name, which says what to do."""
    with pytest.raises(AccessFault) as caught:
        yield
    assert (name, True) == (caught.value.name, bool(caught.value.remedy))


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("renewals", [1, 2])
@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_thief_who_comes_first_gives_way_to_the_true_owner(hq, is_forgotten, renewals, is_signed):
    """Wrong: whoever has an old key takes a till over for good at an HQ that was put back."""
    till, old = started(hq, is_forgotten=is_forgotten)
    owner = old.renewed(hq, 2)
    till.seal(2)
    assert 4 == owner.send(hq, till.batch(3)).seq
    hq.put_back()
    if is_forgotten:
        old.readmitted(hq)
    thief = old.renewed(hq, renewals)
    if is_signed:
        thief.send(hq, till.batch(1, 2))
    with refused("unknown-device"):
        owner.send(hq, till.batch(3))
    assert owner.answer.credential == owner.readmitted(hq).credential
    assert 4 == owner.send(hq, till.batch(1)).seq
    for shut_out in (thief, old):
        for attempt in (lambda hq, one=shut_out: one.send(hq, till.batch()), shut_out.readmitted):
            with refused("revoked"):
                attempt(hq)
        with refused("revoked"):
            shut_out.renewed(hq)
    newest = owner.renewed(hq)
    till.seal(1)
    assert 5 == newest.send(hq, till.batch(5)).seq
    assert (["two-heirs"], True) == (hq.incidents(), hq.whole())


@pytest.mark.parametrize("renewals", [0, 1])
@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_thief_who_comes_second_stays_outside(hq, is_forgotten, renewals):
    """Wrong: an old key throws the machine out that stands in the shop."""
    till, old = started(hq, is_forgotten=is_forgotten)
    owner = old.renewed(hq)
    owner.send(hq, till.batch(1))
    hq.put_back()
    owner.readmitted(hq)
    owner = owner.renewed(hq, renewals)
    owner.send(hq, till.batch(1))
    for attempt in (old.readmitted, old.renewed):
        with refused("revoked"):
            attempt(hq)
    till.seal(1)
    assert 3 == owner.send(hq, till.batch(3)).seq
    assert ([], True) == (hq.incidents(), hq.whole())


def test_a_thief_with_a_key_of_the_middle_stays_outside(hq):
    """Wrong: a copy from between two renewals passes for the machine that went on from it."""
    till, old = started(hq, is_forgotten=True)
    middle = old.renewed(hq)
    owner = middle.renewed(hq)
    hq.put_back()
    owner.readmitted(hq)
    owner = owner.renewed(hq)
    for thief in (old, middle):
        for attempt in (thief.readmitted, thief.renewed):
            with refused("revoked"):
                attempt(hq)
    assert 2 == owner.send(hq, till.batch()).seq


def test_what_a_thief_wrote_takes_no_sale_from_the_owner(hq):
    """Wrong: an entry a thief has sent under a number makes the owner's own one vanish."""
    till, old = started(hq)
    owner, shared = old.renewed(hq), till.chains["side"][:]
    till.seal(2)
    owner.send(hq, till.batch(3))
    true, till.chains["side"] = till.chains["side"], shared
    hq.put_back()
    thief = old.renewed(hq)
    till.seal(1)
    assert 3 == thief.send(hq, till.batch(3)).seq
    till.chains["side"] = true
    owner.readmitted(hq)
    assert isinstance(owner.send(hq, till.batch(3)), Fork)
    before = Predecessor(till.journals["side"], 2, till.hash_at("side", 2).hex(), "fork")
    successor = {"side": (secrets.token_hex(16), owner.public, before)}
    hq.enrol(succession(owner.request, owner.answer, owner.key.sign, successor))
    till.journals["side"] = successor["side"][0]
    till.chains["side"], till.born["side"] = [], (bytes.fromhex(before.hash), owner.public)
    till.seal(2)
    assert 2 == owner.send(hq, till.batch()).seq
    with refused("revoked"):
        thief.readmitted(hq)
    assert hq.whole()


def test_a_key_has_one_heir(hq):
    """Wrong: two machines hold a till by two keys that HQ gave for the same old one."""
    till, old = started(hq)
    newest = old.renewed(hq)
    for _ in range(2):
        with refused("second-heir"):
            old.renewed(hq)
        newest = newest.renewed(hq)
    till.seal(1)
    assert 3 == old.send(hq, till.batch(3)).seq
    assert 3 == newest.send(hq, till.batch(3)).seq
    with refused("revoked"):
        old.renewed(hq)


def test_a_copy_let_in_by_a_code_is_renewed_though_its_key_once_had_an_heir(hq):
    """Wrong: a till that was put back from an old copy can never change its key again."""
    till, old = started(hq)
    heir = old.renewed(hq)
    heir.send(hq, till.batch())
    newest = old.enrolled(hq).renewed(hq)
    till.seal(1)
    assert 3 == newest.send(hq, till.batch(3)).seq
    with refused("revoked"):
        heir.readmitted(hq)


def test_renewals_weigh_no_more_than_a_persons_word(hq):
    """Wrong: the machine a code let in is thrown out by the old one, which renews its key often."""
    till, old = started(hq)
    new = Till()
    owner = first_of(new, hq)
    hq.put_back()
    old.renewed(hq, 3)
    owner.readmitted(hq)
    new.seal(1)
    assert 1 == owner.send(hq, new.batch()).seq
    with refused("revoked"):
        old.send(hq, till.batch(1))
    with refused("revoked"):
        old.renewed(hq)


def test_a_machine_let_in_again_after_the_backup_is_let_in_by_its_credential(hq):
    """Wrong: HQ was put back to when another machine stood there; the right one waits for ever."""
    till = Till()
    machine = first_of(till, hq)
    first_of(Till(), hq)
    hq.keep()
    machine.enrolled(hq)
    hq.put_back()
    till.seal(1)
    with refused("revoked"):
        machine.send(hq, till.batch())
    machine.readmitted(hq)
    assert 1 == machine.send(hq, till.batch()).seq


def test_a_machine_enrolled_since_is_not_thrown_out_by_one_of_a_lost_time(hq):
    """Wrong: a person lets a machine in, and a credential of a time nobody remembers undoes it."""
    _till, old = started(hq)
    lost = old.renewed(hq)
    hq.put_back()
    new = Till()
    newcomer = first_of(new, hq)
    with refused("revoked"):
        lost.readmitted(hq)
    new.seal(1)
    assert 1 == newcomer.send(hq, new.batch()).seq
