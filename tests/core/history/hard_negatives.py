"""People who are easily taken for one another: twins, namesakes, households, numbers handed on.

Each case is a few different people as tills, imports and web stores tell of them, each with an id
of its own for every time they were met. Some are met twice with what is theirs alone, so that a
rule which never joins anybody is found out, too. Some kinds nothing that was said can tell apart,
see `OPEN`: they are counted by themselves.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

GIVEN = (
    "Karl", "Eva", "Heinz", "Ilse", "Murat", "Aylin", "Oskar", "Frieda", "Boris", "Greta", "Nils",
    "Paula", "Viktor", "Ronja", "Emil", "Hedwig", "Luca", "Sofia", "Bruno", "Yvonne",
)  # fmt: skip
FAMILY = (
    "Müller", "Schmidt", "Öztürk", "Nowak", "Ó Briain", "García Pérez", "Weber-Kunz", "Horvát",
    "Fischer", "Lange", "Vogel", "Keller", "Brandt", "Sørensen", "de Vries", "Becker",
)  # fmt: skip
TWINS = (
    ("Anna", "Anne"), ("Jan", "Jens"), ("Lena", "Lea"), ("Marie", "Maria"), ("Tim", "Tom"),
    ("Lisa", "Lina"), ("Andreas", "Andrea"), ("Julian", "Juliane"), ("Mia", "Pia"),
)  # fmt: skip
TILL, CSV, WEB, PAID = "till", "csv", "web", "paid"
SHOPS = 40
"""So many contacts of the chain itself are typed in for customers who have none."""
AGAIN = 0.4
"""How many are met once more with something that is theirs alone."""


class Telling(NamedTuple):
    """One time somebody was met, and what was told of them then."""

    party: str
    person: str
    """Who it really was."""
    how: str = TILL
    name: str = ""
    birth_date: str = ""
    card: str = ""
    phone: str = ""
    email: str = ""
    account: str = ""
    par: str = ""
    verified: tuple[str, ...] = ()
    """Which of `email`, `phone` and `web_account` the person has proved."""


class Case(NamedTuple):
    """Some people, each of them somebody else."""

    kind: str
    tellings: list[Telling]


class Crowd:
    """Makes cases, by seed; identifiers are of one case alone, or of the whole crowd on purpose."""

    def __init__(self, seed):
        """Draw from a seed."""
        self.draw = random.Random(seed)
        self._parties, self._cases = count(), count()
        self.case = 0

    def cases(self, kinds, number) -> Iterator[Case]:
        """Make so many, of each kind as many as of the others."""
        for n in range(number):
            kind = kinds[n % len(kinds)]
            self.case = next(self._cases)
            yield Case(kind, ALL[kind](self))

    def meet(self, person, **told):
        """Meet one of this case's people."""
        party = f"019a0000-0000-7000-8000-{next(self._parties):012x}"
        return Telling(party, f"{self.case}/{person}", **told)

    def once_more(self, *met):
        """Give them, and for some another meeting with their own card or account alone."""
        more = [
            self.meet(
                each.person.partition("/")[2],
                how=TILL if each.card else WEB,
                name=each.name,
                card=each.card,
                account=each.account,
                verified=("web_account",) if each.account else (),
            )
            for each in met
            if (each.card or each.account) and self.draw.random() < AGAIN
        ]
        return [*met, *more]

    def card(self, whose):
        return f"LC{self.case:07d}{whose}"

    def phone(self, whose=0):
        return f"+4915{whose}{self.case:08d}"

    def email(self, whose=0):
        return f"box{whose}.{self.case}@example.com"

    def account(self, whose=0):
        return f"kd{self.case}.{whose}"

    def par(self):
        return f"5001{self.case:025d}"

    def birthday(self, first=1940, last=2005):
        draw = self.draw
        return (
            f"{draw.randrange(first, last)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        )

    def couple(self):
        """Give two names of one family."""
        one, other = self.draw.sample(GIVEN, 2)
        family = self.draw.choice(FAMILY)
        return f"{one} {family}", f"{other} {family}"

    def way(self):
        return self.draw.choice((TILL, CSV))


def _twins(crowd):
    given, family = crowd.draw.choice(TWINS), crowd.draw.choice(FAMILY)
    same = {"birth_date": crowd.birthday(), "phone": crowd.phone()}
    proved = crowd.draw.randrange(3)
    one, other = (
        crowd.meet(n, how=CSV, name=f"{name} {family}", card=crowd.card(n), **same)
        for n, name in enumerate(given)
    )
    # The number in the hall, proved by one of them, by both or by none.
    proofs = [
        crowd.meet(n, how=WEB, name=each.name, account=crowd.account(n), phone=each.phone,
                   verified=("web_account", "phone"))
        for n, each in ((0, one), (1, other))[:proved]
    ]  # fmt: skip
    return crowd.once_more(one, other, *proofs)


def _father_and_son(crowd):
    name = crowd.couple()[0]
    same = {"name": name, "phone": crowd.phone()}
    if crowd.draw.randrange(2):
        father = crowd.meet(
            0, how=CSV, birth_date=crowd.birthday(1940, 1960), card=crowd.card(0), **same
        )
        son = crowd.meet(
            1, how=CSV, birth_date=crowd.birthday(1965, 1990), card=crowd.card(1), **same
        )
        return crowd.once_more(father, son)
    # No date of birth, and both told the tills the number at home.
    return crowd.once_more(
        *(crowd.meet(n, name=name, card=crowd.card(n), phone=crowd.phone()) for n in range(2))
    )


def _household(crowd):
    """Everybody signs in with the family's mailbox and number, and each has proved it."""
    names = crowd.couple()
    proved = crowd.draw.choice([("email",), ("phone",), ("email", "phone"), ()])
    return crowd.once_more(
        *(
            crowd.meet(n, how=WEB, name=name, account=crowd.account(n), phone=crowd.phone(),
                       email=crowd.email(), verified=("web_account", *proved))
            for n, name in enumerate(names)
        )
    )  # fmt: skip


def _twins_at_one_mailbox(crowd):
    given, family = crowd.draw.choice(TWINS), crowd.draw.choice(FAMILY)
    return [
        crowd.meet(n, how=WEB, name=f"{name} {family}", account=crowd.account(n),
                   email=crowd.email(), verified=("web_account", "email"))
        for n, name in enumerate(given)
    ]  # fmt: skip


def _shops_own(crowd):
    shop = crowd.draw.randrange(SHOPS)
    said = crowd.draw.choice(
        [{"email": f"info@shop{shop}.example"}, {"phone": f"+4930{9000000 + shop}"}]
    )
    both = [crowd.draw.choice(GIVEN) + " " + crowd.draw.choice(FAMILY) for _ in range(2)]
    return crowd.once_more(
        *(crowd.meet(n, how=crowd.way(), name=name, card=crowd.card(n), **said)
          for n, name in enumerate(both))
    )  # fmt: skip


def _handed_on(crowd):
    """The daughter is enrolled with her mother's card, at a till that could not ask HQ."""
    mother, daughter = crowd.couple()
    card = crowd.card(0)
    return [
        crowd.meet(0, name=mother, card=card, phone=crowd.phone(0)),
        crowd.meet(1, name=daughter, card=card, phone=crowd.phone(1)),
    ]


def _recycled(crowd):
    """A number whose owner gave it up, and somebody else was given it years later."""
    before, after = (
        f"{crowd.draw.choice(GIVEN)} {family}" for family in crowd.draw.sample(FAMILY, 2)
    )
    proved = ("web_account", "phone")
    return crowd.once_more(
        crowd.meet(
            0, how=WEB, name=before, account=crowd.account(0), phone=crowd.phone(), verified=proved
        ),
        crowd.meet(
            1, how=WEB, name=after, account=crowd.account(1), phone=crowd.phone(), verified=proved
        ),
    )


def _one_account(crowd):
    """A couple signs in with one account, by turns, and each has a card of their own."""
    account, proved = crowd.account(), ("web_account",)
    met = []
    for n, name in enumerate(crowd.couple()):
        at_till = crowd.meet(n, name=name, card=crowd.card(n))
        signed = crowd.meet(
            n, how=WEB, name=name, account=account, card=crowd.card(n), verified=proved
        )
        met += [at_till, signed]
    return met


def _strangers(crowd):
    name, birth_date = crowd.couple()[0], crowd.birthday()
    return crowd.once_more(
        crowd.meet(0, how=CSV, name=name, birth_date=birth_date, card=crowd.card(0)),
        crowd.meet(1, how=CSV, name=name, birth_date=birth_date, card=crowd.card(1)),
    )


def _mistyped(crowd):
    """An e-mail typed in with a slip is somebody else's, who has proved it."""
    one, other = crowd.draw.sample(GIVEN, 2)
    owner = crowd.meet(0, how=WEB, name=f"{one} {crowd.draw.choice(FAMILY)}", email=crowd.email(),
                       account=crowd.account(0), verified=("web_account", "email"))  # fmt: skip
    slipped = crowd.meet(1, how=crowd.way(), name=f"{other} {crowd.draw.choice(FAMILY)}",
                         email=crowd.email(), card=crowd.card(1))  # fmt: skip
    return crowd.once_more(owner, slipped)


def _guest(crowd):
    """Somebody orders as a guest, with the e-mail of whom they live with."""
    one, other = crowd.couple()
    return crowd.once_more(
        crowd.meet(0, name=one, card=crowd.card(0), email=crowd.email()),
        crowd.meet(1, how=WEB, name=other, email=crowd.email()),
    )


def _one_payment_card(crowd):
    one, other = crowd.couple()
    met = [
        crowd.meet(n, name=name, card=crowd.card(n), phone=crowd.phone(n))
        for n, name in enumerate((one, other))
    ]
    paid = [Telling(each.party, each.person, PAID, par=crowd.par()) for each in met]
    return [*crowd.once_more(*met), *paid]


def _namesake_card(crowd):
    name = crowd.couple()[0]
    return [crowd.meet(n, name=name, card=crowd.card(0), phone=crowd.phone(n)) for n in range(2)]


def _namesake_phone(crowd):
    name = crowd.couple()[0]
    return [
        crowd.meet(n, how=WEB, name=name, account=crowd.account(n), phone=crowd.phone(),
                   verified=("web_account", "phone"))
        for n in range(2)
    ]  # fmt: skip


def _twins_card(crowd):
    given, family, born = crowd.draw.choice(TWINS), crowd.draw.choice(FAMILY), crowd.birthday()
    return [
        crowd.meet(n, how=CSV, name=f"{name} {family}", birth_date=born, card=crowd.card(0))
        for n, name in enumerate(given)
    ]


def _namesake_told(crowd):
    """The father is told of by a web store, with the number his son gave at a till."""
    name, phone = crowd.couple()[0], crowd.phone()
    return [
        crowd.meet(0, how=WEB, name=name, account=crowd.account(0), phone=phone),
        crowd.meet(1, name=name, card=crowd.card(1), phone=phone),
    ]


KINDS = {
    "twins": _twins,
    "twins who proved one mailbox": _twins_at_one_mailbox,
    "father and son of one name": _father_and_son,
    "a household's phone and mailbox": _household,
    "the shop's own e-mail or phone": _shops_own,
    "a card handed on": _handed_on,
    "a recycled phone number": _recycled,
    "a couple with one account": _one_account,
    "strangers of one name": _strangers,
    "an e-mail mistyped": _mistyped,
    "a guest with the partner's e-mail": _guest,
    "one payment account": _one_payment_card,
}
OPEN = {
    "a card handed on to a twin": _twins_card,
    "a card handed on to a namesake": _namesake_card,
    "namesakes who proved one phone": _namesake_phone,
}
"""Nothing that was said tells these from one person who was met twice."""
TOLD = {"a namesake told of with one phone": _namesake_told}
"""Nobody says their id, so HQ takes them for whom it knows by it, if the name agrees."""
ALL = KINDS | OPEN | TOLD
