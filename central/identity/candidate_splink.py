"""How likely two records are one person, by Splink: a model that learns from the records.

The optional extra `linkage`. Splink (Ministry of Justice, UK) estimates the weights of Fellegi and
Sunter by expectation maximisation, in DuckDB, on all cores. It needs some records to learn from; of
few, `candidate_rules` says more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from agent.core.faults import UnavailableFault
from agent.core.identifiers import PartyId
from central.identity import candidate_rules
from central.identity.candidate_records import Record

if TYPE_CHECKING:
    from splink import Linker, SettingsCreator
    from splink.internals.blocking_rule_creator import BlockingRuleCreator

RECORDS_MIN = 500
"""Of fewer nothing is learned."""
LEAST_BASIS_POINTS = 5000
SEED = 1
"""Of the random sample, so that a night with the same records finds the same."""
_SAMPLE_PAIRS = 2_000_000
_FILLED_SHARE = 20
"""A column that fewer than one in so many records has is not learned from."""
_DETERMINISTIC_RECALL = 0.7
_BASIS_POINTS = 10_000

_BLOCKS = (
    ("given", "family"),
    ("family", "birth_date"),
    ("given", "birth_date"),
    ("birth_date", "postcode"),
    ("birth_date", "city"),
    ("family", "postcode"),
    ("given", "postcode"),
    ("family", "street"),
    ("given", "street"),
    ("street", "postcode"),
    ("email",),
    ("phone",),
)
"""Pairs that agree in these are compared."""
_LESSONS = (("birth_date",), ("given", "family"), ("postcode", "street"))
"""Pairs that agree in these teach the weights of all other columns."""
_CERTAIN = (("given", "family", "birth_date"), ("birth_date", "postcode", "family"), ("email",))
"""Pairs that agree in these tell how many there are at all."""


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


def propose(records: Sequence[Record]) -> dict[tuple[PartyId, PartyId], int]:
    """Give who may be one person.

    Args:
        records: of everybody, one each; of fewer than `RECORDS_MIN` HQ's own rules judge.

    Returns:
        Two ids, the smaller first → how likely, in basis points.

    Raises:
        UnavailableFault: the extra is not installed.
    """
    version()
    if len(records) < RECORDS_MIN:
        return candidate_rules.propose(records)
    import pyarrow as pa
    from splink import DuckDBAPI, Linker

    columns = _columns(records)
    table = pa.table(columns)
    linker = Linker(DuckDBAPI().register(table), _settings(set(columns)), log_level=logging.ERROR)
    _learn(linker, set(columns))
    found = linker.inference.predict(
        threshold_match_probability=LEAST_BASIS_POINTS / _BASIS_POINTS, warning_mode="never"
    )
    return dict(map(_pair, found.as_record_list()))


def _columns(records: Sequence[Record]) -> dict[str, list[str | None]]:
    """Turn records into columns; what hardly anybody has is left out."""
    read: dict[str, Callable[[Record], str]] = {
        "given": lambda record: record.words[0] if len(record.words) > 1 else "",
        "family": lambda record: record.words[-1] if record.words else "",
        "birth_date": lambda record: record.birth_date,
        "postcode": lambda record: record.postcode,
        "street": lambda record: " ".join(record.street),
        "city": lambda record: record.city,
        "email": lambda record: _contact(record, "email:"),
        "phone": lambda record: _contact(record, "phone:"),
    }
    columns = {name: [of(record) or None for record in records] for name, of in read.items()}
    kept = {
        name: values
        for name, values in columns.items()
        if (len(records) - values.count(None)) * _FILLED_SHARE > len(records)
    }
    return {"unique_id": [record.party_id for record in records], **kept}


def _contact(record: Record, kind: str) -> str:
    return next((each for each in record.contacts if each.startswith(kind)), "")


def _settings(columns: set[str]) -> SettingsCreator:
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    comparisons = {
        "given": compare.JaroWinklerAtThresholds("given", [0.92, 0.8]),
        "family": compare.JaroWinklerAtThresholds("family", [0.92, 0.8]),
        "birth_date": compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "postcode": compare.DamerauLevenshteinAtThresholds("postcode", [1]),
        "street": compare.JaroWinklerAtThresholds("street", [0.92, 0.8]),
        "city": compare.JaroWinklerAtThresholds("city", [0.9]),
        "email": compare.ExactMatch("email"),
        "phone": compare.ExactMatch("phone"),
    }
    rare = ("given", "family")
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            each.configure(term_frequency_adjustments=True) if name in rare else each
            for name, each in comparisons.items()
            if name in columns
        ],
        blocking_rules_to_generate_predictions=[
            block_on(*each) for each in _BLOCKS if columns.issuperset(each)
        ],
    )


def _learn(linker: Linker, columns: set[str]) -> None:
    from splink import block_on

    certain: list[str | BlockingRuleCreator] = [
        block_on(*each) for each in _CERTAIN if columns.issuperset(each)
    ]
    training = linker.training
    training.estimate_probability_two_random_records_match(certain, recall=_DETERMINISTIC_RECALL)
    training.estimate_u_using_random_sampling(max_pairs=_SAMPLE_PAIRS, seed=SEED)
    for each in _LESSONS:
        if columns.issuperset(each):
            training.estimate_parameters_using_expectation_maximisation(block_on(*each))


def _pair(row: dict[str, Any]) -> tuple[tuple[PartyId, PartyId], int]:
    one, other = sorted((PartyId(row["unique_id_l"]), PartyId(row["unique_id_r"])))
    return (one, other), round(row["match_probability"] * _BASIS_POINTS)
