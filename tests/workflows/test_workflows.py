"""What a workflow may do: run what a person can run too, with no more rights than it needs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
VERBS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# Rights beyond reading the repository, by workflow and job.
WRITES = {
    ("evaluate", "results"): {"contents": "write"},
    ("site", "publish"): {"pages": "write", "id-token": "write"},
}


def read(path: Path) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text())
    assert isinstance(content, dict)
    return content


def workflow(name: str) -> dict[Any, Any]:
    return read(ROOT / ".github" / "workflows" / f"{name}.yml")


JOBS: list[tuple[str, str, dict[str, Any]]] = [
    (path.stem, name, job) for path in FILES for name, job in read(path)["jobs"].items()
]
each_job = pytest.mark.parametrize(("file", "name", "job"), JOBS, ids=[f"{file}-{name}" for file, name, _ in JOBS])


def steps(job: dict[str, Any], kind: str) -> list[Any]:
    return [step for step in job["steps"] if kind in step]


def test_there_are_four() -> None:
    assert [path.stem for path in FILES] == ["check", "evaluate", "site", "submission"]


@each_job
def test_every_command_is_a_verb_of_make(file: str, name: str, job: dict[str, Any]) -> None:
    for step in steps(job, "run"):
        first, *words = step["run"].split()
        verbs = [word for word in words if "=" not in word]
        assert first == "make"
        assert verbs
        assert set(verbs) <= VERBS
        assert all(re.fullmatch(r"(CLONE|RUNS)=[\w./]+", word) for word in words if word not in verbs)


def test_nothing_is_pasted_into_a_shell_and_no_secret_is_used() -> None:
    assert not any("${{" in step["run"] for _, _, job in JOBS for step in steps(job, "run"))
    assert not any("secrets." in path.read_text() for path in FILES)


def test_what_a_proposal_says_reaches_no_expression_but_its_number_and_hashes() -> None:
    told = {
        expression.strip()
        for path in FILES
        for expression in re.findall(r"\$\{\{(.*?)\}\}", path.read_text())
        if "event" in expression
    }
    assert told == {"github.event.number", "github.event.pull_request.head.sha", "github.event.pull_request.base.sha"}


@each_job
def test_rights_are_the_least(file: str, name: str, job: dict[str, Any]) -> None:
    rights = job.get("permissions", workflow(file)["permissions"])
    assert rights == WRITES.get((file, name), {"contents": "read"})


@each_job
def test_every_job_ends_in_time(file: str, name: str, job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 24 * 60
    assert workflow(file)["concurrency"]["group"]


@each_job
def test_actions_are_githubs_own_and_pinned_by_commit(file: str, name: str, job: dict[str, Any]) -> None:
    for step in steps(job, "uses"):
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
        line = next(line for line in (ROOT / ".github/workflows" / f"{file}.yml").read_text().splitlines()
                    if step["uses"] in line)  # fmt: skip
        assert re.search(r"# v\d+\.\d+\.\d+$", line)


def test_a_token_stays_in_a_clone_only_where_results_are_pushed() -> None:
    kept = [
        (file, name, step["with"].get("path"))
        for file, name, job in JOBS
        for step in steps(job, "uses")
        if "checkout" in step["uses"] and step.get("with", {}).get("persist-credentials") is not False
    ]
    assert kept == [("evaluate", "results", "proposed")]


def test_a_proposal_is_checked_by_the_main_branch() -> None:
    content = workflow("submission")
    assert list(content[True]) == ["pull_request"]  # YAML 1.1 reads `on` as true.
    (job,) = content["jobs"].values()
    assert [step["working-directory"] for step in steps(job, "run")] == ["trusted"] * len(steps(job, "run"))


def test_runs_lie_where_the_next_checkout_sweeps() -> None:
    """The machine is kept from one proposal to the next; a folder beside the clones would be too."""
    job = workflow("evaluate")["jobs"]["evaluate"]
    [run] = [step for step in steps(job, "run") if "evaluate" in step["run"].split()]
    [runs] = [word.removeprefix("RUNS=") for word in run["run"].split() if word.startswith("RUNS=")]
    clones = [step["with"]["path"] for step in steps(job, "uses") if "checkout" in step["uses"]]
    place = Path("/workspace", run["working-directory"], runs)
    assert any(Path("/workspace", clone) in place.parents and ".." not in runs for clone in clones)
    [kept] = [step["with"]["path"] for step in steps(job, "uses") if "upload-artifact" in step["uses"]]
    assert Path("/workspace", kept) == place


def test_results_are_written_after_a_label_by_a_job_that_runs_no_encoder() -> None:
    content = workflow("evaluate")
    assert content[True] == {"pull_request_target": {"types": ["labeled"]}}
    encodes, writes = content["jobs"]["evaluate"], content["jobs"]["results"]
    assert encodes["if"] == "github.event.label.name == 'evaluate'"
    assert writes["needs"] == "evaluate"
    assert [step["run"].split()[1] for step in steps(writes, "run")] == ["install", "results", "propose"]
