"""What somebody says of themselves at their first meeting, where it cannot be."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.till import commands
from agent.till.requests import EnrolRequest


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (EnrolRequest(name=" "), "name-missing"),
        (
            EnrolRequest(name="Ada", consents=(ConsentGiven("marketing", "telepathy", True),)),
            "consent-unclear",
        ),
        (EnrolRequest(name="Ada", consents=(ConsentGiven("", "email", True),)), "consent-unclear"),
    ],
    ids=["no name", "no such contact", "no purpose"],
)
async def test_what_makes_no_sense_is_not_kept(shop, request_, name):
    """HQ would get a person nobody can address, or a consent nobody can keep to."""
    async with shop.running() as loop:
        with pytest.raises(InputFault) as refused:
            await loop.ask(commands.Enrol(request_))
    assert refused.value.name == name
