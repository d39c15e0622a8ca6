"""From means to one outcome: who or what it is, why we think so, and how much that opens.

`means_of` says what could be named, a look-up says what is held, and here one is chosen. The order
of the means decides: the strongest that is held wins, and what is not held says so. A party that
the means names, but not surely enough to open anything, is `known_elsewhere`: somebody is known,
and asked for more, and not enrolled again.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from agent.core.barcode import Reason
from agent.core.quantities import decimal_text, exponent
from agent.core.recognition.answers import (
    Answer,
    Found,
    KnownElsewhere,
    Lookup,
    Recognition,
    RecognitionKind,
    Unknown,
)
from agent.core.recognition.means import (
    CodePass,
    Identifier,
    IdentifierType,
    ItemKey,
    Means,
    OrderKey,
    ReceiptKey,
    ReceiptSeal,
    SignedPass,
    WalletPass,
)
from agent.core.recognition.proofs import NOT_GENUINE, STRENGTHS, Proofs, check, is_sealed
from agent.core.recognition.rules import RecognitionRules
from agent.core.recognition.strength import Part, Strength, ask_for, opens, vouched

_NO_RULES = RecognitionRules()


def resolve(
    means: Sequence[Means],
    look: Lookup,
    reasons: Sequence[Reason] = (),
    *,
    rules: RecognitionRules = _NO_RULES,
    proofs: Proofs | None = None,
) -> Recognition:
    """Choose what a scan or a typed text names.

    The first means that is held decides. Where none is held, the strongest decides what it would
    have been, unless a person is known elsewhere: then that is the answer, so that nobody is
    asked to enrol twice.

    Args:
        means: strongest first, as of `means_of` or `means_of_typed`.
        look: what the caller holds.
        reasons: of `reasons_of`, told where nothing was found.
        rules: of the chain, by which a card number's strength is judged; without them every
            number is taken for an imported, weak one.
        proofs: keys, time and state for wallet passes and signed receipts; without them a pass
            is weak, and a receipt is its number alone.
    """
    missed: list[Recognition] = []
    for one in means:
        outcome = _look_up(one, look, rules, proofs)
        if outcome.held:
            return outcome
        missed.append(outcome)
    said = tuple(reason.detail for reason in reasons)
    if not missed:
        return Recognition(
            RecognitionKind.UNKNOWN, (*said, "nothing here has such a code"), held=False
        )
    chosen = next((m for m in missed if isinstance(m.answer, KnownElsewhere)), missed[0])
    others = tuple(why for m in missed if m is not chosen for why in m.why)
    return replace(chosen, why=(*said, *chosen.why, *others))


def _look_up(
    means: Means, look: Lookup, rules: RecognitionRules, proofs: Proofs | None
) -> Recognition:
    match means:
        case ItemKey():
            return _item(means, look)
        case Identifier():
            return _party(means, look, rules)
        case CodePass() | SignedPass():
            return _pass(means, look, proofs)
        case OrderKey():
            return _order(means, look)
        case ReceiptKey():
            return _receipt(means, look, proofs)
        case _:
            why = (f"{means.code} is a coupon",)
            return Recognition(RecognitionKind.COUPON, why, means, coupon=means.code)


def _item(key: ItemKey, look: Lookup) -> Recognition:
    item = look.item(key)
    name = f"GTIN {key.gtin}" if key.gtin else f"item {key.reference or key.item_id}"
    if item is None:
        why = (f"no item is listed under {name}",)
        return Recognition(RecognitionKind.UNKNOWN, why, key, held=False)
    return Recognition(RecognitionKind.ITEM, (f"{name} is {item.name}",), key, item)


def _party(identifier: Identifier, look: Lookup, rules: RecognitionRules) -> Recognition:
    answer = look.party(identifier)
    if not isinstance(answer, Found):
        return _customer(identifier, answer)
    strength = vouched(identifier, answer.strength, rules)
    ask = ask_for(identifier.type, strength)
    if not opens(strength, Part.NAME):
        return _customer(identifier, KnownElsewhere(answer.why), ask=ask)
    return _customer(identifier, answer, strength=strength, ask=ask)


def _pass(shown: WalletPass, look: Lookup, proofs: Proofs | None) -> Recognition:
    """Look a pass up by its id, and open as much as its proof is worth.

    A proof that is refused names nobody; a signature of the chain says that somebody has the pass,
    whatever is held here.
    """
    identifier = Identifier(IdentifierType.WALLET, shown.pass_id)
    answer = look.party(identifier)
    party_id = answer.party_id if isinstance(answer, Found) else None
    verdict = check(shown, party_id, proofs)
    strength, why = STRENGTHS[verdict.standing], (verdict.why, *answer.why)
    if isinstance(answer, Found) and strength is not None:
        found = replace(answer, why=why, strength=strength)
        told = _customer(identifier, found, strength=strength, ask=verdict.ask)
    elif isinstance(answer, Unknown) and verdict.standing in NOT_GENUINE:
        told = _customer(identifier, answer)
    else:
        told = _customer(identifier, KnownElsewhere(why), ask=verdict.ask)
    return replace(told, mark=verdict.mark)


def _customer(
    identifier: Identifier,
    answer: Answer,
    *,
    strength: Strength | None = None,
    ask: str | None = None,
) -> Recognition:
    return Recognition(
        RecognitionKind.CUSTOMER,
        answer.why,
        identifier,
        answer=answer,
        held=isinstance(answer, Found),
        strength=strength,
        ask=ask,
    )


def _order(key: OrderKey, look: Lookup) -> Recognition:
    held = look.order(key.order_no)
    why = f"{key.order_no} is an order" + ("" if held else ", but it is not held here")
    return Recognition(
        RecognitionKind.ORDER,
        (why,),
        key,
        order_no=held or key.order_no,
        held=held is not None,
        strength=Strength.BEARER,
    )


def _receipt(key: ReceiptKey, look: Lookup, proofs: Proofs | None) -> Recognition:
    sale = look.receipt(key.receipt_no)
    why = f"{key.receipt_no} is a receipt" + ("" if sale else ", but its sale is not held here")
    seal = key.seal if key.seal is not None and is_sealed(key.seal, proofs) else None
    return Recognition(
        RecognitionKind.RECEIPT,
        (why, *_sealed(key, seal)),
        key,
        receipt_no=key.receipt_no,
        sale_id=sale,
        held=sale is not None,
        strength=Strength.BEARER,
        seal=seal,
    )


def _sealed(key: ReceiptKey, seal: ReceiptSeal | None) -> tuple[str, ...]:
    """Say what the signed code of a receipt is worth; nothing of a plain one."""
    if seal is not None:
        amount = decimal_text(seal.total, exponent(seal.currency))
        return (
            f"its code is signed by this chain: {amount} {seal.currency} on {seal.business_date}",
        )
    return () if key.seal is None else ("its code is signed, but not with a key trusted here",)
