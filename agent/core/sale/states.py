"""The states of a sale and every way from one to the next: one table, nothing beside it.

An action that is missing in a state's row is refused in that state. Nothing leads out of
`completed` or `cancelled`: what was sold is corrected by a return, a new fact (P4).
"""

from __future__ import annotations

from enum import StrEnum

from agent.core.sale.model import Sale, SaleFault

OPEN = "open"
PARKED = "parked"
COMPLETED = "completed"
CANCELLED = "cancelled"


class Action(StrEnum):
    """What can be done to a sale, worded to complete "cannot …"."""

    ADD_LINE = "add a line"
    CHANGE_LINE = "change a line"
    VOID_LINE = "void a line"
    DISCOUNT = "give a discount"
    SET_CUSTOMER = "change the customer"
    ADD_TENDER = "take a tender"
    REMOVE_TENDER = "remove a tender"
    PARK = "park"
    RESUME = "resume"
    CANCEL = "cancel"
    COMPLETE = "complete"


TRANSITIONS: dict[str, dict[Action, str]] = {
    OPEN: {
        Action.ADD_LINE: OPEN,
        Action.CHANGE_LINE: OPEN,
        Action.VOID_LINE: OPEN,
        Action.DISCOUNT: OPEN,
        Action.SET_CUSTOMER: OPEN,
        Action.ADD_TENDER: OPEN,
        Action.REMOVE_TENDER: OPEN,
        Action.PARK: PARKED,
        Action.CANCEL: CANCELLED,
        Action.COMPLETE: COMPLETED,
    },
    PARKED: {
        Action.RESUME: OPEN,
        Action.CANCEL: CANCELLED,
    },
    COMPLETED: {},
    CANCELLED: {},
}

_REMEDIES = {
    OPEN: "the sale is already the till's open one: go on with it",
    PARKED: "resume the sale first",
    COMPLETED: "open a new sale; goods of this one come back as return lines",
    CANCELLED: "open a new sale",
}


def next_state(sale: Sale, action: Action) -> str:
    """Tell the state an action leads to.

    Raises:
        SaleFault: the table has no such action in the sale's state.
    """
    state = TRANSITIONS[sale.state].get(action)
    if state is None:
        raise SaleFault(
            f"cannot {action}: the sale is {sale.state}",
            remedy=_REMEDIES[sale.state],
            name=f"sale-{sale.state}",
        )
    return state


def table() -> str:
    """Print the table, one way per line.

    >>> print(table().splitlines()[-1])
    parked     cancel               -> cancelled
    """
    return "\n".join(
        f"{state:10} {action:20} -> {following}"
        for state, ways in TRANSITIONS.items()
        for action, following in ways.items()
    )
