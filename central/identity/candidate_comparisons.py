"""What of two persons is compared, and how: Splink's comparisons, as HQ's tables call for them.

What each degree of likeness says is learned; what is learned together speaks together. Postcode and
city come as one, street and house number too: compared apart, each would say once more what the
other has said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from splink import SettingsCreator
    from splink.comparison_library import CustomComparison

COLUMNS = (
    *("given", "family", "birth_date", "postcode", "street", "number", "city"),
    *("email", "phone", "card"),
)
SOMEWHAT_ALIKE, _ALIKE = 0.8, 0.92
"""Of Jaro and Winkler, as Splink's own comparisons have it."""
_FILLED_SHARE = 20
"""A column that fewer than one in so many records has is not learned from."""


def filled(base: DuckDBPyConnection) -> set[str]:
    """Give the columns that enough records have."""
    counts = ", ".join(f"count({name}) * {_FILLED_SHARE} > count(*)" for name in COLUMNS)
    [enough] = base.execute(f"SELECT {counts} FROM person").fetchall()  # noqa: S608
    columns = {name for name, holds in zip(COLUMNS, enough, strict=True) if holds}
    return columns | {"place"} if columns & {"postcode", "city"} else columns


def settings_of(columns: set[str]) -> SettingsCreator:
    """Say what is compared of records that have these columns; nothing is learned yet."""
    import splink.comparison_library as compare
    from splink import SettingsCreator

    comparisons = {
        "given": _name("given", "family"),
        "family": _name("family", "given"),
        "birth_date": compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "place": _place(),
        "street": _street(),
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
            level.JaroWinklerLevel(column, SOMEWHAT_ALIKE),
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


def _street() -> CustomComparison:
    """Compare street and house number as one: the next house is another one, however alike."""
    import splink.comparison_level_library as level
    import splink.comparison_library as compare

    alike, somewhat = (level.JaroWinklerLevel("street", each) for each in (_ALIKE, SOMEWHAT_ALIKE))
    same, number = level.ExactMatchLevel("street"), level.ExactMatchLevel("number")
    return compare.CustomComparison(
        [
            level.NullLevel("street"),
            level.And(number, same),
            level.And(number, alike),
            level.And(number, somewhat),
            alike,
            somewhat,
            number,
            level.ElseLevel(),
        ],
        "street",
    )
