"""People whose every identifier is unmistakable: found anywhere, it can be nobody else's."""

from __future__ import annotations

from typing import NamedTuple

from tests.till.stolen_disk import TEXT, Known


class Somebody(NamedTuple):
    """All that a chain may learn of one person."""

    name: str
    family: str
    street: str
    city: str
    postcode: str
    born: str
    email: str
    second_email: str
    """Of an account that is the same person's, as a steward finds."""
    phone: str
    """E.164."""
    dialled: str
    spaced: str
    card: str
    """Printed by an older programme, imported."""
    account: str
    """The account behind their bank card (PAR)."""
    web_account: str
    order_no: str
    """Of the web shop."""
    cart: str
    gift_card: str
    allergy: str
    """A word that stands in notes about them, and nowhere else."""

    @property
    def known(self) -> list[Known]:
        """Give what is looked for in every file, each with its kind."""
        words = (self.name, self.family, self.street, self.city, self.born)
        said = (self.gift_card, self.allergy)
        return [
            *(Known(TEXT, each) for each in (*words, *said)),
            Known("email", self.email),
            Known("email", self.second_email),
            Known("phone", self.phone),
            Known("loyalty_card", self.card),
            Known("par", self.account),
            Known("web_account", self.web_account),
        ]


GONE = Somebody(
    name="Wilhelmina Ostrowski",
    family="Ostrowski",
    street="Mühlengasse 17a",
    city="Quakenbrückstadt",
    postcode="54321",
    born="1961-07-23",
    email="w.ostrowski@example.org",
    second_email="mina.o@quakmail.example",
    phone="+491715550199",
    dialled="01715550199",
    spaced="0171 / 555 01-99",
    card="LC0041061059",
    account="V0010013021267404810320240710",
    web_account="acct-8812734",
    order_no="WEB-771234",
    cart="cart-wo-4471",
    gift_card="GIFTOSTR77665544",
    allergy="Haselnussallergie",
)
"""Who is erased."""
STAYS = Somebody(
    name="Bartholomaeus Quint",
    family="Quint",
    street="Am Kronenberg 92",
    city="Zweibachweiler",
    postcode="65432",
    born="1958-02-11",
    email="b.quint@example.org",
    second_email="quint.b@zweimail.example",
    phone="+491725550288",
    dialled="01725550288",
    spaced="0172 / 555 02-88",
    card="LC0041062057",
    account="V0010013021267404810320240711",
    web_account="acct-9923845",
    order_no="WEB-881235",
    cart="cart-bq-5582",
    gift_card="GIFTQUIN88776655",
    allergy="Erdnussallergie",
)

CROWD = [
    STAYS._replace(
        name=f"Ortrud Kaltenbrunn{chr(97 + n // 26)}{chr(97 + n % 26)}",
        email=f"crowd-{n}@crowd.example",
        second_email=f"second-{n}@crowd.example",
        phone=f"+4917366{n:05}",
        dialled=f"017366{n:05}",
        spaced=f"0173 66{n:05}",
        card=f"LC007{n:07}",
        account=f"V00100130212674048103202{n:06}",
        web_account=f"crowd-{n}",
        order_no=f"WEB-9{n:05}",
        cart=f"cart-crowd-{n}",
    )
    for n in range(50)
]
"""Who is erased besides, to see how long it takes."""
