"""Checking what a wallet pass or a receipt shows as proof: fresh, old, shown before, or wrong.

A pure function of the proof, the keys held here, the time, and which proofs this till has taken:
`Used` goes in, and a `Mark` to remember comes out. A proof is taken once at a till, and so is
every earlier one of the same pass (RFC 6238, section 5.2): a picture of a code taken at the till
serves nobody there.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import Protocol

import msgspec

from agent.core.identifiers import PartyId
from agent.core.recognition.means import CodePass, ReceiptSeal, SignedPass, WalletPass
from agent.core.recognition.one_time_codes import (
    SKEW_SECONDS,
    TotpKey,
    counter_of,
    seconds_off,
)
from agent.core.recognition.signed_text import is_genuine
from agent.core.recognition.strength import Strength

MARKS_KEPT = 4096
"""Passes whose last proof is remembered: more than a till meets within the skew, many times over.
They leave by number and never by the clock, which may be wrong (P11)."""

_MARK_BYTES = 16
_MINUTE = 60


class Keys(Protocol):
    """The keys this till, or HQ, trusts."""

    def totp(self, pass_id: str) -> TotpKey | None:
        """Find the secret of a pass; None where its card is not held here."""
        ...

    def public(self, key_id: str, pass_id: str | None) -> bytes | None:
        """Find an Ed25519 public key (32 bytes) by its name; None where it is not trusted.

        Args:
            key_id: as `signed_text.key_id` names it.
            pass_id: of the pass it signed for; None of a receipt. A key that belongs to the holder
                of one pass is given for that pass alone.
        """
        ...


class Standing(StrEnum):
    """How a proof stands."""

    FRESH = "fresh"
    STALE = "stale"
    """Genuine, but of another time."""
    USED = "used"
    """Genuine, and taken here before, or older than one that was."""
    WRONG = "wrong"
    UNCHECKED = "unchecked"
    """Nothing held here can check it."""


class Mark(msgspec.Struct, frozen=True):
    """A proof that was taken: remember it, and it is not taken again."""

    key: str
    """Of pass and form, hashed: no file or message needs the pass itself."""
    moment: int
    """Grows with each proof of the pass: its period, or its second."""


class Used(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last proof that a till took of each pass, the latest last."""

    moments: dict[str, int] = {}

    def has(self, mark: Mark) -> bool:
        """Tell whether this proof, or a later one of the pass, was taken."""
        return mark.moment <= self.moments.get(mark.key, -1)


class Proofs(msgspec.Struct, frozen=True):
    """All that a check needs besides what is shown."""

    keys: Keys
    now: int
    """Unix seconds, put right by the offset to HQ where one was measured."""
    used: Used = Used()
    present: PartyId | None = None
    """The customer on the till's sale: their code scanned a second time is no news."""


class Verdict(msgspec.Struct, frozen=True):
    """How the proof of a pass stands, and what follows."""

    standing: Standing
    why: str
    """A sentence for a person, without the pass."""
    ask: str | None = None
    """What the cashier does about it."""
    mark: Mark | None = None
    """Of a fresh proof: to be remembered with `remember` once it was acted upon."""


STRENGTHS: dict[Standing, Strength | None] = {
    Standing.FRESH: Strength.PROVEN,
    Standing.STALE: Strength.WEAK,
    Standing.UNCHECKED: Strength.WEAK,
    Standing.USED: None,
    Standing.WRONG: None,
}
"""What a pass is worth by how its proof stands; None: it opens nothing, and names nobody."""
NOT_GENUINE = frozenset({Standing.WRONG, Standing.UNCHECKED})

_UNCHECKED = Verdict(
    Standing.UNCHECKED,
    "nothing held here can check the code of this wallet pass",
    "ask for their card or phone number to see more",
)
_WRONG = Verdict(
    Standing.WRONG,
    "this wallet pass showed a code that is not its own",
    "let the phone show the pass anew, and see that the clocks of phone and till are right; else "
    "ask for their card or phone number",
)
_AGAIN = Verdict(Standing.FRESH, "this wallet pass is of the customer who is here already")
_USED_WHY = "this code of the wallet pass was taken here already"
_USED_ASK = "wait until the phone shows the next code, and scan that"


def remember(used: Used, mark: Mark) -> Used:
    """Give the state after a proof was taken."""
    moments = {key: moment for key, moment in used.moments.items() if key != mark.key}
    moments[mark.key] = max(mark.moment, used.moments.get(mark.key, mark.moment))
    for oldest in list(moments)[: len(moments) - MARKS_KEPT]:
        del moments[oldest]
    return Used(moments)


def check(shown: WalletPass, party_id: PartyId | None, proofs: Proofs | None) -> Verdict:
    """Check the proof that a wallet pass shows.

    Args:
        shown: as scanned.
        party_id: whose pass it is; None where that is not known here.
        proofs: keys, time and state; None where this place checks none.
    """
    if proofs is None:
        return _UNCHECKED
    verdict = _code(shown, proofs) if isinstance(shown, CodePass) else _signature(shown, proofs)
    again = verdict.standing is Standing.USED and party_id is not None
    return _AGAIN if again and party_id == proofs.present else verdict


def is_sealed(seal: ReceiptSeal, proofs: Proofs | None) -> bool:
    """Tell whether a receipt's code was signed with a key that is trusted here."""
    public = proofs.keys.public(seal.text.key_id, None) if proofs is not None else None
    return public is not None and is_genuine(seal.text, public)


def _code(shown: CodePass, proofs: Proofs) -> Verdict:
    key = proofs.keys.totp(shown.pass_id)
    if key is None:
        return _UNCHECKED
    counter = counter_of(key, shown.code, proofs.now)
    if counter is None:
        return _WRONG
    off = seconds_off(key, counter, proofs.now)
    return _genuine(_mark("code", shown.pass_id, counter), off, proofs.used)


def _signature(shown: SignedPass, proofs: Proofs) -> Verdict:
    public = proofs.keys.public(shown.text.key_id, shown.pass_id)
    if public is None:
        return _UNCHECKED
    if not is_genuine(shown.text, public):
        return _WRONG
    # Each signer has a clock of its own: the chain's page does not use up the phone's own codes.
    mark = _mark(f"signed {shown.text.key_id}", shown.pass_id, shown.at)
    return _genuine(mark, proofs.now - shown.at, proofs.used)


def _genuine(mark: Mark, off: int, used: Used) -> Verdict:
    if used.has(mark):
        return Verdict(Standing.USED, _USED_WHY, _USED_ASK)
    if abs(off) > SKEW_SECONDS:
        return _stale(off)
    return Verdict(Standing.FRESH, "this wallet pass showed its code of this moment", mark=mark)


def _stale(off: int) -> Verdict:
    minutes = abs(off) // _MINUTE
    apart = f"{minutes} minutes" if minutes > 1 else f"{abs(off)} seconds"
    return Verdict(
        Standing.STALE,
        f"this wallet pass showed a code that is {apart} {'old' if off > 0 else 'too early'}",
        "let the phone show the pass itself, not a picture of it; if that is what it shows, the "
        "clock of the phone or of this till is wrong",
    )


def _mark(form: str, pass_id: str, moment: int) -> Mark:
    return Mark(sha256(f"{form}\0{pass_id}".encode()).digest()[:_MARK_BYTES].hex(), moment)
