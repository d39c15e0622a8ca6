"""The shape of what staff write about a customer, whether they write at a till or at HQ."""

from __future__ import annotations

from typing import Annotated

import msgspec

END = r"$(?!\n)"
"""The end of a pattern: Python's `$` alone would let a line break through after it."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}" + END)]
Day = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?" + END)]
WrittenId = Annotated[
    str,
    msgspec.Meta(pattern=r"^[\x21-\x7e]{1,64}" + END, description="Made by the caller."),
]


class NoteAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note about a customer, for colleagues."""

    text: Text
    audience: Word = "all"
    """`all`, `service`, or a store's id."""
    valid_until: Day = ""
    """The last day it is shown."""
    about: WrittenId | None = None
    """The order or sale it belongs to."""
    note_id: WrittenId | None = None
    """Repeat the request with the same id, and the note is there once."""


class TaskAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something another desk is asked to do."""

    text: Text
    audience: Word = "service"
    """`service`, or a store's id."""
    due_on: Day = ""
    about: WrittenId | None = None
    task_id: WrittenId | None = None
    """Repeat the request with the same id, and the task is there once."""


class EndAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a task."""

    outcome: Text
