"""What a channel's own token opens: one table; everything that is not in it stays shut."""

from __future__ import annotations

from central.ledger.callers import ChannelCaller, NotForChannel

_OWN = "{channel}"
_ANY = "{}"
OPENED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("POST", ("v1", "channels", _OWN, "events")),
    ("POST", ("v1", "channels", _OWN, "webhook")),
    ("GET", ("v1", "channels", _OWN, "tasks")),
    ("POST", ("v1", "channels", _OWN, "tasks", _ANY, "done")),
    ("POST", ("v1", "channels", _OWN, "tasks", _ANY, "failed")),
    # Whose order it is, the route looks; so it does of which use of data is asked about.
    ("GET", ("v1", "orders", _ANY)),
    ("POST", ("v1", "consent", "check")),
)
"""Method and segments of the path."""


def require_own(caller: ChannelCaller, method: str, path: str) -> None:
    """Let a channel's call pass that is its own.

    Args:
        caller: the channel.
        method: of HTTP.
        path: decoded, without doubled slashes.

    Raises:
        NotForChannel: it is not.
    """
    parts = tuple(path.strip("/").split("/"))
    if not any(method == name and _fits(form, parts, caller) for name, form in OPENED):
        raise NotForChannel(
            f"the token of channel {caller.channel!r} does not open {method} {path[:80]}",
            remedy="a channel sends its events, reads its own orders and tasks and asks "
            "consent/check; everything else needs the staff token",
        )


def _fits(form: tuple[str, ...], parts: tuple[str, ...], caller: ChannelCaller) -> bool:
    return len(form) == len(parts) and all(
        part and (part == caller.channel if asked == _OWN else asked in (_ANY, part))
        for asked, part in zip(form, parts, strict=True)
    )
