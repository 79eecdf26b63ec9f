"""`submit add --beside`: a sealed result is held against cramming's, and the gap stands beside it; nothing else does.

One tiny cramming run and one encoder on three public samples and on a sealed set of three, made once for all tests.
"""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from cramboard.certificate import load_certificate
from cramboard.keys import sha256_text
from cramboard.schema import SampleRecord, SealedGap, from_json, from_jsonl_file
from cramboard.tasks import load_task
from tests.run.commands import cramboard
from tests.submit.conftest import CODE, SPEC

CHEATS = Path(__file__).parents[1] / "cheats"
CRAM = {
    "name": "Cramming", "kind": "optimisation", "encoder": None, "method": "cram", "preset": "quick",
    "plans": [{"k": 1, "span": 24}, {"k": 2, "span": 24}],
}  # fmt: skip


@pytest.fixture(scope="module")
def made(short_folder: Path, common_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A clone with both submissions, a sealed set, and verified runs: public and sealed, of cram and of the encoder."""
    home = tmp_path_factory.mktemp("organiser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAMBOARD_CACHE", str(common_cache))
        for slug, changes in (("cram", CRAM), ("means", {"plans": [{"k": 2, "span": 24}]})):
            folder = home / "clone" / "submissions" / slug
            folder.mkdir(parents=True)
            spec = {name: value for name, value in (SPEC | changes).items() if value is not None}
            (folder / "submission.yaml").write_text(yaml.safe_dump(spec))
        (folder / "encoder.py").write_text(CODE)
        (home / "secret").write_text("correct horse battery staple, and so on")
        words = (
            "tasks",
            "seal",
            "speeches",
            "--name",
            "2027-1",
            "--samples",
            3,
            "--output-dir",
            home / "set",
            "--secret-file",
            home / "secret",
        )
        assert cramboard(*words).code == 0
        for slug in ("cram", "means"):
            for side, samples in (("public", ("--limit", 3)), ("sealed", ("--sealed", home / "set"))):
                run = home / f"{slug}-{side}"
                ended = cramboard(
                    "evaluate", "-t", "speeches", "-d", short_folder, "-m", home / "clone/submissions" / slug, "-k", 2,
                    "--span", 24, "--device", "cpu", "--output-dir", run, *samples,
                    *(("--unsandboxed",) if slug == "means" else ()),
                )  # fmt: skip
                assert (ended.code, ended.err) == (0, "")
                sealed = samples if side == "sealed" else ()
                assert cramboard("verify", run, "-d", short_folder, *sealed).code == 0
        yield SimpleNamespace(home=home, sealed=home / "set")


@pytest.fixture
def clone(made: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clone, with both public results and cram's sealed one filed; it is the current folder."""
    folder = Path(shutil.copytree(made.home / "clone", tmp_path / "clone"))
    monkeypatch.chdir(folder)
    for run in ("cram-public", "means-public"):
        assert cramboard("submit", "add", made.home / run).code == 0
    ended = cramboard("submit", "add", made.home / "cram-sealed", "--sealed", made.sealed)
    assert (ended.code, ended.err) == (0, "")
    return folder


def add(made: SimpleNamespace, run: str = "means-sealed", beside: str = "cram-sealed"):
    return cramboard("submit", "add", made.home / run, "--sealed", made.sealed, "--beside", made.home / beside)


def relative(run: Path, cram: Path) -> float:
    """Return the mean of log((h + 1) / (h_cram + 1)), by a loop of its own."""
    one, other = (
        {r.sample: r.horizon for r in from_jsonl_file(SampleRecord, folder / "samples.jsonl", "records")}
        for folder in (run, cram)
    )
    assert one.keys() == other.keys()
    return sum(math.log((one[sample] + 1) / (other[sample] + 1)) for sample in one) / len(one)


def test_the_gap_is_filed_beside_what_was_published_before_and_nothing_else(made, clone: Path) -> None:
    ended = add(made)
    assert (ended.code, ended.err) == (0, "")
    place = Path(ended.out.strip())
    assert {path.name for path in place.iterdir()} == {"run.json", "summary.json", "gap.json"}
    text = (place / "gap.json").read_text()
    gap = from_json(SealedGap, text, "gap.json")
    public = relative(made.home / "means-public", made.home / "cram-public")
    sealed = relative(made.home / "means-sealed", made.home / "cram-sealed")
    assert gap.public.mean == pytest.approx(public)
    assert gap.sealed.mean == pytest.approx(sealed)
    assert gap.gap.mean == pytest.approx(public - sealed)
    assert (gap.baseline, gap.public.samples, gap.sealed.samples) == ("cram", 3, 3)
    for side, which in ((gap.public, "public"), (gap.sealed, "sealed")):
        for run, said in (("means", side.samples_sha256), ("cram", side.cram_samples_sha256)):
            summary = json.loads((made.home / f"{run}-{which}" / "summary.json").read_text())
            assert said == summary["samples_sha256"]
    assert not gap.flagged
    # Of the private set it names nothing.
    private = json.loads((made.sealed / "sealed.json").read_text())
    for line in private["samples"]:
        for field in ("origin", "author", "sha256"):
            assert line[field] not in text
    assert private["secret"] not in text
    assert add(made).code == 0
    assert (place / "gap.json").read_text() == text


def test_an_encoder_that_memorised_the_public_samples_is_flagged(
    made, clone: Path, short_folder: Path, tmp_path: Path
) -> None:
    """The cheat holds cram's own vectors for the public texts, under their hashes; every check but this one is met."""
    files = load_certificate(made.home / "cram-public")
    texts = {sample.id: sample.text or "" for sample in load_task("speeches").samples("public", limit=3)}
    held = {
        sha256_text(texts[entry.sample][:24]): files.of(entry).flatten().tolist() for entry in files.certificate.entries
    }
    folder = clone / "submissions" / "memorised"
    shutil.copytree(CHEATS / "memorised-the-samples", folder)
    (folder / "table.json").write_text(json.dumps(held))
    (folder / "submission.yaml").write_text(yaml.safe_dump(SPEC | {"plans": [{"k": 2, "span": 24}]}))
    for side, samples in (("public", ("--limit", 3)), ("sealed", ("--sealed", made.sealed))):
        words = ("-t", "speeches", "-d", short_folder, "-m", folder, "-k", 2, "--span", 24, "--device", "cpu")
        run = tmp_path / side
        assert cramboard("evaluate", *words, "--unsandboxed", "--output-dir", run, *samples).code == 0
        sealed = samples if side == "sealed" else ()
        assert cramboard("verify", run, "-d", short_folder, *sealed).code == 0
        beside = (*sealed, "--beside", made.home / "cram-sealed") if sealed else ()
        filed = cramboard("submit", "add", run, *beside)
        assert (filed.code, filed.err) == (0, "")
    gap = from_json(SealedGap, (Path(filed.out.strip()) / "gap.json").read_text(), "gap.json")
    assert gap.public.mean == pytest.approx(0)
    assert gap.gap.low > math.log(5)
    assert gap.flagged
    assert cramboard("leaderboard", "build", "--submissions", folder.parent, "-o", tmp_path / "site").code == 0
    assert " flagged</small>" in (tmp_path / "site/submissions/memorised.html").read_text()


def test_the_board_takes_a_gap_that_was_filed(made, clone: Path, tmp_path: Path) -> None:
    assert add(made).code == 0
    ended = cramboard("leaderboard", "build", "--submissions", clone / "submissions", "-o", tmp_path / "site")
    assert (ended.code, ended.err) == (0, "")
    page = (tmp_path / "site/submissions/means.html").read_text()
    assert "x <small>" in page


def test_without_a_baseline_it_is_filed_without_a_gap_and_says_so(made, clone: Path) -> None:
    assert add(made).code == 0
    ended = cramboard("submit", "add", made.home / "means-sealed", "--sealed", made.sealed)
    assert ended.code == 0
    assert "filed without a gap" in ended.err
    assert "--beside" in ended.err
    # The result is replaced whole: a gap that was there before is not left beside another result.
    assert {path.name for path in Path(ended.out.strip()).iterdir()} == {"run.json", "summary.json"}


def test_a_gap_wants_the_public_result_and_the_baseline_on_the_board(made, clone: Path) -> None:
    results = clone / "submissions/means/results/speeches/short"
    shutil.move(results / "k2-span24-first3", clone / "away")
    add(made).refused(3, "no public result of means with k = 2", "file it first")
    shutil.move(clone / "away", results / "k2-span24-first3")
    shutil.rmtree(clone / "submissions/cram/results/speeches/short/k2-span24-first3")
    add(made).refused(3, "no public result of cram with k = 2")
    [filed] = (clone / "submissions/cram/results/speeches/short").iterdir()
    shutil.rmtree(filed)
    add(made).refused(3, "cram-sealed: not filed; run first: cramboard submit add")
    assert [path.name for path in results.iterdir()] == ["k2-span24-first3"]


def test_what_cannot_be_held_against_each_other_is_refused(made, clone: Path, tmp_path: Path) -> None:
    add(made, beside="means-sealed").refused(3, "made by means; give --beside a run of cram")
    add(made, run="cram-sealed").refused(2, "is of cram too; leave --beside out")
    cramboard("submit", "add", made.home / "means-public", "--beside", made.home / "cram-sealed").refused(
        2, "--beside is for runs on a sealed set"
    )
    add(made, beside="cram-public").refused(3, "a run on the public samples")


def test_a_baseline_of_another_k_or_another_set_is_refused(made, clone: Path, short_folder: Path, tmp_path: Path):
    run = tmp_path / "run"
    words = ("-t", "speeches", "-d", short_folder, "-m", clone / "submissions/cram", "--span", 24, "--device", "cpu")
    ended = cramboard("evaluate", *words, "-k", 1, "--sealed", made.sealed, "--output-dir", run)
    assert ended.code == 0
    assert cramboard("verify", run, "-d", short_folder, "--sealed", made.sealed).code == 0
    assert cramboard("submit", "add", run, "--sealed", made.sealed).code == 0
    refused = cramboard("submit", "add", made.home / "means-sealed", "--sealed", made.sealed, "--beside", run)
    refused.refused(3, "field k: not that of", "on the same set, decoder, k and samples")
    other = tmp_path / "other"
    assert cramboard("tasks", "seal", "speeches", "--name", "2027-2", "--samples", 3, "--output-dir", other).code == 0
    cramboard("submit", "add", made.home / "means-sealed", "--sealed", other, "--beside", run).refused(3, "sealed")
