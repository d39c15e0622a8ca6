"""Where goods are: a bucket at a location, or outside the company."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Bucket(StrEnum):
    """What goods at one place may be used for."""

    AVAILABLE = "available"
    """On the shelf or in the back room, to be sold."""
    RESERVED = "reserved"
    """At the location, but set aside for an order."""
    DAMAGED = "damaged"
    """At the location, but not to be sold as they are."""
    TRANSIT = "transit"
    """On the way to the location."""
    CUSTOMER = "customer"
    """Outside: handed over, title has passed."""
    SUPPLIER = "supplier"
    """Outside: where goods come from."""
    NOWHERE = "nowhere"
    """Outside: lost, thrown away, or found again."""


OUTSIDE = frozenset({Bucket.CUSTOMER, Bucket.SUPPLIER, Bucket.NOWHERE})
"""Buckets that belong to no location of the company."""
ON_HAND = frozenset({Bucket.AVAILABLE, Bucket.RESERVED, Bucket.DAMAGED})
"""Buckets whose goods can be touched at the location."""


class Place(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """A bucket at a location: a store's id, a warehouse, or nothing where it is outside."""

    bucket: Bucket
    location: str = ""


CUSTOMER = Place(Bucket.CUSTOMER)
SUPPLIER = Place(Bucket.SUPPLIER)
NOWHERE = Place(Bucket.NOWHERE)


def available(location: str) -> Place:
    """Name the goods a location can sell."""
    return Place(Bucket.AVAILABLE, location)


def reserved(location: str) -> Place:
    """Name the goods a location has set aside for orders."""
    return Place(Bucket.RESERVED, location)


def damaged(location: str) -> Place:
    """Name the goods a location has and cannot sell."""
    return Place(Bucket.DAMAGED, location)


def transit(location: str) -> Place:
    """Name the goods on their way to a location."""
    return Place(Bucket.TRANSIT, location)
