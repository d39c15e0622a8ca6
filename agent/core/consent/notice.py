"""What a person was told when they were asked, and the receipt they are given of their answers.

A record names its notice by version; what stands in the notice is the same for thousands of
people and kept once. The receipt puts both together again under the names of ISO/IEC TS
27560:2023: 6.3.3 header, 6.3.4 and 6.3.5 processing, 6.3.6 parties, 6.3.7 event, 6.4.5 metadata.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.consent.purposes import Basis
from agent.core.consent.record import SCHEMA, ConsentRecord
from agent.core.faults import InputFault


class Controller(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who answers for the data (6.3.6)."""

    party_name: str
    party_address: str
    party_email: str = ""
    party_phone: str = ""
    party_url: str = ""
    party_role: str = "controller"


class Use(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the notice says of one purpose."""

    purpose: str
    basis: Basis
    text: str
    """As the person read it, in the notice's language."""
    data: tuple[str, ...] = ()
    """Kinds of data: `name`, `email`, `purchases` …"""
    recipients: tuple[str, ...] = ()
    retention: str = ""
    """For how long, in words."""


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of a notice in one language."""

    notice: str
    """With its version: `privacy@3`."""
    language: str
    """BCP 47."""
    controller: Controller
    uses: tuple[Use, ...]
    withdrawal: str
    """How a yes is taken back, in words: as easily as it was given (GDPR, Article 7(3))."""
    rights: tuple[str, ...] = ()
    url: str = ""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """6.3.3."""

    schema_version: int
    record_id: str
    pii_principal_id: str


class Processing(msgspec.Struct, frozen=True, omit_defaults=True):
    """6.3.4 and 6.3.5."""

    privacy_notice: str
    language: str
    purpose: str
    purpose_text: str
    lawful_basis: Basis
    withdrawal_method: str
    contact: str
    pii_information: tuple[str, ...] = ()
    recipient_third_parties: tuple[str, ...] = ()
    collection_method: str = ""
    retention_period: str = ""
    jurisdiction: str = ""
    privacy_rights: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """6.3.7."""

    event_time: str
    event_state: str
    validity_duration: str = ""
    """The last day; empty: until taken back."""
    entity_id: str = "self"
    event_place: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as it stands on the receipt."""

    header: Header
    processing: Processing
    event: Event


class ConsentReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the person takes home (6.4)."""

    receipt_id: str
    receipt_time: str
    parties: tuple[Controller, ...]
    records: tuple[Answer, ...]
    schema_version: int = SCHEMA


def receipt(
    records: Sequence[ConsentRecord], notice: Notice, *, receipt_id: str, at: str
) -> ConsentReceipt:
    """Write the receipt of what one person answered to one notice.

    Args:
        records: of one party.
        notice: the one they name, in the language it was shown in.
        receipt_id: as the records carry it.
        at: when it is handed over, UTC.

    Raises:
        InputFault: `bad-receipt`: records of several persons, of another notice, or of a purpose
            the notice does not speak of; or none.
    """
    if len({record.party_id for record in records}) != 1:
        raise _bad("its records are not those of one person")
    uses = {use.purpose: use for use in notice.uses}
    answers = tuple(_answer(record, notice, uses.get(record.purpose)) for record in records)
    return ConsentReceipt(receipt_id, at, (notice.controller,), answers)


def _answer(record: ConsentRecord, notice: Notice, use: Use | None) -> Answer:
    if (record.notice, record.language) != (notice.notice, notice.language):
        raise _bad(f"a record was answered to {record.notice!r}, not to {notice.notice!r}")
    if use is None:
        raise _bad(f"{notice.notice!r} says nothing of {record.purpose!r}")
    return Answer(
        Header(record.schema, record.record_id, record.party_id),
        _processing(record, notice, use),
        Event(
            record.at,
            record.state.value,
            validity_duration=record.valid_until,
            entity_id=record.operator or "self",
            event_place=record.touch_point,
        ),
    )


def _processing(record: ConsentRecord, notice: Notice, use: Use) -> Processing:
    return Processing(
        privacy_notice=notice.url or notice.notice,
        language=notice.language,
        purpose=use.purpose,
        purpose_text=use.text,
        lawful_basis=use.basis,
        withdrawal_method=notice.withdrawal,
        contact=record.contact,
        pii_information=use.data,
        recipient_third_parties=use.recipients,
        collection_method=record.method,
        retention_period=use.retention,
        jurisdiction=record.jurisdiction,
        privacy_rights=notice.rights,
    )


def _bad(reason: str) -> InputFault:
    return InputFault(
        f"no receipt can be written: {reason}",
        remedy="write one receipt per person and notice, with the notice as it was shown",
        name="bad-receipt",
    )
