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
from typing import TYPE_CHECKING

from agent.core.faults import UnavailableFault
from agent.core.identifiers import PartyId
from central.identity import candidate_rules
from central.identity.candidate_records import Told
from central.identity.candidate_tables import laid_out

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from splink import Linker, SettingsCreator
    from splink.comparison_library import CustomComparison
    from splink.internals.blocking_rule_creator import BlockingRuleCreator

RECORDS_MIN = 500
"""Of fewer nothing is learned."""
LEAST_BASIS_POINTS = 5000
SEED = 1
"""Of the random sample, so that a night with the same records finds the same."""
_SAMPLE_PAIRS = 2_000_000
_LESSON_PAIRS = 500_000
_FILLED_SHARE = 20
"""A column that fewer than one in so many records has is not learned from."""
_DETERMINISTIC_RECALL = 0.7
_ALIKE, _SOMEWHAT_ALIKE = 0.92, 0.8
"""Of Jaro and Winkler, as Splink's own comparisons have it."""
_BASIS_POINTS = 10_000

COLUMNS = ("given", "family", "birth_date", "postcode", "street", "city", "email", "phone", "card")
_LESSONS = (("birth_date",), ("given", "family"), ("postcode", "street"))
"""Pairs that agree in these teach the weights of all other columns."""
_CERTAIN = (
    ("given", "family", "birth_date"),
    ("birth_date", "postcode", "family"),
    ("given", "family", "street", "postcode"),
    ("email",),
    ("card",),
)
"""Pairs that agree in these tell how many there are at all."""
_NAMES, _HOME = ("given", "family"), ("street", "place")
_ROOF = f"""
SELECT (SELECT count(*) FROM person), count(*) FROM compared
JOIN person one ON one.unique_id = join_key_l JOIN person two ON two.unique_id = join_key_r
WHERE one.street = two.street AND one.postcode = two.postcode
AND greatest(
    jaro_winkler_similarity(one.given, two.given), jaro_winkler_similarity(one.given, two.family),
    jaro_winkler_similarity(one.family, two.given)
) < {_SOMEWHAT_ALIKE}
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
        columns, splink = _filled(base), DuckDBAPI(connection=base)
        linker = Linker(splink.register("person"), _settings(columns), log_level=logging.ERROR)
        _learn(linker, columns)
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


def _filled(base: DuckDBPyConnection) -> set[str]:
    """Give the columns that enough records have."""
    counts = ", ".join(f"count({name}) * {_FILLED_SHARE} > count(*)" for name in COLUMNS)
    [enough] = base.execute(f"SELECT {counts} FROM person").fetchall()  # noqa: S608
    filled = {name for name, holds in zip(COLUMNS, enough, strict=True) if holds}
    return filled | {"place"} if filled & {"postcode", "city"} else filled


def _settings(columns: set[str]) -> SettingsCreator:
    import splink.comparison_library as compare
    from splink import SettingsCreator

    comparisons = {
        "given": _name("given", "family"),
        "family": _name("family", "given"),
        "birth_date": compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "place": _place(),
        "street": compare.JaroWinklerAtThresholds("street", [_ALIKE, _SOMEWHAT_ALIKE]),
        "email": compare.ExactMatch("email"),
        "phone": compare.ExactMatch("phone"),
        "card": compare.DamerauLevenshteinAtThresholds("card", [1]),
    }
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[each for name, each in comparisons.items() if name in columns],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
    )


def _name(column: str, other: str) -> CustomComparison:
    """Compare given or family names; two that stand in each other's place are a match of its own.

    How much each says is learned: of forms that are filled in family name first, much.
    """
    import splink.comparison_level_library as level
    import splink.comparison_library as compare

    swapped = f"jaro_winkler_similarity({column}_l, {other}_r) >= {_ALIKE}"
    return compare.CustomComparison(
        [
            level.NullLevel(column),
            level.ExactMatchLevel(column).configure(tf_adjustment_column=column),
            level.JaroWinklerLevel(column, _ALIKE),
            level.CustomLevel(swapped, "in the place of the other"),
            level.JaroWinklerLevel(column, _SOMEWHAT_ALIKE),
            level.ElseLevel(),
        ],
        column,
    )


def _place() -> CustomComparison:
    """Compare postcode and city as one: they come together, so what both say is learned at once."""
    import splink.comparison_level_library as level
    import splink.comparison_library as compare

    same = level.ExactMatchLevel("postcode")
    near = level.DamerauLevenshteinLevel("postcode", 1)
    city = level.JaroWinklerLevel("city", _ALIKE)
    return compare.CustomComparison(
        [
            level.And(level.NullLevel("postcode"), level.NullLevel("city")),
            level.And(same, city),
            same,
            level.And(near, city),
            city,
            near,
            level.ElseLevel(),
        ],
        "place",
    )


def _learn(linker: Linker, columns: set[str]) -> None:
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


def _ends(one: str, other: str) -> tuple[PartyId, PartyId]:
    first, second = sorted((PartyId(one), PartyId(other)))
    return first, second
