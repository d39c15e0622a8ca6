"""Everybody as tables of DuckDB, and who is compared with whom: a million in seconds.

The same kinds of keys as in `candidate_pairs`, said in SQL, see there; a test holds the two against
each other. DuckDB comes with the extra `linkage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from central.identity.candidate_pairs import BLOCK_MAX, STREET_WORD_MIN, sound
from central.identity.candidate_records import BETWEEN, Told, may_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WORDS = (
    r"list_filter(string_split(regexp_replace({0}, '[^\p{{L}}\p{{N}}]+', ' ', 'g'), ' '), "
    "lambda word: word <> '')"
)
PORTION = 100_000
"""Records laid out at once: between two, those who read them have the processor to themselves."""
_JOINED = "array_to_string({0}, '')"
_DIGITS = "array_to_string(list_sort(string_split({0}, '')), '')"
_ARRIVED = f"CREATE TABLE arrived ({', '.join(f'{field} VARCHAR' for field in Told._fields)})"
_TOLD = f"""
CREATE TABLE told AS
SELECT * EXCLUDE (said), hash(said, row_number() OVER (PARTITION BY said)) AS id FROM (
    SELECT *, hash({", ".join(Told._fields[1:])}) AS said FROM arrived
);
DROP TABLE arrived
"""  # noqa: S608 - nothing but constants
"""Samples are drawn by these numbers. They follow from what is said and not from an id: the same
people are judged alike wherever they were met, and by night as the night before.
"""
_PERSON = f"""
CREATE TABLE worded AS SELECT
    id, birth_date,
    {_WORDS.format("name")} AS names,
    {_JOINED.format(_WORDS.format("postcode"))} AS postcode,
    {_WORDS.format("street")} AS streets,
    {_JOINED.format(_WORDS.format("city"))} AS city
FROM told;
CREATE TABLE means AS
SELECT id, means FROM (SELECT id, unnest(string_split(reached, '{BETWEEN}')) AS means FROM told)
WHERE means <> ''
"""  # noqa: S608 - nothing but constants
_SHARED = "SELECT means FROM means GROUP BY means HAVING count(*) > 1"
_ALL_WORDS = """
SELECT DISTINCT word FROM (
    SELECT unnest(names) AS word FROM worded UNION ALL SELECT unnest(streets) FROM worded
) WHERE length(word) > 1
"""
_PARTS = f"""
CREATE TABLE sounding AS SELECT DISTINCT id, sound
    FROM (SELECT id, unnest(names) AS word FROM worded) JOIN sounds USING (word);
CREATE TABLE living AS SELECT DISTINCT id, sound AS street
    FROM (SELECT id, unnest(streets) AS word FROM worded) JOIN sounds USING (word)
    WHERE length(word) >= {STREET_WORD_MIN};
CREATE TABLE born AS SELECT id, {_DIGITS.format("birth_date")} AS born
    FROM worded WHERE birth_date <> '';
CREATE TABLE located AS SELECT DISTINCT id, place FROM (
    SELECT id, {_DIGITS.format("postcode")} AS place FROM worded UNION SELECT id, city FROM worded
) WHERE place <> '';
CREATE TABLE housed AS SELECT
    id, {_JOINED.format("streets")} AS home,
    list_filter(streets, lambda word: regexp_full_match(word, '\\d+'))[1] AS number
FROM worded WHERE len(streets) > 0
"""  # noqa: S608
KINDS = (
    "SELECT id, hash(born, place) AS key FROM born JOIN located USING (id)",
    "SELECT id, hash(born, sound) AS key FROM born JOIN sounding USING (id)",
    "SELECT id, hash(born, street) AS key FROM born JOIN living USING (id)",
    "SELECT id, hash(sound, place) AS key FROM sounding JOIN located USING (id)",
    "SELECT id, hash(sound, street) AS key FROM sounding JOIN living USING (id)",
    """SELECT one.id, hash(one.sound, two.sound) AS key FROM sounding one
    JOIN sounding two ON one.id = two.id AND one.sound < two.sound""",
    "SELECT id, hash(place, home) AS key FROM located JOIN housed USING (id)",
    """SELECT id, hash(place, street, number) AS key FROM located JOIN living USING (id)
    JOIN housed USING (id) WHERE number IS NOT NULL""",
    "SELECT id, hash(means) AS key FROM means",
)
_PAIRS = f"""
CREATE OR REPLACE TEMP TABLE keyed AS {{kind}};
CREATE OR REPLACE TEMP TABLE blocks AS
    SELECT key FROM keyed GROUP BY key HAVING count(*) BETWEEN 2 AND {BLOCK_MAX};
CREATE OR REPLACE TEMP TABLE blocked AS SELECT * FROM keyed SEMI JOIN blocks USING (key);
INSERT INTO found
    SELECT one.id, two.id FROM blocked one JOIN blocked two ON one.key = two.key AND one.id < two.id
"""  # noqa: S608
_COMPARED = """
CREATE TABLE compared AS SELECT DISTINCT '0' AS match_key, join_key_l, join_key_r FROM found;
DROP TABLE found
"""
_STREETS = "nullif(array_to_string(list_filter(streets, lambda word: {0}), ' '), '')"
_NUMBERED = r"regexp_matches(word, '^\d')"
_COLUMNS = f"""
CREATE TABLE person AS SELECT
    id AS unique_id,
    CASE WHEN len(names) > 1 THEN names[1] END AS given,
    names[-1] AS family,
    nullif(birth_date, '') AS birth_date,
    nullif(postcode, '') AS postcode,
    {_STREETS.format(f"NOT {_NUMBERED}")} AS street,
    {_STREETS.format(_NUMBERED)} AS number,
    nullif(city, '') AS city,
    email, phone, card
FROM worded LEFT JOIN (
    SELECT
        id,
        min(means) FILTER (starts_with(means, 'email:')) AS email,
        min(means) FILTER (starts_with(means, 'phone:')) AS phone,
        min(split_part(means, ':', 2)) FILTER (starts_with(means, 'loyalty_card:')) AS card
    FROM means GROUP BY id
) USING (id)
"""  # noqa: S608 - nothing but constants


def laid_out(everybody: Iterable[Told]) -> DuckDBPyConnection:
    """Make the tables of some people, in memory, all cores at hand.

    `told` holds them, numbered by `id`; `person` a column for each thing that is compared, NULL
    where nothing is known; `compared` the pairs, as Splink takes them.
    """
    import duckdb

    base = duckdb.connect()
    base.execute("SET preserve_insertion_order = false")
    base.execute(_ARRIVED)
    for table in _portions(everybody):
        base.register("portion", table)
        base.execute("INSERT INTO arrived SELECT * FROM portion")
    base.execute(_TOLD)
    base.execute(_PERSON)
    _forget_placeholders(base)
    _pair(base)
    base.execute(_COLUMNS)
    return base


def _portions(everybody: Iterable[Told]) -> Iterator[object]:
    import pyarrow as pa

    rest = iter(everybody)
    while some := list(islice(rest, PORTION)):
        columns = [pa.array(column, pa.string()) for column in zip(*some, strict=True)]
        yield pa.table(columns, list(Told._fields))


def _forget_placeholders(base: DuckDBPyConnection) -> None:
    """Take out what was typed to fill a field; what nobody shares with anybody does no harm."""
    shared = [means for (means,) in base.execute(_SHARED).fetchall()]
    blank = [means for means in shared if not may_name(means)]
    base.execute("DELETE FROM means WHERE list_contains(?, means)", [blank])


def _pair(base: DuckDBPyConnection) -> None:
    import pyarrow as pa

    words = [word for (word,) in base.execute(_ALL_WORDS).fetchall()]
    base.register("sounds", pa.table({"word": words, "sound": [sound(each) for each in words]}))
    base.execute(_PARTS)
    base.execute("CREATE TABLE found (join_key_l UBIGINT, join_key_r UBIGINT)")
    for kind in KINDS:
        base.execute(_PAIRS.format(kind=kind))
    base.execute(_COMPARED)
