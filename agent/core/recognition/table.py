"""The table of means: what a scan or a typed text can name, strongest first.

A new means of identification is one file with a function of `(text, rules)` and one row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent.core.barcode import InStoreItem, Reading, Reason, TradeItem
from agent.core.faults import InputFault
from agent.core.identifiers import ItemId
from agent.core.recognition import (
    account,
    card,
    coupon,
    email,
    item,
    name_postcode,
    order,
    payment,
    phone,
    receipt,
    receipt_seal,
    wallet,
)
from agent.core.recognition.means import (
    CouponKey,
    Identifier,
    IdentifierType,
    ItemKey,
    Means,
    OrderKey,
    ReceiptKey,
)
from agent.core.recognition.rules import RecognitionRules

TYPED_CHARACTERS_MAX = 256

_Named = Callable[[str, RecognitionRules], tuple[Means, ...]]

# Of a scanned text: phone numbers are left out, since any number could be one.
_SCANNED: tuple[_Named, ...] = (
    wallet.passes,
    card.identifiers,
    receipt_seal.keys,
    receipt.keys,
    order.keys,
    coupon.codes,
)
_BEHIND_ITEMS: tuple[_Named, ...] = (email.identifiers,)
# Without an AIM identifier the text may have been keyed into the till page's scan field.
_KEYED: tuple[_Named, ...] = (lambda text, _: item.plu_keys(text), phone.keyed)

# Of a typed text of unknown type.
_TYPED: tuple[_Named, ...] = (
    wallet.passes,
    card.identifiers,
    receipt.keys,
    order.keys,
    email.identifiers,
    coupon.codes,
    lambda text, _: item.typed_keys(text),
    phone.identifiers,
    name_postcode.identifiers,
)

_NORMALISERS: dict[IdentifierType, Callable[[str, str], str]] = {
    IdentifierType.LOYALTY_CARD: card.normalise,
    IdentifierType.PHONE: phone.normalise,
    IdentifierType.EMAIL: email.normalise,
    IdentifierType.WEB_ACCOUNT: account.normalise,
    IdentifierType.ORDER_NO: order.normalise,
    IdentifierType.RECEIPT_NO: receipt.normalise,
    IdentifierType.WALLET: wallet.normalise,
    IdentifierType.PAR: payment.normalise,
    IdentifierType.NAME_POSTCODE: name_postcode.normalise,
}


def normalise(type: IdentifierType, text: str, region: str) -> Identifier:
    """Bring an identifier into the one form that till and HQ compare.

    Args:
        type: what the text is said to be.
        text: as typed, printed or imported.
        region: ISO 3166-1 alpha-2, for phone numbers without a country code.

    Raises:
        InputFault: the text cannot be of that type; the remedy says how to write it.

    >>> normalise(IdentifierType.PHONE, "0170/1234567", "DE").value
    '+491701234567'
    """
    return Identifier(type, _NORMALISERS[type](text, region))


def means_of(reading: Reading, rules: RecognitionRules) -> tuple[Means, ...]:
    """Say what a scan can name, strongest first, each once.

    A text that is this chain's card, receipt or order says so itself, by prefix, form and check
    character; a number that is somebody's GTIN is next.
    """
    texts = _texts(reading)
    found = [means for text in texts for named in _SCANNED for means in named(text, rules)]
    found += [key for meaning in reading.meanings for key in item.keys(meaning)]
    behind = _BEHIND_ITEMS if reading.aim else (*_BEHIND_ITEMS, *_KEYED)
    found += [means for text in texts for named in behind for means in named(text, rules)]
    return tuple(dict.fromkeys(found))


def means_of_typed(text: str, type: str | None, rules: RecognitionRules) -> tuple[Means, ...]:
    """Say what a typed text can name, strongest first, each once.

    Args:
        text: as typed by the cashier.
        type: a type of `IdentifierType`, or `item`, `gtin`, `plu`, `item_id`, `card`, `order`,
            `receipt`, `coupon`; None where the cashier did not say. A payment account reference
            is only one where that is said.
        rules: the settings of the chain.

    Raises:
        InputFault: empty or far too long, an unknown type, or a text that cannot be of the type.
    """
    value = text.strip()
    if not 0 < len(value) <= TYPED_CHARACTERS_MAX:
        raise InputFault(
            f"{len(value)} characters were typed",
            remedy=f"type 1 to {TYPED_CHARACTERS_MAX} characters: a number, an e-mail, a code",
        )
    if type is None:
        found = [means for named in _TYPED for means in named(value, rules)]
        return tuple(dict.fromkeys(found))
    return _of_type(value, type, rules)


def reasons_of(said: Reading | str, rules: RecognitionRules) -> tuple[Reason, ...]:
    """Say what is wrong with a scan or a typed text: its own reasons, and the card's.

    An item or a customer found all the same is right; these are told where nothing is found.
    """
    if isinstance(said, str):
        return card.reasons(said.strip(), rules)
    of_cards = [why for text in _texts(said) for why in card.reasons(text, rules)]
    return (*said.reasons, *dict.fromkeys(of_cards))


def _texts(reading: Reading) -> tuple[str, ...]:
    return tuple(
        meaning.text
        for meaning in reading.meanings
        if not isinstance(meaning, TradeItem | InStoreItem)
    )


def _of_type(value: str, type: str, rules: RecognitionRules) -> tuple[Means, ...]:
    one = _ONE_TYPE.get(type)
    if one is None:
        raise InputFault(
            f"{type!r} is not a type of identifier",
            remedy=f"use one of: {', '.join(sorted(_ONE_TYPE))}; or none, and all are tried",
        )
    found = tuple(one(value, rules))
    if not found:
        raise InputFault(
            f"{value!r} cannot be of type {type}",
            remedy="compare it with what is printed, or leave the type out and all are tried",
        )
    return found


def _card(value: str, rules: RecognitionRules) -> Iterable[Means]:
    # Said to be a card, it may be one of a programme whose prefix is in no setting.
    return card.identifiers(value, rules) or (
        normalise(IdentifierType.LOYALTY_CARD, value, rules.region),
    )


def _wallet(value: str, rules: RecognitionRules) -> Iterable[Means]:
    # Its id alone, without a proof beside it, is looked up too: it is worth less.
    return wallet.passes(value, rules) or (normalise(IdentifierType.WALLET, value, rules.region),)


def _payment(value: str, rules: RecognitionRules) -> Iterable[Means]:
    return (normalise(IdentifierType.PAR, value, rules.region),)


def _order(value: str, rules: RecognitionRules) -> Iterable[OrderKey]:
    return order.keys(value, rules) or (OrderKey(order.normalise(value, rules.region)),)


def _receipt(value: str, rules: RecognitionRules) -> Iterable[ReceiptKey]:
    return (
        receipt_seal.keys(value, rules)
        or receipt.keys(value, rules)
        or (ReceiptKey(receipt.normalise(value, rules.region)),)
    )


def _item(value: str, _rules: RecognitionRules) -> Iterable[ItemKey]:
    return (*item.typed_keys(value), ItemKey(item_id=ItemId(value)))


_ONE_TYPE: dict[str, Callable[[str, RecognitionRules], Iterable[Means]]] = {
    "loyalty_card": _card,
    "card": _card,
    "phone": lambda v, rules: (normalise(IdentifierType.PHONE, v, rules.region),),
    "email": lambda v, rules: (normalise(IdentifierType.EMAIL, v, rules.region),),
    "web_account": lambda v, rules: (normalise(IdentifierType.WEB_ACCOUNT, v, rules.region),),
    "order_no": _order,
    "order": _order,
    "receipt_no": _receipt,
    "receipt": _receipt,
    "wallet": _wallet,
    "par": _payment,
    "payment": _payment,
    "name_postcode": lambda v, rules: (normalise(IdentifierType.NAME_POSTCODE, v, rules.region),),
    "item": _item,
    "item_id": lambda v, _: (ItemKey(item_id=ItemId(v)),),
    "gtin": lambda v, _: (key for key in item.typed_keys(v) if key.gtin is not None),
    "plu": lambda v, _: (key for key in item.typed_keys(v) if key.reference is not None),
    "coupon": lambda v, _: (CouponKey(v),),
}
