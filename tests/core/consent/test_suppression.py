"""Whom not to write to, after nobody knows any more who it was."""

from __future__ import annotations

import msgspec

from agent.core.consent import Asked, ConsentRecord, Mark, State, check, mark_of, reply
from agent.core.consent.suppression import ContactPoint, suppression_mark, to_suppress

TODAY = "2026-11-22"
HOME, WORK = ContactPoint("email", "home"), ContactPoint("email", "work")
MOBILE = ContactPoint("sms", "mobile")


def test_only_points_with_a_no_leave_a_token():
    """A token of everybody would be a customer list; none would let the advertising begin again."""
    marks = [
        Mark("1", "marketing", State.GIVEN, "email"),
        Mark("2", "marketing", State.WITHDRAWN, "email", "work"),
        Mark("3", "marketing", State.OBJECTED, "sms"),
    ]
    assert (WORK, MOBILE) == to_suppress(marks, [MOBILE, HOME, WORK, WORK], today=TODAY)
    assert () == to_suppress((), [HOME], today=TODAY)


def test_a_point_that_turns_up_again_is_not_written_to_before_a_new_yes():
    """Who was erased and enrols again would get the advertising they had objected to, or never."""
    found = suppression_mark("t-1", HOME)
    asked = Asked("marketing", "email", "home")
    yes = ConsentRecord("1", "ada", "marketing", State.GIVEN, f"{TODAY}T10:00:00.000Z", "email")
    assert not check([found, mark_of(yes)], asked, today=TODAY).allowed
    assert check([found, mark_of(yes)], Asked("marketing", "email", "work"), today=TODAY).allowed
    about = msgspec.structs.replace(yes, record_id="2", point="home")
    lifted = reply(about, [found], today=TODAY, lifting=True)
    assert check([found, mark_of(lifted)], asked, today=TODAY).allowed
