"""Orders: of a web store or of a till, sent home or collected, paid before or at the counter.

An order is the set of everything told of it (`model`), gathered in any order and as often as it
comes (`gathering`): a grow-only set, the same at the till, at HQ and after a restore. How it
stands is read from the set: goods line by line (`tally`, `states`), money apart from goods
(`money`), what cannot all be right (`troubles`); `view` gives all of it. No clock and no arrival
decides anything (P11), and no person is named (P9).

    draft → placed → reserved → picked → shipped → ready → collected | delivered → returned
                                                         ↘ expired | cancelled

`acts.act` is what a till or a picker may do now, refused with a reason (P12); once told, it is a
fact and stays one (P4). Where two that were offline both did what one should have, the goods that
left outweigh the cancellation, and a trouble says so.

`counter` has an order paid where it is collected, at the price it was ordered at. `returns` gives
goods of any order back over any counter: how much may still come back, and to the cent what for.
`bought` is what the customer keeps of it.
`special` makes orders where nobody can be asked. `goods` says what all of it moves in stock.

One telling counts of each matter (`gathering.matter_of`): a web store that only heard of a return
at a counter tells it under the counter's own id, with `echo`, and it counts once.
"""

from __future__ import annotations

from agent.core.orders.acts import act, overdue, to_pay
from agent.core.orders.bought import Purchase, purchase
from agent.core.orders.checks import OrderInput, checked
from agent.core.orders.counter import counter_line
from agent.core.orders.gathering import (
    by_order,
    contradictions,
    counting,
    fingerprint,
    gathered,
    joined,
    matter_of,
    noted,
)
from agent.core.orders.goods import Flow, flows, moved
from agent.core.orders.model import (
    NOBODY,
    By,
    Cause,
    CustomerOrder,
    OrderId,
    OrderLine,
    OrderNoted,
    Part,
    Payment,
    PaymentState,
    Placed,
    Refund,
    RefundPart,
    Stage,
    Step,
    Told,
)
from agent.core.orders.money import Money
from agent.core.orders.returns import of_sale, refund_for, return_line, returnable, taxes_on_top
from agent.core.orders.special import (
    DepositRule,
    as_draft,
    deposit_back_line,
    deposit_line,
    deposit_of,
    number_of,
    paid_in_sale,
    taken_up,
    turned_down,
)
from agent.core.orders.states import OPEN, STATES, TABLE, Action, OrderFault, further, rank
from agent.core.orders.troubles import Trouble
from agent.core.orders.view import LineView, OrderView, view

__all__ = [
    "NOBODY",
    "OPEN",
    "STATES",
    "TABLE",
    "Action",
    "By",
    "Cause",
    "CustomerOrder",
    "DepositRule",
    "Flow",
    "LineView",
    "Money",
    "OrderFault",
    "OrderId",
    "OrderInput",
    "OrderLine",
    "OrderNoted",
    "OrderView",
    "Part",
    "Payment",
    "PaymentState",
    "Placed",
    "Purchase",
    "Refund",
    "RefundPart",
    "Stage",
    "Step",
    "Told",
    "Trouble",
    "act",
    "as_draft",
    "by_order",
    "checked",
    "contradictions",
    "counter_line",
    "counting",
    "deposit_back_line",
    "deposit_line",
    "deposit_of",
    "fingerprint",
    "flows",
    "further",
    "gathered",
    "joined",
    "matter_of",
    "moved",
    "noted",
    "number_of",
    "of_sale",
    "overdue",
    "paid_in_sale",
    "purchase",
    "rank",
    "refund_for",
    "return_line",
    "returnable",
    "taken_up",
    "taxes_on_top",
    "to_pay",
    "turned_down",
    "view",
]
