"""What is told to whoever looks for the reason of a refusal."""

from __future__ import annotations

import pytest

from agent.core.exchange.coding import content_digest
from tests.central.intake.test_batches_over_http import packed, post_signed


@pytest.mark.asyncio
async def test_a_false_signature_is_said_in_words(hq):
    """A technician would read "not signed as it should be:" and nothing behind it."""
    till, link = await hq.enrolled()
    till.seal(1)
    headers = {"Content-Digest": content_digest(b"other")}
    reply = await post_signed(hq, till, packed(till.batch()), headers=headers)
    assert "do not fit" in reply.json()["detail"]
    await link.aclose()
