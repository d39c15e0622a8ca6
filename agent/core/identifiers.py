"""Names for ids, so that a `TillId` never passes for a `SaleId`; and the receipt number.

Ids are made outside the core (they need randomness); the core only carries them.
"""

from __future__ import annotations

from typing import NewType

StoreId = NewType("StoreId", str)
"""As set in `[store] id`, for example `store-0001`."""
TillId = NewType("TillId", str)
"""As set in `[[till]] id`, unique within the store."""
DeviceId = NewType("DeviceId", str)
"""As set in `[[device]] id`, unique within the agent."""
JournalId = NewType("JournalId", str)
"""128 random bits as 32 lower-case hexadecimal digits; one per journal file, till and lane."""
SaleId = NewType("SaleId", str)
"""UUIDv7 (RFC 9562) in its 36-character form, made when the basket opens."""
PartyId = NewType("PartyId", str)
"""UUIDv7 of a person, organisation, household or anonymous party (ARTS ODM `Party`)."""
CustomerRef = NewType("CustomerRef", str)
"""128 random bits as hexadecimal: the pseudonym of one sale's customer, in no other sale."""
PrintId = NewType("PrintId", str)
"""UUIDv7 of a print job, made by whoever asks for the print."""
ItemId = NewType("ItemId", str)
"""The chain's own key of an item; a GTIN is only one of the ways to find it."""
ActorId = NewType("ActorId", str)
"""The cashier (or customer, or partner) who did it, as signed on."""
ReceiptNo = NewType("ReceiptNo", str)
"""`store-till-J-n`, see `receipt_number`."""

RECEIPT_JOURNAL_CHARACTERS = 4


def receipt_number(store: StoreId, till: TillId, journal: JournalId, n: int) -> ReceiptNo:
    """Write the receipt number `store-till-J-n`; n is contiguous from 1 within one journal.

    J, the first four characters of the journal id, keeps a successor journal from ever issuing a
    number its predecessor issued, without asking anyone.

    >>> receipt_number(StoreId("s1"), TillId("t1"), JournalId("ab12" + "0" * 28), 7)
    's1-t1-ab12-7'
    """
    return ReceiptNo(f"{store}-{till}-{journal[:RECEIPT_JOURNAL_CHARACTERS]}-{n}")
