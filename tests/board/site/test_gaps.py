"""The gap beside a sealed result: shown with its interval and a word, and never believed where it can be computed."""

import csv
import io
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cramboard.board.site import Around, Found, Tasks, build_site, read_submissions
from cramboard.board.site.gapwords import FLAG
from cramboard.schema import BoardResults, SealedGap, from_json
from tests.board.site import made
from tests.board.site.test_site import TABLE, body, rows_of

PLACE = f"results/speeches/{made.SMOLLM}/k1-first6-sealed-1a2b3c4d"
METHOD: dict[str, Any] = {"method": {"name": "one", "settings": {}}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cramming baseline and an encoder that knew the public samples, both with a sealed result."""
    root = tmp_path_factory.mktemp("gaps") / "submissions"
    cram = made.submission(root, "cram")
    made.add(cram, limit=6, mean=60)
    one = made.submission(root, "one", name="One", kind="encoder", method=None, encoder={})
    made.add(one, limit=6, mean=50, draws=3, **METHOD)
    made.add_sealed(one, cram, mean=2, draws=4, limit=6, **METHOD)
    return root


def gap_of(found: Found, slug: str) -> SealedGap | None:
    [submission] = [s for s in found.submissions if s.slug == slug]
    [result] = [r for r in submission.results if r.sealed]
    return result.gap


def test_a_gap_is_a_factor_with_its_interval_and_a_word_where_it_is_flagged(pages: dict[str, str], found: Found):
    memory, tiny = gap_of(found, "memory"), gap_of(found, "tiny-encoder")
    assert memory is not None
    assert tiny is not None
    assert (memory.flagged, tiny.flagged) == (True, False)
    [row] = rows_of(pages[TABLE], "Memory encoder")
    shown = [math.exp(value) for value in (memory.gap.mean, memory.gap.low, memory.gap.high)]
    assert min(shown) > 10
    words = "{:.1f}x <small>{:.1f} to {:.1f} flagged</small>".format(*shown)
    assert words in row.replace("\N{NO-BREAK SPACE}", " ")
    assert f"<small>{FLAG}</small>" in row
    assert 'on 50 sealed samples">' in row
    [row] = rows_of(pages[TABLE], "Tiny encoder")
    assert f">{math.exp(tiny.gap.mean):.2f}x <small>" in row
    assert "flagged" not in row
    assert FLAG not in row


def test_cramming_itself_needs_no_gap(pages: dict[str, str]):
    row = rows_of(pages[TABLE], "Cramming, standard")[0]
    assert 'on 50 sealed samples">' in row
    assert not re.search(r"\dx <small>", row)


def test_the_pages_of_a_result_show_both_sides_and_say_what_they_were_measured_from(pages: dict[str, str]):
    for name in ("k1", "k1-sealed-1a2b3c4d"):
        words = body(pages, f"results/memory/speeches/{made.SMOLLM}/{name}.html")
        assert "Public and sealed" in words
        assert re.search(r"On 50 public samples [\d.]+ \[", words)
        assert re.search(r"On 50 sealed samples [\d.]+ \[", words)
        assert f"Flagged yes: {FLAG}" in words
        assert "Held against submissions/cram" in words
        assert re.search(r"Public samples of both 50, by \d\d authors", words)
    assert "Gap not measured" in body(pages, f"results/cram/speeches/{made.SMOLLM}/k1-sealed-1a2b3c4d.html")
    assert "How it is measured" in body(pages, "submissions/memory.html")
    assert 'id="public-sealed-gap"' in pages["measures.html"]


def test_the_downloads_have_the_gap(site: dict[str, bytes], found: Found, tmp_path: Path):
    gap = gap_of(found, "memory")
    assert gap is not None
    results = from_json(BoardResults, site["data/results.json"].decode(), "results.json").results
    assert [r.sealed_gap for r in results if r.submission == "memory"] == [gap, None]
    rows = [row for row in csv.DictReader(io.StringIO(site["data/leaderboard.csv"].decode()))]
    [row] = [r for r in rows if (r["submission"], r["split"]) == ("memory", "public")]
    assert (float(row["sealed_gap"]), row["sealed_gap_flagged"]) == (gap.gap.mean, "True")
    assert {r["sealed_gap"] for r in rows if r["submission"] == "cram"} == {""}
    (tmp_path / "results.parquet").write_bytes(site["data/results.parquet"])
    table = pq.read_table(tmp_path / "results.parquet").to_pylist()
    mine = {
        (r["sealed_gap"], r["sealed_gap_low"], r["sealed_gap_flagged"]) for r in table if r["submission"] == "memory"
    }
    assert mine == {(gap.gap.mean, gap.gap.low, True)}


def test_of_two_sealed_sets_the_newer_run_stands_beside_the_public_result(around: Around, whole: Path, tmp_path: Path):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    made.result(
        root / "one/results/speeches" / made.SMOLLM / "k1-sealed-00000000", split="sealed", mean=900, limit=6,
        started="2027-01-01T00:00:00Z", **METHOD,
    )  # fmt: skip
    found = read_submissions(root, Tasks())
    assert found.broken == ()
    [row] = rows_of(build_site(found.submissions, Tasks(), around)[TABLE].decode(), "One")
    held = float(re.search(r'on 6 sealed samples">([\d.]+)<', row)[1])
    assert held > 200
    assert FLAG not in row


def edited(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = root / "one" / PLACE / "gap.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def gone(root: Path, name: str) -> None:
    shutil.rmtree(root / "cram" / "results" / "speeches" / made.SMOLLM / name)


def shifted(data: dict[str, Any], by: float) -> None:
    """Move the sealed side, and all that follows from it: nothing but the public side shows it."""
    data["public"]["mean"] += by
    for part in ("mean", "low", "high"):
        data["gap"][part] += by


BREAKS: dict[str, Callable[[Path], object]] = {
    "not valid JSON": lambda root: (root / "one" / PLACE / "gap.json").write_text("{"),
    "larger than 64 KiB": lambda root: (root / "one" / PLACE / "gap.json").write_text(" " * 70_000),
    "there is no such file": lambda root: [
        (root / "one" / PLACE / "gap.json").rename(root / "gap.json"),
        (root / "one" / PLACE / "gap.json").symlink_to(root / "gap.json"),
    ],
    "field baseline: expected a name": lambda root: edited(root, lambda d: d.update(baseline="<b>")),
    "unknown field note": lambda root: edited(root, lambda d: d.update(note="hello")),
    "field baseline: one is no other submission": lambda root: edited(root, lambda d: d.update(baseline="one")),
    "field baseline: nobody is no other": lambda root: edited(root, lambda d: d.update(baseline="nobody")),
    "field sealed: not measured from the result beside it": lambda root: edited(
        root, lambda d: d["sealed"].update(samples_sha256="0" * 64)
    ),
    "field sealed: no result of cram on the same set": lambda root: gone(root, "k1-first6-sealed-1a2b3c4d"),
    "field public.samples_sha256: no public result of one": lambda root: edited(
        root, lambda d: d["public"].update(samples_sha256="0" * 64)
    ),
    "field public.cram_samples_sha256: no public result of cram": lambda root: gone(root, "k1-first6"),
    "field public: not what the public records give": lambda root: edited(root, lambda d: shifted(d, -2.0)),
    "field public: not what": lambda root: edited(root, lambda d: d["public"].update(authors=40)),
    "field gap: not the public mean less": lambda root: edited(root, lambda d: d["gap"].update(mean=0.1, low=0.05)),
    "field gap: its mean is not in its interval": lambda root: edited(
        root, lambda d: d["gap"].update(low=d["gap"]["high"], high=d["gap"]["low"])
    ),
    "field flagged: not what its interval says": lambda root: edited(root, lambda d: d.update(flagged=False)),
    "field verifier_version": lambda root: edited(root, lambda d: d.update(verifier_version=1)),
    "a number that no measurement gives": lambda root: edited(
        root, lambda d: [d["sealed"].update(mean=-1e9), d["gap"].update(mean=d["public"]["mean"] + 1e9, high=1e300)]
    ),
    "schema version 2 is newer": lambda root: edited(root, lambda d: d.update(schema_version=2)),
}


@pytest.mark.parametrize("says", BREAKS)
def test_a_gap_that_does_not_belong_is_named_and_left_out(whole: Path, tmp_path: Path, says: str):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    assert read_submissions(root, Tasks()).broken == ()
    BREAKS[says](root)
    found = read_submissions(root, Tasks())
    assert len(found.broken) == 1
    assert f"{PLACE}/gap.json: " in found.broken[0]
    assert says in found.broken[0]
    assert "\n" not in found.broken[0]
    assert gap_of(found, "one") is None


def test_a_gap_that_hides_in_its_interval_is_not_shown_as_flagged(whole: Path, tmp_path: Path, around: Around):
    """The largest interval that is let through: nothing overflows, and the row says that it is no flag."""
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    edited(root, lambda d: [d["gap"].update(low=-32.0, high=32.0), d.update(flagged=False)])
    found = read_submissions(root, Tasks())
    assert found.broken == ()
    [row] = rows_of(build_site(found.submissions, Tasks(), around)[TABLE].decode(), "One")
    assert "flagged" not in row
