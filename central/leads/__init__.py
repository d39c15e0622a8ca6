"""Leads, profiles and suggestions at HQ: what one channel began and another sold.

**Facts in.** `facts` keeps what channels and tills tell: leads by version, codes that were shown,
answers to suggestions. Sales and orders are here already. Whoever changes anything notes it as due
(`ledger.due`), in the same transaction.

**Derived.** `keeping` works off what is due: `gathering` finds in SQL what hangs together with it
(the person under all their ids, their leads, codes, purchases and returns), the pure room
`core.leads` shares it out, and `crediting` keeps the outcome. Only bookings that somebody else is
credited for leave rows; of all others it is who booked them. `profiles` makes the customer's
profile, if they said yes, and has the card published. `pairings` counts what is bought together.

**Out.** `report` gives both views of the same sales, booked and credited, which come to the same
net every day; `routes` answers for them. `desk` keeps notes and tasks between store and service.
"""
