"""How likely two records are one person, by Splink: a model that learns from the records.

The optional extra `linkage`. Splink (Ministry of Justice, UK) estimates the weights of Fellegi and
Sunter by expectation maximisation, in DuckDB, on all cores. It needs some records to learn from; of
few, `candidate_rules` says more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import chain, islice
from math import log2
from typing import TYPE_CHECKING, Any

from agent.core.faults import UnavailableFault
from agent.core.identifiers import PartyId
from central.identity import candidate_rules
from central.identity.candidate_comparisons import SOMEWHAT_ALIKE, filled, settings_of
from central.identity.candidate_records import Told
from central.identity.candidate_tables import laid_out

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from splink import Linker
    from splink.internals.blocking_rule_creator import BlockingRuleCreator

RECORDS_MIN = 500
"""Of fewer nothing is learned."""
LEAST_BASIS_POINTS = 5000
SEED = 1
"""Of the random sample, so that a night with the same records finds the same."""
_SAMPLE_PAIRS = 2_000_000
_LESSON_PAIRS = 500_000
_DETERMINISTIC_RECALL = 0.7
_BASIS_POINTS = 10_000
_LESSONS = (("birth_date",), ("given", "family"), ("postcode", "street", "number"))
"""Pairs that agree in these teach the weights of all other columns."""
_CERTAIN = (
    ("given", "family", "birth_date"),
    ("birth_date", "postcode", "family"),
    ("given", "family", "street", "number", "postcode"),
    ("email",),
    ("card",),
)
"""Pairs that agree in these tell how many there are at all."""
_NAMES, _HOME = ("given", "family"), ("street", "place")
_ROOF = f"""
SELECT (SELECT count(*) FROM person), count(*) FROM compared
JOIN person one ON one.unique_id = join_key_l JOIN person two ON two.unique_id = join_key_r
WHERE one.street = two.street AND one.number IS NOT DISTINCT FROM two.number
AND one.postcode = two.postcode
AND greatest(
    jaro_winkler_similarity(one.given, two.given), jaro_winkler_similarity(one.given, two.family),
    jaro_winkler_similarity(one.family, two.given)
) < {SOMEWHAT_ALIKE}
AND NOT coalesce(damerau_levenshtein(one.birth_date, two.birth_date) <= 2, false)
"""  # noqa: S608 - nothing but constants
"""How many people there are, and how many pairs of one address who share neither given name nor
birth date: other people.
"""
_FOUND = """
SELECT one.party_id, two.party_id, weight FROM (
    SELECT unique_id_l, unique_id_r,
        match_weight - {more} AS weight FROM {found}
)
JOIN told one ON one.id = unique_id_l JOIN told two ON two.id = unique_id_r
WHERE weight >= 0
"""


def is_installed() -> bool:
    """Tell whether the extra is there; nothing is loaded."""
    return find_spec("splink") is not None


def version() -> str:
    """Name the model as it stands with each proposal.

    Raises:
        UnavailableFault: the extra is not installed.
    """
    try:
        import splink
    except ImportError as error:
        raise UnavailableFault(
            "Splink is not installed",
            remedy="install the extra `linkage` (pip install 'till-agent[central,linkage]'), or "
            "use HQ's own rules: --model own",
            name="no-splink",
        ) from error
    return f"splink-{splink.__version__.partition('.')[0]}"


def propose(everybody: Iterable[Told]) -> dict[tuple[PartyId, PartyId], int]:
    """Give who may be one person.

    Args:
        everybody: one each; of fewer than `RECORDS_MIN` HQ's own rules judge.

    Returns:
        Two ids, the smaller first → how likely, in basis points.

    Raises:
        UnavailableFault: the extra is not installed.
    """
    version()
    rest = iter(everybody)
    first = list(islice(rest, RECORDS_MIN))
    if len(first) < RECORDS_MIN:
        return candidate_rules.propose(first)
    from splink import DuckDBAPI, Linker

    with laid_out(chain(first, rest)) as base:
        columns, splink = filled(base), DuckDBAPI(connection=base)
        people = splink.register("person")
        learner = Linker(people, settings_of(columns), log_level=logging.ERROR)
        linker = Linker(people, _learned(learner, columns), log_level=logging.ERROR)
        linker.table_management.register_blocked_pairs_for_predict(splink.register("compared"))
        found = linker.inference.predict(LEAST_BASIS_POINTS / _BASIS_POINTS, warning_mode="never")
        asked = _FOUND.format(found=found.physical_name, more=_more_than_home(base, columns))
        rows = base.execute(asked).fetchall()
    return {_ends(one, other): _weight(bits) for one, other, bits in rows}


def _more_than_home(base: DuckDBPyConnection, columns: set[str]) -> str:
    """Give what street and place say beyond what a common home can say, in SQL.

    They speak as if each came by itself, while a family shares both at once, and mostly its name:
    together they say no more than this is rare among other people, who are counted.
    """
    if not columns.issuperset(_HOME):
        return "0"
    [(people, roofs)] = base.execute(_ROOF).fetchall()
    said = " + ".join(f"mw_{each}" for each in _HOME)
    if columns.issuperset(_NAMES):
        said += " + if(mw_given < 0, greatest(0, mw_family + mw_tf_adj_family), 0)"
    return f"greatest(0, {said} - {log2(people * people / 2 / max(roofs, 1))})"


def _weight(bits: float) -> int:
    return round(_BASIS_POINTS / (1 + 2**-bits))


def _learned(linker: Linker, columns: set[str]) -> dict[str, Any]:
    from splink import block_on

    certain: list[str | BlockingRuleCreator] = [
        block_on(*each) for each in _CERTAIN if columns.issuperset(each)
    ]
    training = linker.training
    if certain:  # Without any, Splink stops with an error about something else.
        recall = _DETERMINISTIC_RECALL
        training.estimate_probability_two_random_records_match(certain, recall=recall)
    training.estimate_u_using_random_sampling(max_pairs=_SAMPLE_PAIRS, seed=SEED)
    for each in _LESSONS:
        if columns.issuperset(each):
            training.estimate_parameters_using_expectation_maximisation(
                block_on(*each), max_pairs=_LESSON_PAIRS
            )
    return of_others(linker.misc.save_model_to_json())


def of_others(model: dict[str, Any]) -> dict[str, Any]:
    """Take out of a model how often two persons agree those pairs that are one person.

    Splink counts it among pairs drawn at random, as if they were all two persons. Among a million
    they are; of five thousand with many duplicates nearly all pairs of one place and street are one
    person, and agreeing there would say next to nothing. What no pair of two persons was seen to
    agree in is as rare as one among all that were drawn.
    """
    share = model["probability_two_random_records_match"]
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level.keys() >= {"m_probability", "u_probability"}:
                others = level["u_probability"] - share * level["m_probability"]
                level["u_probability"] = max(others / (1 - share), 1 / _SAMPLE_PAIRS)
    return model


def _ends(one: str, other: str) -> tuple[PartyId, PartyId]:
    first, second = sorted((PartyId(one), PartyId(other)))
    return first, second
