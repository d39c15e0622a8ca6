"""Sealed cards: they open by what is presented, as far as that goes, and by nothing else."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.privacy.keys import token
from agent.core.privacy.sealing import (
    PADDED_TO,
    CardUnreadable,
    Layer,
    Opened,
    Opener,
    SealedCard,
    Slot,
    layer_of,
    open_card,
    seal_card,
    sealing_layer,
)
from agent.core.recognition import (
    Identifier,
    IdentifierType,
    RecognitionRules,
    Strength,
    new_card_number,
)
from tests.core.privacy.secrets import bytes_of, keys, stretched

ADA = "0192f3c4-0000-7000-8000-000000000001"
NAME, REST = b'{"name":"Ada B.","tier":"gold"}', b'{"points":120,"last":[]}'
STRONG, WEAK, ASKS = stretched("+491701234567"), stretched("card 17"), stretched("byron|10115")
OPENERS = (
    Opener(STRONG, Layer.WHOLE),
    Opener(WEAK, Layer.NAME),
    Opener(ASKS, Layer.NOTHING),
)
CONTENT = bytes_of("content", 16)


def sealed(**changed):
    given = {
        "keys": keys(),
        "party_id": ADA,
        "ver": 7,
        "layers": (NAME, REST),
        "openers": OPENERS,
        "content_key": CONTENT,
    }
    return seal_card(**(given | changed))


def slot_of(card, by, scope_keys=None):
    wanted = token(scope_keys or keys(), by)
    [slot] = [slot for slot in card.slots if slot.token == wanted]
    return slot


@pytest.mark.parametrize(
    ("by", "opened"),
    [
        (STRONG, Opened(Layer.WHOLE, REST)),
        (WEAK, Opened(Layer.NAME, NAME)),
        (ASKS, Opened(Layer.NOTHING)),
    ],
)
def test_a_card_opens_as_far_as_the_identifier_goes(by, opened):
    """An old card number would show a stranger's orders, or a phone number would show nothing."""
    card = sealed()
    assert opened == open_card(keys(), ADA, card, slot_of(card, by), by)


def test_a_name_lies_only_where_something_opens_no_more():
    """Every customer would take 48 bytes more, for an identifier that nobody has."""
    assert b"" == sealed(openers=(OPENERS[0], OPENERS[2])).name
    assert b"" == sealed(openers=(Opener(WEAK, Layer.NAME), Opener(WEAK, Layer.WHOLE))).name
    assert 48 == len(sealed().name)


def test_a_card_sealed_before_opens():
    """Whoever was enrolled at a till without HQ would be nobody after its update."""
    card = SealedCard(
        7,
        bytes.fromhex(
            "c6ae612ecdaa25c74e27604204266ec2f351c0c4a262407a56843909d03a47c5201c43ed5076fd64a6ffe8"
            "1c942e2223947f4f18590fe68b70d69f1e"
        ),
        bytes.fromhex(
            "60fb3f0e554001ced09e0b1c6364dd3099480685beaa22255d7f37b63463d38217fb090a26553588f12a59"
            "6f97ec7c12e28c7731335e01eda3f54468"
        ),
    )
    whole = bytes.fromhex("1052f6c95f4c2f3db31ba5ad91d939fec3732a5b280a6092")
    named = bytes.fromhex("a557a6b0dc3dd2221e4c5b376a4932a59feae9e20e7a3264")
    strong = Slot(bytes.fromhex("4c69649b854ddaeb"), Layer.WHOLE, whole)
    weak = Slot(bytes.fromhex("958c88487c68169c"), Layer.NAME, named)
    assert Opened(Layer.WHOLE, REST) == open_card(keys(), ADA, card, strong, STRONG)
    assert Opened(Layer.NAME, NAME) == open_card(keys(), ADA, card, weak, WEAK)
    refuses(card, strong, WEAK)
    refuses(card, msgspec.structs.replace(weak, layer=Layer.WHOLE), WEAK)
    refuses(msgspec.structs.replace(card, rest=card.rest[:-1]), strong, STRONG)


def test_a_card_travels():
    """A till could not read the rows HQ sends."""
    card = sealed()
    assert card == msgspec.json.decode(msgspec.json.encode(card), type=SealedCard)
    assert [0, 16, 16] == sorted(len(slot.key) for slot in card.slots)


def refuses(card, slot, by, *, scope_keys=None, party_id=ADA):
    with pytest.raises(CardUnreadable) as refused:
        open_card(scope_keys or keys(), party_id, card, slot, by)
    assert "card-unreadable" == refused.value.name
    return refused.value


def test_a_card_opens_by_nothing_else():
    """A thief could open cards with somebody else's identifier, or rows could be swapped."""
    card = sealed()
    slot = slot_of(card, STRONG)
    refuses(card, slot, WEAK)
    refuses(card, slot, STRONG, scope_keys=keys("store:s2"))
    refuses(card, slot, STRONG, scope_keys=keys(generation=2))
    refuses(card, slot, STRONG, party_id=ADA[:-1] + "2")
    refuses(msgspec.structs.replace(card, ver=8), slot, STRONG)
    other = sealed(party_id=ADA[:-1] + "2", content_key=bytes_of("x", 16))
    refuses(msgspec.structs.replace(card, rest=other.rest), slot, STRONG)
    refuses(msgspec.structs.replace(card, name=other.name), slot_of(card, WEAK), WEAK)
    refuses(msgspec.structs.replace(card, rest=card.name), slot, STRONG)
    refuses(msgspec.structs.replace(card, rest=b""), slot, STRONG)


def test_a_weak_slot_is_not_made_a_strong_one():
    """Whoever can write to the disk would open whole cards with a guessed card number."""
    card = sealed()
    weak = slot_of(card, WEAK)
    refuses(card, msgspec.structs.replace(weak, layer=Layer.WHOLE), WEAK)
    asks = slot_of(card, ASKS)
    refuses(card, msgspec.structs.replace(asks, layer=Layer.NAME), ASKS)


@given(st.data())
def test_a_damaged_card_says_so(data):
    """A damaged row would raise what nobody catches, or show garbage as a customer."""
    which, by = data.draw(
        st.sampled_from([("name", WEAK), ("key", WEAK), ("rest", STRONG), ("key", STRONG)])
    )
    card, slot = sealed(), slot_of(sealed(), by)
    whole = slot.key if which == "key" else getattr(card, which)
    cut = data.draw(st.integers(0, len(whole) - 1))
    broken = data.draw(
        st.sampled_from([whole[:cut], whole[:cut] + bytes([whole[cut] ^ 1]) + whole[cut + 1 :]])
    )
    if which == "key":
        refuses(card, msgspec.structs.replace(slot, key=broken), by)
    else:
        refuses(msgspec.structs.replace(card, **{which: broken}), slot, by)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_card_comes_out_as_it_went_in(name, rest):
    """A customer's card would be cut or longer than it was."""
    card = sealed(layers=(name, rest))
    for by, text in ((WEAK, name), (STRONG, rest)):
        assert text == open_card(keys(), ADA, card, slot_of(card, by), by).text


def test_the_length_says_little():
    """Who has open orders could be read from the size of the rows."""
    lengths = {len(sealed(layers=(NAME, b"x" * n)).rest) for n in range(PADDED_TO - 1)}
    assert 1 == len(lengths)


def test_nothing_of_the_card_is_in_the_row():
    """A stolen disk would be read without any key."""
    row = msgspec.msgpack.encode(sealed())
    for secret in (b"Ada", b"gold", b"points", STRONG, STRONG[:16], CONTENT):
        assert secret not in row


def test_equal_inputs_make_equal_rows_and_others_make_others():
    """Snapshots would differ for nothing; or a row would tell in how far another one is like it."""
    assert sealed() == sealed()
    texts = {sealed(layers=(NAME, bytes([n]))).rest[:16] for n in range(50)}
    assert 50 == len(texts)
    assert sealed(ver=8).rest[:16] != sealed().rest[:16]


def test_an_hq_put_back_seals_another_text_and_betrays_neither():
    """Under one key and one version two texts would be laid over each other, and show."""
    one, two = sealed(), sealed(layers=(NAME, REST[:-1] + b" "))
    assert one.slots == two.slots
    assert one.name == two.name
    alike = sum(a == b for a, b in zip(one.rest, two.rest, strict=True))
    assert alike < len(one.rest) // 4


def test_who_opens_one_of_two_cards_under_one_version_does_not_open_the_other():
    """A till that enrols somebody anew would close two content keys with one pad."""
    other = bytes_of("content of another", 16)
    one = sealed(openers=(OPENERS[0], Opener(ASKS, Layer.WHOLE)))
    two = sealed(openers=(Opener(ASKS, Layer.WHOLE),), content_key=other)
    known = bytes(
        a ^ b for a, b in zip(slot_of(one, ASKS).key, slot_of(two, ASKS).key, strict=True)
    )
    assert bytes(a ^ b for a, b in zip(CONTENT, other, strict=True)) != known
    refuses(msgspec.structs.replace(two, slots=one.slots), slot_of(one, STRONG), STRONG)


def test_the_order_of_identifiers_does_not_show():
    """Rows would say which identifier a customer gave first."""
    assert sealed() == sealed(openers=reversed(OPENERS))


def test_an_identifier_given_twice_opens_what_the_stronger_one_opens():
    """A row would have two slots of one token, and which is found would be chance."""
    twice = (Opener(WEAK, Layer.WHOLE), Opener(WEAK, Layer.NAME), Opener(WEAK, Layer.NOTHING))
    for openers in (twice, twice[::-1]):
        card = sealed(openers=openers)
        assert [Layer.WHOLE] == [slot.layer for slot in card.slots]


def test_a_wrong_content_key_is_refused():
    """Cards would be sealed under what can be tried."""
    with pytest.raises(ValueError, match="16 bytes, not 5"):
        sealed(content_key=b"short")


def test_the_fault_says_no_more_than_the_id():
    """A log would hold a customer's name."""
    card = sealed()
    fault = refuses(card, slot_of(card, STRONG), WEAK)
    assert ADA in fault.detail
    assert "Ada" not in str(fault)


@pytest.mark.parametrize(
    ("strength", "layer"),
    [
        (Strength.ASKS, Layer.NOTHING),
        (Strength.BEARER, Layer.NOTHING),
        (Strength.WEAK, Layer.NAME),
        (Strength.STRONG, Layer.WHOLE),
        (Strength.PROVEN, Layer.WHOLE),
    ],
)
def test_a_layer_is_what_the_strength_opens(strength, layer):
    """The seal would give away more, or less, than the card may show."""
    assert layer == layer_of(strength)


@pytest.mark.parametrize(
    ("kind", "value", "layer"),
    [
        (IdentifierType.LOYALTY_CARD, new_card_number("LC", b"\x9a" * 6), Layer.WHOLE),
        (IdentifierType.LOYALTY_CARD, "LC00000017", Layer.NAME),
        (IdentifierType.PHONE, "+491701234567", Layer.WHOLE),
        (IdentifierType.WALLET, "004106105R", Layer.WHOLE),
        (IdentifierType.PAR, "x" * 29, Layer.NAME),
        (IdentifierType.NAME_POSTCODE, "byron|10115", Layer.NOTHING),
        (IdentifierType.ORDER_NO, "W-1", Layer.NOTHING),
    ],
)
def test_a_slot_opens_what_its_identifier_may(kind, value, layer):
    """A guessable number would open a whole card, or a pass with its code nothing."""
    rules = RecognitionRules(card_prefixes=("LC",))
    assert layer == sealing_layer(Identifier(kind, value), rules)
