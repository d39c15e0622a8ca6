"""The table of states: what is not in it is refused, with a way out."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.sale import TRANSITIONS, Action, SaleFault
from agent.core.sale.states import next_state, table
from tests.core.sale.baskets import empty


@pytest.mark.parametrize("state", TRANSITIONS)
@pytest.mark.parametrize("action", Action)
def test_an_action_is_possible_exactly_where_the_table_has_it(state, action):
    """A sale would be changed in a state that does not allow it, or stuck in one that does."""
    sale = msgspec.structs.replace(empty(), state=state)
    if action in TRANSITIONS[state]:
        assert TRANSITIONS[state][action] == next_state(sale, action)
    else:
        with pytest.raises(SaleFault) as fault:
            next_state(sale, action)
        assert f"sale-{state}" == fault.value.name
        assert fault.value.remedy


def test_every_way_leads_to_a_state_of_the_table():
    """A sale would end in a state nobody has described."""
    reached = {state for ways in TRANSITIONS.values() for state in ways.values()}
    assert reached <= set(TRANSITIONS)


def test_nothing_leads_out_of_what_is_over():
    """A completed sale could be changed after its receipt was printed."""
    assert {} == TRANSITIONS["completed"] == TRANSITIONS["cancelled"]


def test_the_table_can_be_printed():
    """The documentation would show another table than the one that decides."""
    assert sum(len(ways) for ways in TRANSITIONS.values()) == len(table().splitlines())
