"""Wallet passes: what a phone shows, and what it is worth where it is checked."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from agent.core.barcode import BarcodeRules, read
from agent.core.identifiers import PartyId
from agent.core.recognition import (
    CodePass,
    Identifier,
    IdentifierType,
    Proofs,
    RecognitionRules,
    SignedPass,
    Used,
    means_of,
    means_of_typed,
    new_pass_id,
    remember,
    wallet,
)
from agent.core.recognition.proofs import MARKS_KEPT, Mark, Standing, check
from agent.core.recognition.signed_text import key_id, with_signature
from tests.core.recognition.presenting import (
    KEY_ID,
    NOW,
    PASS,
    PUBLIC,
    STRANGER,
    Trusted,
    code_text,
    shown,
    signed_text,
)

RULES = RecognitionRules(("TW", "SW1"), ("TW1.", "SW1."), "DE", "store-0001")
BARCODES = BarcodeRules((), "EUR")
NONE_USED = Used()


def proofs(now=NOW, used=NONE_USED, *, held=True, present=None):
    return Proofs(Trusted(held=held), now, used, present)


def standing(text, **fields):
    return check(shown(text), PartyId("p-ada"), proofs(**fields)).standing


@pytest.mark.parametrize("text", [code_text(), signed_text()])
@pytest.mark.parametrize("sent", ["]Q1{}", "{}", "]Q1 {}\t"])
def test_a_pass_is_read_from_a_scan_and_from_keys(text, sent):
    """A customer's phone would be an unknown code."""
    expected = (shown(text),)
    for each in (text, text.lower()):
        assert expected == means_of(read(sent.format(each).encode(), BARCODES), RULES)[:1]
        assert expected == means_of_typed(each, None, RULES)[:1]
        assert expected == means_of_typed(each, "wallet", RULES)


def test_what_each_form_says():
    """A pass would be looked up by another id, or checked against another time."""
    code, signed = shown(code_text()), shown(signed_text())
    assert isinstance(code, CodePass)
    assert isinstance(signed, SignedPass)
    assert (PASS, PASS, NOW) == (code.pass_id, signed.pass_id, signed.at)
    assert code_text() == wallet.code_pattern(PASS).format(totp_value_0=code.code)


@pytest.mark.parametrize(
    "text",
    [
        "TW1.SHORT.12345678",
        "TW1.004106105R.12345",
        "TW1.004106105R.123456789",
        "TW1.004106105R.1234567A",
        "TW2.004106105R.12345678",
        f"SW1.004106105R.180000000.{KEY_ID}.{'A' * 103}",
        f"SW1.004106105R.1800000000.X.{KEY_ID}.{'A' * 103}",
        f"SW1.SHORT.1800000000.{KEY_ID}.{'A' * 103}",
        f"SW1.004106105R.1800000000.{KEY_ID}.{'A' * 102}",
    ],
)
def test_other_texts_are_no_passes(text):
    """A text of another form would be looked up as somebody's pass."""
    assert wallet.passes(text, RULES) == ()


def test_the_id_alone_can_be_said():
    """Service could not look up the pass that a customer reads out."""
    expected = Identifier(IdentifierType.WALLET, PASS)
    assert (expected,) == means_of_typed(PASS.lower(), "wallet", RULES)


@given(st.binary(min_size=10, max_size=12))
def test_a_new_pass_is_readable(drawn):
    """A pass just handed out would not be read."""
    text = f"TW1.{new_pass_id(drawn)}.12345678"
    assert CodePass(new_pass_id(drawn), "12345678") == shown(text)


def test_too_little_randomness_makes_no_pass():
    """A broken generator would make passes that can be guessed."""
    assert new_pass_id(bytes(10)) != new_pass_id(bytes(9) + b"\x01")
    with pytest.raises(ValueError, match="80 bits"):
        new_pass_id(bytes(9))


@pytest.mark.parametrize("show", [code_text, signed_text])
def test_a_proof_of_this_moment_is_fresh_a_minute_either_way(show):
    """A phone a little off would be turned away, or a picture of it would do all day."""
    draw = random.Random(5)
    for _ in range(60):
        now = NOW + draw.randrange(100_000)
        off = draw.randint(-60, 60)
        assert standing(show(now + off), now=now) == Standing.FRESH
    ends = {show(NOW + off): off for off in (-121, -91, 91, 121)}
    assert {Standing.STALE} == {standing(text) for text in ends}


@pytest.mark.parametrize("show", [code_text, signed_text])
def test_a_stale_proof_says_how_old_and_what_to_do(show):
    """Nobody would find out that the till's clock stands on the wrong hour."""
    old = check(shown(show(NOW - 3600)), None, proofs())
    early = check(shown(show(NOW + 3600)), None, proofs())
    assert "59 minutes old" in old.why or "60 minutes old" in old.why
    assert "minutes too early" in early.why
    assert "clock" in (old.ask or "")
    near = check(shown(show(NOW - 110)), None, proofs())
    assert "seconds old" in near.why
    assert (None, None) == (old.mark, early.mark)


@pytest.mark.parametrize("show", [code_text, signed_text])
def test_a_proof_is_taken_once(show):
    """A picture of a code taken over somebody's shoulder would open their card at this till."""
    first = check(shown(show()), None, proofs())
    assert first.standing == Standing.FRESH
    assert first.mark is not None
    used = remember(Used(), first.mark)
    again = check(shown(show()), None, proofs(NOW + 5, used))
    assert (Standing.USED, None) == (again.standing, again.mark)
    assert "next code" in (again.ask or "")
    assert standing(show(NOW - 30), used=used) == Standing.USED
    assert standing(show(NOW + 31), used=used, now=NOW + 31) == Standing.FRESH
    assert not used.has(Mark("another pass", 0))


def test_the_two_forms_of_one_pass_do_not_use_each_other_up():
    """Who shows the page after the wallet would have to wait for no reason."""
    mark = check(shown(code_text()), None, proofs()).mark
    assert mark is not None
    assert standing(signed_text(NOW - 20), used=remember(Used(), mark)) == Standing.FRESH


def test_a_phone_ahead_does_not_use_up_the_chains_page():
    """Who shows the app and then the page would be told that a new code is an old one."""
    phone = STRANGER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    class Both(Trusted):
        def public(self, key, _pass_id):
            return {KEY_ID: PUBLIC, key_id(phone): phone}[key]

    text = wallet.to_sign(PASS, NOW + 50, key_id(phone))
    ahead = shown(with_signature(text, STRANGER.sign(text.encode())))
    mark = check(ahead, None, Proofs(Both(), NOW)).mark
    assert mark is not None
    then = Proofs(Both(), NOW, remember(Used(), mark))
    assert check(shown(signed_text()), None, then).standing == Standing.FRESH
    assert check(ahead, None, then).standing == Standing.USED


def test_the_customer_who_is_here_may_be_scanned_twice():
    """A double scan would send away the customer whose sale is open."""
    mark = check(shown(code_text()), None, proofs()).mark
    assert mark is not None
    used = remember(Used(), mark)
    assert standing(code_text(), used=used, present=PartyId("p-ada")) == Standing.FRESH
    assert standing(code_text(), used=used, present=PartyId("p-bob")) == Standing.USED
    unknown = check(shown(code_text()), None, proofs(used=used, present=None))
    assert unknown.standing == Standing.USED


def test_what_is_not_genuine_is_wrong():
    """A made-up code, or one signed by somebody else, would be proof."""
    assert standing(f"TW1.{PASS}.00000000") == Standing.WRONG
    assert standing(signed_text(private=STRANGER)) == Standing.WRONG
    assert check(shown(signed_text(private=STRANGER)), None, proofs()).mark is None


def test_without_a_key_a_proof_is_unchecked():
    """A till that does not hold a pass would call it forged, or trust it."""
    for text in (code_text(), signed_text()):
        assert standing(text, held=False) == Standing.UNCHECKED
        assert check(shown(text), None, None).standing == Standing.UNCHECKED


def test_no_sentence_holds_the_pass_or_its_code():
    """Events and logs would hold what opens a customer's card (P9)."""
    for text, now in ((code_text(), NOW), (signed_text(), NOW), (code_text(), NOW + 600)):
        for used in (Used(), Used({})):
            verdict = check(shown(text), None, proofs(now, used))
            said = f"{verdict.why} {verdict.ask} {verdict.mark}"
            assert PASS not in said
            assert text not in said


def test_the_state_stays_small_and_keeps_the_latest():
    """A till would remember every pass for ever, or forget the one just shown."""
    used = Used()
    for number in range(MARKS_KEPT):
        used.moments[f"pass {number}"] = 1
    used = remember(used, Mark("pass 0", 2))
    used = remember(used, Mark("a new pass", 7))
    assert len(used.moments) == MARKS_KEPT
    assert used.has(Mark("pass 0", 2))
    assert used.has(Mark("a new pass", 7))
    assert not used.has(Mark("pass 1", 1))


def test_a_mark_never_goes_back():
    """Two marks remembered out of order would let the later code in again."""
    later, earlier = Mark("k", 9), Mark("k", 4)
    for order in ((later, earlier), (earlier, later)):
        used = Used()
        for mark in order:
            used = remember(used, mark)
        assert used.moments == {"k": 9}


@pytest.mark.parametrize("text", ["", "short", "with blank 12", "x" * 40])
def test_what_is_no_pass_id_is_refused(text):
    """Any word would be looked up as a pass."""
    with pytest.raises(wallet.InputFault) as caught:
        wallet.normalise(text, "DE")
    assert "phone shows" in caught.value.remedy
