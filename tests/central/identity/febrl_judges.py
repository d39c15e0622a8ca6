"""What Splink and recordlinkage make of a FEBRL set by themselves, each set up by us.

The set-ups follow the shape of their published examples and were not checked line by line against
them; with other blocks or thresholds either may do better or worse. They see the columns as the
files have them, given and family names apart; HQ sees what an import tells it.
"""

from __future__ import annotations

import logging
import warnings

SEED = 1
THRESHOLD = 0.5
SAMPLE_PAIRS = 2_000_000
RECALL = 0.9
BLOCKS = ("given", "family", "birth_date", "postcode")


def splink_finds(some, *, with_card):
    """Give what Splink finds by its ready-made comparisons and blocks of one column each."""
    import pyarrow as pa
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    card = ["card"] if with_card else []
    names = ["given", "family", "birth_date", "number", "address", "postcode", "city", *card]
    table = {name: [getattr(each, name) or None for each in some] for name in names}
    table["unique_id"] = [each.source_id for each in some]
    comparisons = [
        compare.NameComparison("given"),
        compare.NameComparison("family"),
        compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        compare.ExactMatch("number"),
        compare.JaroWinklerAtThresholds("address", [0.9, 0.7]),
        compare.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        compare.JaroWinklerAtThresholds("city", [0.9, 0.7]),
        *(compare.DamerauLevenshteinAtThresholds(each, [1, 2]) for each in card),
    ]
    blocks = [block_on(each) for each in (*BLOCKS, *card)]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocks,
    )
    linker = Linker(DuckDBAPI().register(pa.table(table)), settings, log_level=logging.ERROR)
    certain = [block_on("given", "family", "birth_date"), block_on("birth_date", "postcode")]
    train = linker.training
    train.estimate_probability_two_random_records_match(
        [*certain, *(block_on(each) for each in card)], recall=RECALL
    )
    train.estimate_u_using_random_sampling(max_pairs=SAMPLE_PAIRS, seed=SEED)
    for each in ("birth_date", "postcode"):
        train.estimate_parameters_using_expectation_maximisation(block_on(each))
    found = linker.inference.predict(THRESHOLD, warning_mode="never").as_record_list()
    return {tuple(sorted((row["unique_id_l"], row["unique_id_r"]))) for row in found}


def recordlinkage_finds(some, *, with_card):
    """Give what recordlinkage finds by expectation maximisation, with the same blocks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        import recordlinkage as rl

        table = pd.DataFrame(some).set_index("source_id").replace("", None)
        card = ["card"] if with_card else []
        index = rl.Index()
        for block in (*BLOCKS, *card):
            index.block(block)
        links = index.index(table)
        compare = rl.Compare()
        for name in ("given", "family", "address", "city"):
            compare.string(name, name, method="jarowinkler", threshold=0.85)
        for name in ("birth_date", "postcode", *card):
            compare.exact(name, name)
        found = rl.ECMClassifier().fit_predict(compare.compute(links, table))
    return {tuple(sorted(pair)) for pair in found}


JUDGES = (("Splink", splink_finds), ("recordlinkage", recordlinkage_finds))
