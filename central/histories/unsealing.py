"""Opening what tills closed for HQ: enrolments, accounts customers paid from, words about them.

The journal tells nobody else who it was, which sales were paid from one account, or what was said.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import Body, PartyEnrolled
from agent.core.entries.payments import AccountSeen, account_of
from agent.core.entries.worded import Worded, name_of, with_words
from agent.core.faults import InputFault
from agent.core.privacy import unseal_account, unseal_enrolment, unseal_words
from central.ledger.hq import OpenBody


def opening(private: bytes) -> OpenBody:
    """Open by HQ's X25519 key.

    Args:
        private: `agent.core.exchange.sealed_rows.Master.enrolment`.
    """

    def opened(body: Body) -> Body:
        """Open an enrolment, a payment account, or words about a customer.

        Raises:
            EnvelopeUnreadable: it is closed for another HQ, or was changed.
            InputFault: what is in it is no enrolment, or another person's; or no account.
        """
        if isinstance(body, AccountSeen):
            text = unseal_account(body.sealed, private, body.sale_id)
            said = account_of(text.decode(errors="replace"))
            return msgspec.structs.replace(body, reference=said.value)
        if isinstance(body, Worded) and body.sealed is not None:
            words = unseal_words(body.sealed, private, name_of(body))
            return with_words(body, words.decode(errors="replace"))
        if not isinstance(body, PartyEnrolled) or body.sealed is None:
            return body
        return _read(unseal_enrolment(body.sealed, private, body.party_id), body)

    return opened


def _read(text: bytes, body: PartyEnrolled) -> PartyEnrolled:
    try:
        said = msgspec.json.decode(text, type=PartyEnrolled)
    except msgspec.MsgspecError as problem:
        raise _not_one(body, str(problem)) from problem
    if (said.party_id, said.sealed) != (body.party_id, None):
        raise _not_one(body, "it is of somebody else")
    return said


def _not_one(body: PartyEnrolled, why: str) -> InputFault:
    return InputFault(
        f"what the till closed of party {body.party_id} is no enrolment: {why}",
        remedy="compare the versions of till and HQ; the person can be enrolled again",
        name="enrolment-unreadable",
    )
