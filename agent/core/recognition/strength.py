"""How strong the means is by which somebody presents themselves, and what it opens of their card.

A till shows of a person only what the presented means vouches for (P9). The steps, weakest first:

- `asks`: family name and postcode. Opens nothing, not even whose it is: it asks for more.
- `bearer`: an order number or a receipt. Whoever holds it may see that order or sale; the person
  behind it is a proposal.
- `weak`: a card number of an older programme (such numbers run on, so a neighbour's is guessed), a
  web store's account id, a payment account reference (households share cards), a wallet pass
  whose code could not be checked. Opens name and tier.
- `strong`: a card number with 45 random bits, a phone number, an e-mail address.
- `proven`: a wallet pass with its code of this moment: a holder, and no copy of a picture.

`strong` and `proven` open the whole card; only what is proven verifies an identity (rule R4).
"""

from __future__ import annotations

from enum import StrEnum

from agent.core.recognition import card
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.rules import RecognitionRules


class Strength(StrEnum):
    """How much a means vouches for; the order of definition is weakest first."""

    ASKS = "asks"
    BEARER = "bearer"
    WEAK = "weak"
    STRONG = "strong"
    PROVEN = "proven"


class Part(StrEnum):
    """A part of what is known that opens, or stays closed, as one."""

    TRANSACTION = "transaction"
    """The order or the sale whose number was shown."""
    NAME = "name"
    TIER = "tier"
    POINTS = "points"
    ORDERS = "orders"
    CONSENTS = "consents"
    PROMPT = "prompt"
    HINT = "hint"
    HISTORY = "history"


class Evidence(StrEnum):
    """The kind of edge that presenting an identifier adds to the identity graph, weakest first."""

    CANDIDATE = "candidate"
    """It may be theirs: others may rightly present it, or they say so and nobody saw it."""
    OBSERVED = "observed"
    """Seen with the person, or in another system's records."""
    VERIFIED = "verified"
    """Proved: a wallet's code of this moment, a code sent there that came back, a sign-in."""


_PERSON = frozenset(Part) - {Part.TRANSACTION}

OPENS: dict[Strength, frozenset[Part]] = {
    Strength.ASKS: frozenset(),
    Strength.BEARER: frozenset({Part.TRANSACTION}),
    Strength.WEAK: frozenset({Part.NAME, Part.TIER}),
    Strength.STRONG: _PERSON,
    Strength.PROVEN: _PERSON,
}
"""What each strength opens: the one table that till, seal and card go by."""

_OF_TYPE = {
    IdentifierType.LOYALTY_CARD: Strength.WEAK,
    IdentifierType.PHONE: Strength.STRONG,
    IdentifierType.EMAIL: Strength.STRONG,
    IdentifierType.WEB_ACCOUNT: Strength.WEAK,
    IdentifierType.ORDER_NO: Strength.BEARER,
    IdentifierType.RECEIPT_NO: Strength.BEARER,
    IdentifierType.WALLET: Strength.WEAK,
    IdentifierType.PAR: Strength.WEAK,
    IdentifierType.NAME_POSTCODE: Strength.ASKS,
}


_ASK_FOR = {
    IdentifierType.PAR: "ask whether it is them: one payment account may serve a household",
    IdentifierType.NAME_POSTCODE: "ask for their card, phone number or e-mail address",
    IdentifierType.WALLET: "let their phone show the pass anew, or ask for their phone number",
}
_ASK_MORE = "ask for their phone number or e-mail address to see more"


def strength_of(identifier: Identifier, rules: RecognitionRules) -> Strength:
    """Judge an identifier by its type and form alone, the same at HQ (sealing) and at the till.

    A card number is strong if it is one of this product's own: behind one of the chain's prefixes
    nine characters, not all of them digits, and their check character. Who knows better, because
    they know where the number came from, says so in `Found.strength`: see `vouched`.
    """
    if identifier.type is IdentifierType.LOYALTY_CARD and card.is_random(identifier.value, rules):
        return Strength.STRONG
    return _OF_TYPE[identifier.type]


def vouched(identifier: Identifier, said: Strength | None, rules: RecognitionRules) -> Strength:
    """Join what a look-up says of an identifier with what its form says.

    Where a card number comes from only the look-up can know. Of everything else it may know less
    than the form, never more: the id of a wallet pass is no proof, however well it is known.
    """
    judged = strength_of(identifier, rules)
    if said is None:
        return judged
    if identifier.type is IdentifierType.LOYALTY_CARD:
        return said
    return min(said, judged, key=list(Strength).index)


def opens(strength: Strength, part: Part) -> bool:
    """Tell whether a strength opens a part."""
    return part in OPENS[strength]


def ask_for(type: IdentifierType, strength: Strength) -> str | None:
    """Say what the cashier asks for, where not everything is open; None where it is."""
    if opens(strength, Part.HISTORY):
        return None
    return _ASK_FOR.get(type, _ASK_MORE)
