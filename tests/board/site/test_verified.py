"""A badge says how often a result was confirmed, on what, and whether every measure or the horizons alone."""

import dataclasses
from pathlib import Path

import pytest

from cramboard.board.site import Tasks
from cramboard.board.site.details import _verification
from cramboard.board.site.read import read_result
from cramboard.board.site.tables import verified_cell
from tests.board.site import made


@pytest.mark.parametrize(
    ("scopes", "text", "words"),
    [
        ([], "✓", "measured by verify when it was made; no later verification yet"),
        (["all"], "✓ 1x", "every measure confirmed by 1 later verification, on cpu"),
        (["horizons"], "✓ 1x h", "every horizon, and no other measure, confirmed by 1 later verification, on cpu"),
        (["horizons", "all"], "✓ 2x", "every measure confirmed by 2 later verifications, on cpu"),
    ],
)
def test_the_badge_says_what_was_confirmed(tmp_path: Path, scopes: list[str], text: str, words: str) -> None:
    folder = made.result(tmp_path / "run", limit=2, confirmed=1)
    result = read_result(folder, "one", Tasks())
    (line,) = result.verifications
    changes = [
        {"scope": scope} | ({"largest_bits_difference_per_token": None} if scope == "horizons" else {})
        for scope in scopes
    ]
    lines = tuple(line.model_copy(update=change) for change in changes)
    cell = verified_cell(dataclasses.replace(result, verifications=lines))
    assert (cell.text, cell.title) == (text, words)
    shown = [_verification(one) for one in lines]
    assert [row[1] for row in shown] == [{"all": "every measure", "horizons": "horizons alone"}[s] for s in scopes]
    assert [row[-1] for row in shown] == ["4.7e-06" if scope == "all" else "" for scope in scopes]
