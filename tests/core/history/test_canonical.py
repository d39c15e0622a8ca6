"""Canonical ids: chosen by no clock and no order, and every id resolves for ever."""

from __future__ import annotations

from hashlib import sha256
from itertools import permutations

import pytest

from agent.core.faults import NotFoundFault
from agent.core.history.canonical import (
    canonical_map,
    canonical_of,
    components,
    digest,
    members_of,
    resolve,
)

IDS = tuple(f"party-{n}" for n in range(5))


def test_the_canonical_id_is_the_smallest_sha_256_in_every_order():
    """Two machines that met the ids in another order would show a person under two ids."""
    smallest = min(IDS, key=lambda each: sha256(each.encode()).hexdigest())
    assert {smallest} == {canonical_of(order) for order in permutations(IDS)}


def test_a_map_names_each_id_once_and_turns_round_whole():
    """A member lost on the way round would be a customer whose old card opens nothing."""
    persons = [IDS[:3], IDS[3:]]
    canonical = canonical_map(persons)
    members = members_of(canonical)
    assert sorted(IDS) == sorted(canonical)
    assert {frozenset(ids) for ids in persons} == {frozenset(ids) for ids in members.values()}
    assert [ids[0] for ids in members.values()] == list(members)


def test_any_id_resolves_and_one_nobody_had_does_not():
    """An id that answered with nothing, or with somebody, would end or mix up a history."""
    canonical = canonical_map([IDS])
    assert {canonical_of(IDS)} == {resolve(canonical, each) for each in IDS}
    with pytest.raises(NotFoundFault, match="no party has the id 'nobody'") as found:
        resolve(canonical, "nobody")
    assert ("unknown-party", True) == (found.value.name, bool(found.value.remedy))


def test_the_digest_tells_maps_apart_and_does_not_see_their_order():
    """Replicas compare digests: one that missed a difference would hide two histories."""
    one = canonical_map([IDS[:3], IDS[3:]])
    turned = dict(reversed(one.items()))
    assert digest(one) == digest(turned)
    assert digest(one) != digest(canonical_map([IDS[:2], IDS[2:]]))
    assert digest({"a": "b"}) != digest({"ab": ""})


def test_components_join_chains_and_leave_others_alone():
    """A chain cut in its middle would make two persons of one."""
    chain = list(zip("abcd", "bcde", strict=True))
    for pairs in permutations(chain):
        assert [["a", "b", "c", "d", "e"], ["x"]] == sorted(
            map(sorted, components("abcdex", pairs))
        )
