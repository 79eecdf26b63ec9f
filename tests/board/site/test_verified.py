"""A badge says how often a result was confirmed, on what, and whether every measure or the horizons alone."""

import dataclasses
from pathlib import Path

import pytest

from cramboard.board.site import Tasks
from cramboard.board.site.details import _verification
from cramboard.board.site.read import read_result
from cramboard.board.site.tables import verified_cell
from cramboard.errors import InputError
from cramboard.schema import to_jsonl
from tests.board.site import made


@pytest.mark.parametrize(
    ("scopes", "text", "note", "words"),
    [
        ([], "✓ measured", "", "measured by verify when it was made; no later verification yet"),
        (["all"], "✓ confirmed", "all", "every measure confirmed by 1 later verification, on cpu"),
        (
            ["horizons"],
            "✓ confirmed",
            "horizons",
            "every horizon, and no other measure, confirmed by 1 later verification, on cpu",
        ),
        (
            ["horizons", "all"],
            "✓ confirmed",
            "all, 2 times",
            "every measure confirmed by 2 later verifications, on cpu",
        ),
    ],
)
def test_the_badge_says_what_was_confirmed(tmp_path: Path, scopes: list[str], text: str, note: str, words: str) -> None:
    folder = made.result(tmp_path / "run", limit=2, confirmed=1)
    result = read_result(folder, "one", Tasks())
    (line,) = result.verifications
    changes = [
        {"scope": scope} | ({"largest_bits_difference_per_token": None} if scope == "horizons" else {})
        for scope in scopes
    ]
    lines = tuple(line.model_copy(update=change) for change in changes)
    cell = verified_cell(dataclasses.replace(result, verifications=lines))
    assert (cell.text, cell.note, cell.title) == (text, note, words)
    shown = [_verification(one) for one in lines]
    assert [row[1] for row in shown] == [{"all": "every measure", "horizons": "horizons alone"}[s] for s in scopes]
    assert [row[-1] for row in shown] == ["4.7e-06" if scope == "all" else "" for scope in scopes]


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": 0, "confirmed": 0, "identical": 0},
        {"samples": 1, "confirmed": 1},
        {"confirmed": 1},
        {"unconfirmed": ("1894-cleveland-1",)},
    ],
)
def test_a_verification_of_fewer_samples_earns_no_badge(tmp_path: Path, changes: dict[str, object]) -> None:
    folder = made.result(tmp_path / "run", limit=2, confirmed=1)
    (line,) = read_result(folder, "one", Tasks()).verifications
    (folder / "verifications.jsonl").write_text(to_jsonl([line.model_copy(update=changes)]))
    with pytest.raises(InputError, match=r"verifications\.jsonl: field confirmed: not of the 2 certified samples"):
        read_result(folder, "one", Tasks())


@pytest.mark.parametrize("changes", [{"certificate_sha256": "0" * 64}, {"verifier_version": 1}])
def test_a_verification_of_other_vectors_or_by_another_verifier_earns_no_badge(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    result = read_result(made.result(tmp_path / "run", limit=2, confirmed=1), "one", Tasks())
    lines = tuple(line.model_copy(update=changes) for line in result.verifications)
    assert verified_cell(result).text == "✓ confirmed"
    assert verified_cell(dataclasses.replace(result, verifications=lines)).text == "✓ measured"


def test_ten_thousand_verifications_are_counted_and_four_devices_named(tmp_path: Path) -> None:
    result = read_result(made.result(tmp_path / "run", limit=2, confirmed=1), "one", Tasks())
    (line,) = result.verifications
    lines = tuple(line.model_copy(update={"device": f"device {at:05}"}) for at in range(10_000))
    cell = verified_cell(dataclasses.replace(result, verifications=lines))
    assert cell.note == "all, 10000 times"
    assert cell.title.endswith("device 00002, device 00003 and others")
