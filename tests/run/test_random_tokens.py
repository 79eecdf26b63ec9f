"""Token ids through the whole house: no text anywhere, and recovered bits never beyond what was drawn."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from cramboard.methods import constant, cram
from cramboard.methods.interface import MethodKind
from cramboard.results import summarise
from cramboard.run import RunFolder
from cramboard.schema import SampleRecord
from tests.run.commands import contents, cramboard, evaluate, lines, status

# What the tiny decoder's ordinary tokens carry: 256 bytes less the 13 that UTF-8 never has.
TOKEN_BITS = math.log2(243)


@pytest.fixture(scope="module")
def drawn(short_folder: Path, common_cache: Path, one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two samples of random tokens; look at it and leave it as it is."""
    folder = tmp_path_factory.mktemp("runs") / "drawn"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAMBOARD_CACHE", str(common_cache))
        ended = evaluate(short_folder, folder, "-t", "random-tokens", "--limit", 2, "--set", "steps=100")
    assert (ended.code, ended.err) == (0, "")
    return folder


def records(folder: Path) -> list[SampleRecord]:
    found = RunFolder(folder).records()
    assert any(record.horizon for record in found)
    return found


def test_tokens_without_text_are_measured_but_for_their_bytes(drawn: Path) -> None:
    for record in records(drawn):
        assert record.bytes is None
        assert record.marks.ends is None
        assert len(record.marks.margins) == len(record.marks.bits) > 0
        assert [row.length for row in record.lengths] == [64, 128]  # its context is 200
    summary = json.loads((drawn / "summary.json").read_text())
    assert "bytes_per_vector" not in summary["measures"]
    assert summary["measures"]["source_bits"]["mean"] > 0


def test_recovered_bits_are_capped_by_the_source_entropy(drawn: Path) -> None:
    for record in records(drawn):
        surprisal = math.fsum(record.marks.bits[: record.horizon])
        assert record.source_bits == pytest.approx(record.horizon * TOKEN_BITS, abs=1e-4)
        assert record.recovered_bits == pytest.approx(min(surprisal, record.source_bits), abs=0.01)
        # Random weights expect nothing of what comes: over many tokens they spend more than was drawn.
        assert math.fsum(record.marks.bits) > len(record.marks.bits) * TOKEN_BITS
        assert record.density == pytest.approx(record.recovered_bits / (2 * 64), abs=1e-5)


def test_it_is_verified_shown_and_resumed_like_any_other(drawn: Path, short_folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(drawn, tmp_path / "copy"))
    ended = cramboard("verify", copy, "-d", short_folder, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["verification"]["identical"] == 2
    assert status(copy)["complete"]
    assert cramboard("view", copy).code == 0
    page = (copy / "view.html").read_text()
    assert "</strong> random tokens each, on average</h1>" in page
    assert "make no text; each block is one token" in page
    again = evaluate(short_folder, copy, "-t", "random-tokens", "--limit", 2, "--set", "steps=100")
    assert again.err == "2 of 2 samples are finished already and kept\n"


@pytest.mark.parametrize("claimed", [None, 1e6])
def test_a_record_that_claims_another_source_entropy_is_not_confirmed(
    drawn: Path, short_folder: Path, tmp_path: Path, claimed: float | None
) -> None:
    copy = Path(shutil.copytree(drawn, tmp_path / "copy"))
    forged = next(record for record in records(copy) if record.horizon)
    line = lines(copy)[forged.sample]
    data: dict[str, Any] = json.loads(line) | {"source_bits": claimed}
    path = copy / "samples.jsonl"
    path.write_text(path.read_text().replace(line, json.dumps(data, sort_keys=True, separators=(",", ":"))))
    run = RunFolder(copy)
    certificate = json.loads((copy / "certificate.json").read_text())["sha256"]
    run.write_summary(summarise(run.run(), run.records(), (), run.summary().verifier_version, certificate))
    assert cramboard("verify", copy, "-d", short_folder).err == f"not confirmed: {forged.sample}\n"


def test_words_are_worth_what_was_drawn_of_them_too(short_folder: Path, tmp_path: Path) -> None:
    ended = evaluate(short_folder, tmp_path / "run", "-t", "random-words", "--limit", 2, "--set", "steps=100")
    assert ended.code == 0
    assert "Source entropy of the prefix" in ended.out
    for record in records(tmp_path / "run"):
        assert record.source_bits is not None
        assert record.bytes == record.horizon  # a byte a token, ASCII
        assert record.recovered_bits <= record.source_bits
        assert 0 <= record.source_bits <= (record.horizon / 2 + 1) * math.log2(7_729)


def test_a_text_of_people_has_no_source_entropy(finished_run: Path) -> None:
    assert {record.source_bits for record in RunFolder(finished_run).records()} == {None}
    assert "source_bits" not in json.loads((finished_run / "summary.json").read_text())["measures"]


def test_a_span_beyond_the_sample_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    refused = evaluate(tiny_folder, tmp_path / "run", "-t", "random-tokens", "--limit", 1, "--span", 2049)
    refused.refused(3, "sample random-tokens-000: 2049 tokens are asked for, it has 2048")


def test_a_method_that_reads_text_is_refused(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = constant.METHOD
    monkeypatch.setattr(constant, "METHOD", MethodKind(kind.presets, kind.span, kind.make, needs_text=True))
    words = ("-d", short_folder, "-m", "constant", "--limit", 1, "--output-dir", tmp_path / "run")
    cramboard("evaluate", "-t", "random-tokens", *words).refused(
        2, "method constant reads plain text", "task random-tokens are token ids without text", "such as cram"
    )
    assert contents(tmp_path) == {}
    assert not cram.METHOD.needs_text
