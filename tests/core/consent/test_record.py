"""One record: what can be kept, what a new answer becomes, and the receipt of it."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.consent.checking import check
from agent.core.consent.notice import Controller, Notice, Use, receipt
from agent.core.consent.purposes import ANY, Basis
from agent.core.consent.record import Asked, ConsentRecord, Mark, State, checked, mark_of
from agent.core.consent.replying import reply, to_replace
from agent.core.faults import InputFault, StateFault

TODAY = "2026-11-22"
EMAIL = Asked("marketing", "email")
GIVEN, REFUSED, WITHDRAWN, OBJECTED, EXPIRED = State


def record(record_id="1", state=GIVEN, **more):
    fields = {"purpose": "marketing", "contact": "email", "at": "2026-11-22T10:00:00.000Z"} | more
    return ConsentRecord(
        record_id=record_id, party_id=fields.pop("party", "ada"), state=state, **fields
    )


def test_a_record_travels_and_comes_back_the_same():
    """A consent sealed at a till would say something else at HQ."""
    whole = record(
        point="home",
        notice="privacy@3",
        language="de",
        jurisdiction="DE",
        method="spoken",
        channel="store",
        touch_point="store-1/till-1",
        operator="actor-1",
        valid_until="2027-11-22",
        receipt_id="r-1",
        replaces=("0",),
        source="event-1",
    )
    assert whole == msgspec.json.decode(msgspec.json.encode(checked(whole)), type=ConsentRecord)
    mark = mark_of(whole)
    assert mark == msgspec.msgpack.decode(msgspec.msgpack.encode(mark), type=Mark)
    assert b"ada" not in msgspec.json.encode(mark)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"record_id": " "}, "`record_id` is empty"),
        ({"party": ""}, "`party_id` is empty"),
        ({"at": ""}, "`at` is empty"),
        ({"purpose": "Marketing!"}, "`purpose` is no word"),
        ({"contact": ""}, "`contact` is no word"),
        ({"contact": ANY, "point": "home"}, "`point` names one address"),
        ({"purpose": ANY}, "a yes needs one purpose"),
        ({"replaces": ("1",)}, "names the record itself"),
        ({"state": REFUSED, "valid_until": TODAY}, "belongs to a yes"),
        ({"valid_until": "soon"}, "'soon' is no day"),
    ],
)
def test_a_record_that_proves_nothing_is_refused_with_the_reason(wrong, said):
    """The shop would hold a consent nobody can rely on, or an error nobody understands."""
    with pytest.raises(InputFault) as caught:
        checked(record(**wrong))
    assert "bad-consent" == caught.value.name
    assert said in caught.value.detail


def test_everything_wrong_with_a_record_is_said_at_once():
    """Somebody would mend a form field by field, a refusal at a time."""
    with pytest.raises(InputFault) as caught:
        checked(record(purpose="", at="", valid_until="x"))
    assert 3 == caught.value.detail.count("`") // 2


def test_a_no_becomes_what_it_is():
    """A withdrawal would be kept as a refusal, and no proof would say that there had been a yes."""
    given, over = Mark("0", "marketing", GIVEN), Mark("0", "marketing", GIVEN, valid_until=TODAY)
    refused = record(state=REFUSED)
    assert [REFUSED, WITHDRAWN, WITHDRAWN, OBJECTED, OBJECTED] == [
        reply(refused, [], today=TODAY).state,
        reply(refused, [given], today=TODAY).state,
        reply(refused, [over], today="2027-11-22").state,
        reply(record(state=REFUSED, purpose="quality"), [], today=TODAY).state,
        reply(record(state=OBJECTED), [given], today=TODAY).state,
    ]


def test_an_answer_replaces_what_it_was_given_in_knowledge_of():
    """A customer's change of mind would need somebody to type record ids."""
    first = reply(record("1", REFUSED), [], today=TODAY)
    second = reply(record("2"), [mark_of(first)], today=TODAY)
    third = reply(record("3", REFUSED), [mark_of(first), mark_of(second)], today=TODAY)
    assert [(), ("1",), ("2",)] == [each.replaces for each in (first, second, third)]
    marks = [mark_of(each) for each in (third, first, second)]
    assert "withdrawn" == check(marks, EMAIL, today=TODAY).state


def test_a_yes_against_an_objection_needs_the_customer_to_say_so():
    """A tick on an enrolment form would lift an objection, or seem to."""
    objected = Mark("0", "marketing", OBJECTED)
    with pytest.raises(StateFault) as caught:
        reply(record(), [objected], today=TODAY)
    assert "objection-stands" == caught.value.name
    lifted = reply(record(), [objected], today=TODAY, lifting=True)
    marks = [objected, mark_of(lifted)]
    assert [True, False] == [
        check(marks, EMAIL, today=TODAY).allowed,
        check(marks, Asked("marketing", "post"), today=TODAY).allowed,
    ]


def test_a_wide_answer_replaces_the_narrow_ones_it_speaks_about():
    """A yes to everything would be eaten by an old no to one address."""
    marks = [
        Mark("1", "marketing", REFUSED, "email", "home"),
        Mark("2", "marketing", REFUSED, "sms"),
        Mark("3", "profiling", REFUSED),
        Mark("4", "marketing", OBJECTED, "post"),
        Mark("5", "marketing", GIVEN, "sms", replaces=("2",)),
    ]
    assert ("1", "5") == to_replace(marks, Asked("marketing"))
    assert ("1", "4", "5") == to_replace(marks, Asked("marketing"), objections=True)
    assert () == to_replace(marks, Asked("marketing", "email", "work"))
    assert ("5",) == to_replace(marks, Asked("marketing", "sms", "mobile"))


USE = Use("marketing", Basis.CONSENT, "Wir schreiben Ihnen.", ("email",), ("printer",), "3 Jahre")
NOTICE = Notice(
    "privacy@3",
    "de",
    Controller("Shop GmbH", "Hauptstr. 1, Berlin", party_email="privacy@shop.example"),
    (USE,),
    "An der Kasse oder unter shop.example/privacy",
    ("Art. 15", "Art. 17"),
)


def asked(**more):
    return record(notice="privacy@3", language="de", **more)


def test_a_receipt_says_who_asked_what_and_what_was_answered():
    """The customer would go home without proof of what they agreed to (ISO/IEC TS 27560, 6.4)."""
    done = receipt(
        [asked(touch_point="store-1/till-1", method="spoken"), asked(record_id="2", operator="a1")],
        NOTICE,
        receipt_id="r-1",
        at="2026-11-22T10:01:00.000Z",
    )
    first, second = done.records
    assert ("1", "ada", "marketing", "given", "spoken") == (
        first.header.record_id,
        first.header.pii_principal_id,
        first.processing.purpose,
        first.event.event_state,
        first.processing.collection_method,
    )
    assert ("self", "a1") == (first.event.entity_id, second.event.entity_id)
    assert ("Shop GmbH",) == tuple(party.party_name for party in done.parties)
    assert ("printer",) == first.processing.recipient_third_parties


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "one person"),
        ([asked(), asked(record_id="2", party="bob")], "one person"),
        ([record(notice="privacy@2", language="de")], "not to 'privacy@3'"),
        ([record(notice="privacy@3", language="en")], "not to 'privacy@3'"),
        ([asked(purpose="sharing")], "says nothing of 'sharing'"),
    ],
)
def test_no_receipt_of_what_was_not_shown(records, said):
    """A receipt would prove an agreement to a text the customer never saw."""
    with pytest.raises(InputFault) as caught:
        receipt(records, NOTICE, receipt_id="r-1", at="")
    assert "bad-receipt" == caught.value.name
    assert said in caught.value.detail
