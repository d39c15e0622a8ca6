"""A piece of the filter, as the feed brings it, is one that a filter has, or is refused."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.replica import Refused, piece_of, place_of
from agent.core.exchange.wire import FeedItem, FilterPiece
from agent.core.privacy.bloom import PIECE_BYTES, PIECES_MAX

PIECE = FilterPiece(1, bytes(PIECE_BYTES))


def change(piece):
    return FeedItem(1, "filter:3-1", 1, "put", msgspec.Raw(msgspec.json.encode(piece)))


def test_a_piece_is_read_as_it_was_built():
    """Wrong: a till asks other bits than HQ has set, and enrols a customer of the chain again."""
    assert piece_of("3-1", change(PIECE)) == PIECE


def test_a_piece_of_another_size_is_refused():
    """Wrong: a look-up reads behind the end of it, and no customer is found any more."""
    with pytest.raises(Refused, match="has not 4000 bytes"):
        piece_of("3-1", change(FilterPiece(1, PIECE.bits[1:])))


@pytest.mark.parametrize("name", ["", "3", "3-", "-1", "3-x", "a-1", "3--1", "٣-1"])
def test_a_key_that_names_no_piece_is_refused(name):
    """Wrong: a piece lies where nobody looks for it, or the whole page is given up."""
    with pytest.raises(Refused, match="names no piece"):
        place_of(name)


@pytest.mark.parametrize("name", ["3-3", "0-0", f"{PIECES_MAX + 1}-0"])
def test_a_key_of_a_piece_that_no_filter_has_is_refused(name):
    """Wrong: two pieces fall on one place in the till's file."""
    with pytest.raises(Refused, match="no filter has"):
        place_of(name)
