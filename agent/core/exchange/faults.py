"""The errors of sync that a person may meet, divided by who must act."""

from __future__ import annotations

from agent.core.faults import AccessFault, Fault, InputFault


class MalformedBatch(InputFault):
    """A batch that no correct till sends; nothing of it was kept, nothing at the till is lost."""

    name = "malformed-batch"
    title = "The batch is not well formed"


class CredentialFault(AccessFault):
    """A credential, or the proof asked for one, that does not belong to this device."""

    name = "wrong-credential"
    title = "The credential does not fit"


class FeedGone(Fault):
    """HQ's feed no longer contains the till's position: read from the start (410)."""

    name = "feed-restart"
    status = 410
    title = "The feed starts again"
