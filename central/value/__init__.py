"""Points and gift cards at HQ: the one ledger, its leases, and the programme in force.

`books` holds the postings, which `agent.core.loyalty` decides: facts of tills become bookings
there, and nothing here is ever re-posted. `balances` reads what owners have together, `leasing`
gives one till a part of it, `programme` is what tills earn by, `worklist` what a person looks at.
`ordered` books what orders earn, which no till promises; `sold` has their goods give back what they
had earned in a sale.

Owners are parties as they were observed, or gift cards. Who is one person is asked elsewhere: every
reading takes the members of a person, so that a merge adds up and its undo takes apart again (P10).
"""
