"""What is broken is named in one line, left out, and fails the build unless that is allowed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cramboard.board.site import Tasks, read_submissions
from cramboard.cli import entry
from tests.board.site import made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    made.result(made.filed(made.submission(root, "one")), limit=4, confirmed=1)
    return root


def edited(path: Path, change: Callable[[dict], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def other_samples(path: Path) -> None:
    path.write_text(path.read_text().replace('"horizon":', '"horizon": ', 1))


BREAKS = {
    "summary.json: field measures: density is missing": lambda p: edited(
        p / "summary.json", lambda d: d["measures"].pop("density")
    ),
    "summary.json: field ranked": lambda p: edited(p / "run.json", lambda d: d.update(ranked=False)),
    "summary.json: field k: not that of": lambda p: edited(p / "run.json", lambda d: d.update(k=2)),
    "samples.jsonl: not the records": lambda p: other_samples(p / "samples.jsonl"),
    "samples.jsonl: there is no such file": lambda p: (p / "samples.jsonl").unlink(),
    "run.json: not valid JSON": lambda p: (p / "run.json").write_text("{"),
    "run.json: unknown field extra": lambda p: edited(p / "run.json", lambda d: d.update(extra=1)),
    "holds k1, which its name does not say": lambda p: p.rename(p.with_name("k3")),
    "k1-seed4: holds k1, which its name": lambda p: p.rename(p.with_name("k1-seed4")),
    "run.json: a number that no measurement gives": lambda p: [
        edited(p / name, lambda d: d.update(seed=10**400)) for name in ("run.json", "summary.json")
    ],
    "run.json: field units: encode_seconds is below 0": lambda p: edited(
        p / "run.json", lambda d: d["units"][0].update(encode_seconds=-1.0)
    ),
    "samples.jsonl line 1: field span: expected at most 1000000000000000": lambda p: (p / "samples.jsonl").write_text(
        (p / "samples.jsonl").read_text().replace('"span":256', '"span":1' + "0" * 30, 1)
    ),
    "field subset: 'speeches' is not what its samples are": lambda p: [
        edited(p / name, lambda d: d.update(subset="speeches")) for name in ("run.json", "summary.json")
    ],
}


@pytest.mark.parametrize("says", BREAKS)
def test_a_broken_result_is_named_and_left_out(whole: Path, tmp_path: Path, says: str):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    made.add(made.submission(root, "two"), limit=2)
    BREAKS[says](made.filed(root / "one"))
    found = read_submissions(root, Tasks())
    assert len(found.broken) == 1
    assert says in found.broken[0]
    assert "\n" not in found.broken[0]
    assert [len(submission.results) for submission in found.submissions] == [0, 1]


FORGERIES: dict[str, Callable[[dict], object]] = {
    "measures.tokens_per_vector.mean": lambda d: d["measures"]["tokens_per_vector"].update(mean=900.0, high=950.0),
    "measures.bytes_per_vector": lambda d: d["measures"].pop("bytes_per_vector"),
    "measures.tokens_per_vector.low": lambda d: d["measures"]["tokens_per_vector"].update(
        low=d["measures"]["tokens_per_vector"]["mean"] - 0.1
    ),
    "measures.density.high": lambda d: d["measures"]["density"].update(high=1.0),
    "measures.recovered_bits.at_least": lambda d: d["measures"]["recovered_bits"].update(at_least=True),
    "measures.genius": lambda d: d["measures"].update(genius=d["measures"]["density"]),
    "lengths.64.accuracy.mean": lambda d: d["lengths"]["64"]["accuracy"].update(mean=1.0, high=1.0),
    "lengths.128.utilisation.mean": lambda d: d["lengths"]["128"]["utilisation"].update(mean=0.9, high=0.9),
    "lengths.4096": lambda d: d["lengths"].update({"4096": d["lengths"]["2048"]}),
    "stored.int4.mean": lambda d: d["stored"]["int4"].update(mean=60.0, high=60.0),
    "stored.int4": lambda d: d["stored"].pop("int4"),
    "censored": lambda d: d.update(censored=1),
    "self_limited": lambda d: d.update(self_limited=2),
    "greedy_confirmed": lambda d: d.update(greedy_confirmed=0),
}


@pytest.mark.parametrize("field", FORGERIES)
def test_a_number_that_the_records_do_not_give_is_named(whole: Path, tmp_path: Path, field: str):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    path = made.filed(root / "one") / "summary.json"
    edited(path, FORGERIES[field])
    said = f"{path}: field {field}: not what the records give; verify the run again"
    assert read_submissions(root, Tasks()).broken == (said,)


@pytest.mark.parametrize(
    ("failures", "says"),
    [
        ([{"sample": "1866-johnson-1", "reason": "lost"}], "1866-johnson-1' has a result as well"),
        ([{"sample": "nobody", "reason": "lost"}], "sample 'nobody' is not in run.json"),
    ],
)
def test_a_failure_that_the_run_does_not_have_is_named(
    whole: Path, tmp_path: Path, failures: list[dict[str, str]], says: str
):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    place = made.filed(root / "one")
    (place / "verifications.jsonl").unlink()
    edited(place / "summary.json", lambda d: d.update(failures=failures))
    [said] = read_submissions(root, Tasks()).broken
    assert said.startswith(f"{place}: failures: ")
    assert says in said


def test_means_of_another_machine_are_taken(whole: Path, tmp_path: Path):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))

    def rounded(data: dict) -> None:
        for interval in (*data["measures"].values(), *data["stored"].values()):
            interval.update({name: interval[name] * (1 + 1e-13) for name in ("mean", "low", "high")})

    edited(made.filed(root / "one") / "summary.json", rounded)
    assert read_submissions(root, Tasks()).broken == ()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("one", "name: " + "x" * 10_000_000, "larger than 64 KiB"),
        ("one", "name: " + "x" * 500, "at most 120 characters"),
        ("one", "[" * 5000, "not valid YAML"),
        ("one", 'name: "\\U00110000"', "not valid YAML at line 1"),
        ("one", "!!map [1]", "not valid YAML at line 1"),
        ("Über uns", "name: x", "small letters, digits and hyphens"),
    ],
)
def test_a_broken_submission_is_named_and_left_out(tmp_path: Path, name: str, content: str, says: str):
    place = tmp_path / name
    place.mkdir()
    (place / "submission.yaml").write_text(content)
    found = read_submissions(tmp_path, Tasks())
    assert found.submissions == ()
    assert says in found.broken[0]
    assert len(found.broken[0]) < 500


def test_links_are_not_followed(whole: Path, tmp_path: Path):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    place = made.filed(root / "one")
    (place / "samples.jsonl").rename(tmp_path / "elsewhere.jsonl")
    (place / "samples.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    assert "samples.jsonl: there is no such file" in read_submissions(root, Tasks()).broken[0]


@pytest.mark.parametrize("linked", ["results", "results/speeches"])
def test_a_link_to_the_results_of_another_shows_nothing(whole: Path, tmp_path: Path, linked: str):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    place = made.submission(root, "two") / linked
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(root / "one" / linked)
    found = read_submissions(root, Tasks())
    assert [len(submission.results) for submission in found.submissions] == [1, 0]
    assert f"two/{linked}: is a link" in found.broken[0]


def test_a_link_to_another_submission_is_none(whole: Path, tmp_path: Path):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    (root / "two").symlink_to(root / "one")
    found = read_submissions(root, Tasks())
    assert [submission.slug for submission in found.submissions] == ["one"]
    assert "two: is a link" in found.broken[0]


def cramboard(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        entry(["leaderboard", *map(str, words)])
    return int(end.value.code or 0)


def test_the_build_fails_on_a_broken_result_unless_told_otherwise(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = Path(shutil.copytree(whole, tmp_path / "submissions"))
    (made.filed(root / "one") / "run.json").write_text("{")
    build = ("build", "--submissions", root, "-o", tmp_path / "site")
    assert cramboard(*build) == 3
    said = capsys.readouterr().err
    assert "left out: " in said
    assert "one result is broken" in said
    assert not (tmp_path / "site").exists()
    assert cramboard(*build, "--allow-broken") == 0
    assert (tmp_path / "site/index.html").is_file()


def test_a_run_of_this_machine_stands_beside_the_others_and_has_no_rank(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = made.result(tmp_path / "my-run", limit=2)
    site = tmp_path / "site"
    assert cramboard("build", "--submissions", whole, "--with", run, "-o", site) == 0
    assert capsys.readouterr().out == f"{site / 'index.html'}\n"
    table = (site / f"board/speeches/{made.SMOLLM}.html").read_text()
    assert "This machine: my-run" in table
    assert 'title="not ranked: a run on this machine"' in table
    assert "local-1" not in (site / "data/results.json").read_text()
    assert "This machine" in (site / "samples/speeches/1866-johnson-1.html").read_text()


@pytest.mark.parametrize("name", ["My-Llama-135M", "org/Name", "_test", "..", "Ü"])
def test_a_run_with_a_decoder_of_any_name_is_shown_under_it(whole: Path, tmp_path: Path, name: str):
    decoder = made.decoder().model_copy(update={"name": name})
    run = made.result(tmp_path / "my-run", limit=2, decoder=decoder)
    site = tmp_path / "site"
    assert cramboard("build", "--submissions", whole, "--with", run, "-o", site) == 0
    [page] = (site / "results/local-1").rglob("*.html")
    assert f"<bdi>{name}</bdi>" in page.read_text()


@pytest.mark.parametrize("name", ["\u200b" * 40, "x" * 200, "\n\u202e\udcff"])
def test_a_run_in_a_folder_of_any_name_is_shown(whole: Path, tmp_path: Path, name: str):
    run = made.result(tmp_path / name, limit=2)
    assert cramboard("build", "--submissions", whole, "--with", run, "-o", tmp_path / "site") == 0
    assert "This machine: " in (tmp_path / f"site/board/speeches/{made.SMOLLM}.html").read_text()


def test_a_real_run_is_read_whole(finished_run: Path, whole: Path, tmp_path: Path):
    site = tmp_path / "site"
    assert cramboard("build", "--submissions", whole, "--with", finished_run, "-o", site) == 0
    [page] = (site / "results/local-1").rglob("*.html")
    assert "cramboard evaluate -t speeches" in page.read_text()
    assert (site / "board/speeches/short.html").is_file()
    assert "This machine: finished" in (site / "samples/speeches/1866-johnson-1.html").read_text()


def test_a_folder_that_is_no_site_is_left_alone(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/one.txt").write_text("dear")
    assert cramboard("build", "--submissions", whole, "-o", tmp_path / "letters") == 3
    assert "holds something other than a site" in capsys.readouterr().err
    assert (tmp_path / "letters/one.txt").read_text() == "dear"


def test_the_folder_that_a_person_stands_in_is_not_replaced(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert cramboard("build", "--submissions", whole, "-o", ".") == 3
    assert capsys.readouterr().err == (
        "cramboard: .: is or holds the folder that you stand in, which would be replaced; choose another --output-dir\n"
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "here"]


def test_an_older_site_is_replaced_whole(whole: Path, tmp_path: Path):
    build = ("build", "--submissions", whole, "-o", tmp_path / "site")
    assert cramboard(*build) == 0
    (tmp_path / "site/old.html").write_text("gone")
    assert cramboard(*build) == 0
    assert not (tmp_path / "site/old.html").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "site"]
