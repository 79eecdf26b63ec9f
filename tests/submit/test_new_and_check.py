"""`submit new` and `submit check`: the skeleton passes, and what does not is told in a line that can be acted on."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from safetensors.numpy import save

from cramboard import sandbox
from cramboard.submission import read_submission
from cramboard.submit.folder import folder_problems
from tests.run.commands import Ended, cramboard
from tests.submit.conftest import CODE, Write, git

LISTED = "smollm2-135m-instruct-q4_1"
# Where there is no sandbox the trial runs without one; what it finds is the same.
ISOLATION = () if sandbox.available() is None else ("--unsandboxed",)


@pytest.fixture(autouse=True)
def small_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial's decoder as narrow as can be: its real width would need the real decoder."""
    monkeypatch.setattr("cramboard.submit.trial._width", lambda decoder: 64)


def check(*words: object) -> Ended:
    return cramboard("submit", "check", *words, *ISOLATION)


def told(ended: Ended, *saying: str) -> None:
    """Check that there is a line `fix: ..` with each of `saying`, and that nothing is ready."""
    assert (ended.code, ended.out) == (3, ""), ended
    lines = ended.err.splitlines()
    assert all(line.startswith(("fix: ", "note: ")) for line in lines), ended
    for words in saying:
        assert any(words in line for line in lines), ended


def pinned(name: str, data: bytes, **changes: object) -> dict[str, object]:
    return {"file": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} | changes


def test_the_skeleton_is_whole(clone: Path) -> None:
    """That it passes the trial too is seen in `test_five_steps`."""
    made = cramboard("submit", "new", "my-encoder")
    assert made.code == 0
    assert {path.name for path in (clone / "submissions" / "my-encoder").iterdir()} == {
        "README.md", "encoder.py", "submission.yaml",
    }  # fmt: skip
    assert list(folder_problems(read_submission(clone / "submissions" / "my-encoder"))) == []


def test_what_the_skeleton_still_says_is_pointed_out(clone: Path) -> None:
    cramboard("submit", "new", "my-encoder")
    folder = clone / "submissions" / "my-encoder"
    ended = check(folder)
    assert (ended.code, ended.out) == (0, "my-encoder: ready to be proposed\n")
    assert ended.err.splitlines() == [
        f"note: {what} is still the skeleton's"
        for what in ("submission.yaml: field authors", "submission.yaml: field description", "encoder.py")
    ]
    spec = folder / "submission.yaml"
    spec.write_text(spec.read_text().replace("Your name", "A. Tester"))
    (folder / "encoder.py").write_text((folder / "encoder.py").read_text() + "# mine\n")
    assert check(folder).err == "note: submission.yaml: field description is still the skeleton's\n"


def test_a_name_that_is_taken_or_is_none_is_refused(clone: Path, write: Write) -> None:
    write("means")
    cramboard("submit", "new", "means").refused(3, "is there already")
    for name in ("My_Encoder", "-x", "..", "a" * 61, "../x", "a/b", "", "a\n"):
        cramboard("submit", "new", "--", name).refused(3, "small letters, digits and hyphens")
    assert [path.name for path in (clone / "submissions").iterdir() if path.is_dir()] == ["means"]
    assert not (clone / "x").exists()


def test_what_is_no_submission_is_refused_with_what_to_give(clone: Path, write: Write) -> None:
    check(clone / "submissions" / "nobody").refused(3, "nobody: there is no such submission; cramboard submit new NAME")
    check(write() / "encoder.py").refused(3, "encoder.py: is a file; give the folder of a submission")
    (clone / "submissions" / "means" / "submission.yaml").write_text("")
    check(clone / "submissions" / "means").refused(3, "expected fields with values, found nothing")


def test_outside_a_clone_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cramboard("submit", "new", "my-encoder").refused(3, "not in a clone")


def test_trained_weights_and_a_suffix_pass(write: Write) -> None:
    weights = save({"scale": __import__("numpy").ones(1, "float32")})
    code = CODE.replace("/ 100", "* self.scale").replace(
        "self.given = given",
        "from safetensors.numpy import load_file\n        self.given = given\n"
        "        self.scale = load_file(given.weights / 'scale.safetensors')['scale']",
    )
    encoder = {"file": "encoder.py", "weights": [pinned("scale.safetensors", weights)]}
    write(code=code, files={"scale.safetensors": weights}, decoders=[LISTED], encoder=encoder, suffix=[300])
    ended = check()
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"decoders": ["gpt-9"]}, "field decoders: 'gpt-9' is not listed"),
        ({"encoder": {"file": "other.py"}}, "other.py: there is no such file"),
        ({"encoder": {"name": "Coder"}}, "has no class Coder"),
        ({"encoder": {"weights": [pinned("w.safetensors", b"x")]}}, "w.safetensors is not there"),
        ({"encoder": {"requirements": "wishes.txt"}}, "no such requirements file"),
    ],
)
def test_fields_that_do_not_fit_the_folder(write: Write, fields: dict[str, object], says: str) -> None:
    told(check(write(**({"decoders": [LISTED]} | fields))), says)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "upload"}, "kind upload has no field encoder"),
        ({"encoder": None}, "kind encoder needs field encoder"),
        ({"method": "cram"}, "kind encoder has no field method"),
        ({"kind": "control", "encoder": None}, "kind control needs field method"),
        ({"kind": "control", "encoder": None, "method": "cram", "dtype": "bfloat16"}, "control has no field dtype"),
        ({"suffix": list(range(9))}, "field suffix"),
        ({"plans": [{"k": 1, "span": 8}, {"k": 1, "span": 16}]}, "two plans have the same k"),
        ({"plans": [{"k": 1}]}, "give either a span or a ratio"),
        ({"plans": [{"k": 1, "ratio": 0.5}]}, "gives k vectors no token"),
        ({"text": "The state of the union"}, "unknown field text; known here: authors, decoders"),
        ({"links": {"paper": "javascript:alert(1)"}}, "field links.paper"),
        ({"encoder": {"weights": [pinned("w.bin", b"x")]}}, "w.bin must be a .safetensors file"),
        ({"encoder": {"weights": [pinned("../w.safetensors", b"x")]}}, "field encoder.weights.0.file"),
        ({"encoder": {"weights": [pinned("w.safetensors", b"x", repository="a/b", revision="main")]}}, "revision"),
        ({"encoder": {"weights": [pinned("w.safetensors", b"x", repository="a/b")]}}, "go together"),
    ],
)
def test_fields_that_do_not_fit_the_schema(write: Write, fields: dict[str, object], says: str) -> None:
    check(write(**fields)).refused(3, "submission.yaml", says)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("model.pkl", b"\x80\x04", "model.pkl: files of this kind are not taken (a pickle"),
        ("notes.txt", b"\x80\x04\x95", "notes.txt: not UTF-8 text"),
        ("notes.txt", b"x" * (2**20 + 1), "notes.txt: 1048577 bytes; at most 1048576"),
        ("more.safetensors", b"", "more.safetensors: weights that submission.yaml does not declare"),
        ("vectors/x/certificate.json", b"{}", "only a submission of kind upload has vectors"),
        ("results/speeches/short/k1/run.json", b"{}", "results are written by the evaluation alone"),
        ("../other/encoder.py", b"", "adds the folder submissions/means/ and nothing else"),
        ("../../tasks/x.py", b"", "adds the folder submissions/means/ and nothing else"),
    ],
)
def test_files_that_do_not_belong(write: Write, name: str, data: bytes, says: str) -> None:
    told(check(write(files={name: data}, decoders=[LISTED])), says)


@pytest.mark.parametrize(
    "line",
    ["numpy", "numpy>=2", "-e .", "--index-url https://example.org", "git+https://example.org/x", "./x.whl", "x @ y"],
)
def test_requirements_that_are_not_pinned(write: Write, line: str) -> None:
    folder = write(files={"needs.txt": f"einops==0.8.1  # kept\n{line}\n".encode()}, decoders=[LISTED],
                   encoder={"requirements": "needs.txt"})  # fmt: skip
    told(check(folder), f"needs.txt: {line!r} is not pinned")


def test_results_are_refused_in_one_line_however_many_files_they_have(write: Write) -> None:
    names = [f"results/speeches/short/k1/{name}" for name in ("run.json", "summary.json", "samples.jsonl")]
    ended = check(write(files=dict.fromkeys(names, b"{}"), decoders=[LISTED]))
    told(ended, "fix: submissions/means/results/: results are written by the evaluation alone; take it out")
    assert len(ended.err.splitlines()) == 1


def test_a_link_is_not_a_file(write: Write, tmp_path: Path) -> None:
    folder = write(decoders=[LISTED])
    (folder / "more.txt").symlink_to("/etc/hostname")
    told(check(folder), "more.txt: a link or a special file")


@pytest.mark.parametrize("name", ["results", "vectors"])
def test_a_link_to_the_results_of_another_is_refused(write: Write, name: str) -> None:
    """Git carries links: what is filed through this one would take the place of another submission's."""
    folder = write(decoders=[LISTED])
    (folder / name).symlink_to("../cram/results")
    told(check(folder), f"fix: {name}: a link or no folder; remove it")


def test_a_link_or_a_mountain_is_no_submission_yaml(write: Write) -> None:
    spec = write(decoders=[LISTED]) / "submission.yaml"
    whole = spec.read_text()
    spec.write_text(whole + "#" * 2**16)
    check(spec.parent).refused(3, "submission.yaml: larger than 64 KiB")
    spec.rename(spec.with_name("other.yaml")).write_text(whole)
    spec.symlink_to("other.yaml")
    check(spec.parent).refused(3, "submission.yaml: is a link")


def test_a_misspelt_field_is_named_before_the_one_that_is_missing_for_it(write: Write) -> None:
    spec = write() / "submission.yaml"
    whole = spec.read_text()
    spec.write_text(whole.replace("licence", "license"))
    check(spec.parent).refused(3, "submission.yaml: unknown field license; did you mean licence?")
    spec.write_text(whole.replace("span", "spam"))
    check(spec.parent).refused(3, "unknown field plans.0.spam; did you mean span?")
    spec.write_text(whole.replace("licence", "notes"))
    check(spec.parent).refused(3, "unknown field notes; known here: authors, decoders, description,")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"plans": [{"k": "4", "span": 16}]}, "field plans.0.k: expected a whole number, found '4'"),
        ({"plans": [{"k": True, "span": 16}]}, "field plans.0.k: expected a whole number, found True"),
        ({"plans": []}, "field plans: expected a list of 1 or more, found a list of 0"),
        ({"plans": [None]}, "field plans.0: expected fields with values, found nothing"),
        ({"authors": "Somebody"}, "field authors: expected a list, such as [..], found 'Somebody'"),
        ({"name": 7}, "field name: expected text (quotes make it one), found 7"),
        ({"parameters": 10**16}, "field parameters: expected at most 1000000000000000"),
        ({"kind": "x" * 999}, "'upload' or 'control', found '" + "x" * 59 + ".."),
        ({"encoder": {"file": "../encoder.py"}}, "field encoder.file: expected a path within the folder, of letters"),
        ({"encoder": {"weights": [pinned("w.safetensors", b"x", sha256="x")]}}, "expected a sha256: 64 of the digits"),
    ],
)
def test_a_value_of_another_kind_is_shown_beside_what_is_wanted(
    write: Write, fields: dict[str, object], says: str
) -> None:
    check(write(**fields)).refused(3, "submission.yaml", says)


def test_weights_that_are_other_bytes(write: Write) -> None:
    encoder = {"weights": [pinned("w.safetensors", b"declared")]}
    told(check(write(files={"w.safetensors": b"other bytes"}, decoders=[LISTED], encoder=encoder)), "not the declared")


def test_what_is_on_the_main_branch_is_not_edited(write: Write, clone: Path) -> None:
    folder = write(decoders=[LISTED])
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "Means")
    git(clone, "branch", "--force", "main", "HEAD")
    write(decoders=[LISTED], name="Other")
    (clone / "submissions" / "README.md").write_text("Mine.\n")
    told(check(folder), "a changed encoder is a new submission", "submissions/README.md: a submission adds the folder")


def test_the_name_of_a_built_in_method_is_taken(write: Write) -> None:
    told(check(write("cram", decoders=[LISTED])), "cram: is the name of a built-in method")


def test_two_submissions_at_once_are_to_be_named(write: Write) -> None:
    write("one")
    write("two")
    check().refused(3, "the clone adds one, two")


def test_a_main_branch_that_there_is_not(write: Write) -> None:
    check(write(), "--base", "nowhere").refused(3, "--base nowhere")


def test_an_encoder_that_fails_in_the_trial_is_told_how(write: Write) -> None:
    told(check(write(code=CODE.replace("/ 100", "/ 0 * 0"), decoders=[LISTED])), "trial (k = 2, 2 texts of ", "NaN")
    told(check(write(code=CODE + "\nimport socks_of_nowhere", decoders=[LISTED])), "does not start: ModuleNotFound")


def test_an_encoder_that_hangs_is_stopped_in_time_for_the_promise(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cramboard.submit.trial._SECONDS", 2.0)
    folder = write(code="import time\n" + CODE.replace("self.given = given", "time.sleep(600)"), decoders=[LISTED])
    told(check(folder), "submission means: its encoder was stopped: took longer than 2 s in all; look for what waits")


def test_an_encoder_that_fails_late_has_one_time_for_all_tries(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts that fail are tried again one by one: the second try ends where the first one's time ends."""
    monkeypatch.setattr("cramboard.submit.trial._SECONDS", 4.0)
    late = CODE.replace(
        "def encode(self, texts):", "def encode(self, texts):\n        import time; time.sleep(3); 1 / 0"
    )
    assert late != CODE
    told(check(write(code=late, decoders=[LISTED])), "took longer than 4 s in all")


def test_many_vectors_are_left_to_the_evaluation(write: Write) -> None:
    ended = check(write(decoders=[LISTED], plans=[{"k": 4000, "ratio": 2}, {"k": 129, "span": 9}]))
    assert (ended.code, ended.out) == (0, "means: ready to be proposed\n")
    assert "the smallest plan has 129 vectors: the trial run on a CPU is left out" in ended.err


def test_a_plan_that_the_decoder_has_no_room_for_is_refused(write: Write) -> None:
    for k, code in ((8192, 3), (8191, 0)):
        ended = check(write(decoders=[LISTED], plans=[{"k": 2, "span": 8}, {"k": k, "span": 8}]))
        assert ended.code == code, ended
    told(
        check(write(decoders=[LISTED], plans=[{"k": 2, "span": 8}, {"k": 8192, "ratio": 4}], suffix=[5])),
        "submission.yaml: field plans.1.k: 8192 vectors, and smollm2-135m-instruct-q4_1 reads at most 8190",
    )


def test_an_encoder_that_is_no_python_is_told_where(write: Write) -> None:
    told(check(write(code="import numpy\ndef x(:\n", decoders=[LISTED])), "encoder.py line 2: not Python (")


def test_what_the_machine_lacks_is_nothing_to_mend(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cramboard.sandbox.available", lambda: "bubblewrap is not installed")
    cramboard("submit", "check", write(decoders=[LISTED])).refused(4, "bubblewrap is not installed", "--unsandboxed")


def test_nobody_takes_anothers_slug_for_a_name(write: Write, clone: Path) -> None:
    write("means")
    told(check(write("others", name="MEANS", decoders=[LISTED])), "field name: 'MEANS' is the name of means")


def test_weights_too_large_for_a_trial_are_left_to_the_evaluation(write: Write) -> None:
    large = pinned("w.safetensors", b"x", bytes=2**31, repository="someone/something", revision="0" * 40)
    ended = check(write(decoders=[LISTED], encoder={"weights": [large]}))
    assert (ended.code, ended.out) == (0, "means: ready to be proposed\n")
    assert "the trial run on a CPU is left out" in ended.err


def test_the_skeleton_shows_every_way_to_write_it(pytestconfig: pytest.Config) -> None:
    skeleton = (pytestconfig.rootpath / "cramboard/submit/skeleton/submission.yaml").read_text()
    schema = json.loads((pytestconfig.rootpath / "docs/schemas/submission.schema.json").read_text())
    for field in schema["required"]:
        assert f"\n{field}:" in skeleton


def test_a_git_that_does_not_end_is_told_and_is_not_taken_for_a_clone_without_a_main_branch(
    clone: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write()
    (clone / "programs").mkdir()
    (clone / "programs" / "git").write_text("#!/bin/sh\nexec sleep 3600\n")
    (clone / "programs" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{clone / 'programs'}:{os.environ['PATH']}")
    monkeypatch.setattr("cramboard.submit.clone._SECONDS", 0.2)
    check(folder).refused(4, "git rev-parse took longer than 0.2 seconds")


def test_a_submodule_is_refused_where_it_is_an_empty_folder(clone: Path, write: Write) -> None:
    """A clone without its submodules shows a folder with nothing in it, which its author can fill afterwards."""
    folder = write(decoders=[LISTED])
    (folder / "more").mkdir()
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'ab' * 20},submissions/means/more")
    git(clone, "commit", "--quiet", "--message", "Submit")
    told(check(folder), "submissions/means/more: is a submodule")


def test_compiled_code_is_refused(clone: Path, write: Write) -> None:
    folder = write(decoders=[LISTED], files={"__pycache__/encoder.cpython-311.pyc": b"compiled"})
    told(check(folder), "__pycache__/encoder.cpython-311.pyc: compiled code is not taken")


def test_a_folder_has_bounds_as_a_whole(write: Write) -> None:
    many = write("many", decoders=[LISTED], files={f"data/{number}.json": b"{}" for number in range(200)})
    assert "202 files; at most 200 are taken" in folder_problems(read_submission(many))
    large = write("large", decoders=[LISTED], files={f"data/{number}.json": b" " * 2**20 for number in range(65)})
    assert any("weights belong on the Hub" in line for line in folder_problems(read_submission(large)))


@pytest.mark.parametrize("name", ["a\nb.py", "\u0435ncoder.py", ".hidden.py"])
def test_a_file_has_a_plain_name(write: Write, name: str) -> None:
    folder = write(decoders=[LISTED], files={name: b""})
    told(check(folder), f"{name!a}: name files with letters, digits")


def test_a_file_name_that_is_no_text_is_told(clone: Path, write: Write) -> None:
    folder = write(decoders=[LISTED])
    Path(os.fsdecode(bytes(folder) + b"/\xff.py")).write_text("")
    told(check(folder), "\\udcff.py': name files with letters, digits")


def test_a_neighbour_that_cannot_be_read_is_its_own_affair(write: Write) -> None:
    (write("broken") / "submission.yaml").write_text('name: "\\U00110000"')
    assert list(folder_problems(read_submission(write("mine", decoders=[LISTED])))) == []


@pytest.mark.parametrize("name", ["Means", "MEANS.", "\uff2deans"])
def test_nobody_takes_the_name_of_another(write: Write, name: str) -> None:
    write("first", decoders=[LISTED])
    second = write("second", decoders=[LISTED], name=name)
    assert f"submission.yaml: field name: {name!r} is the name of first; choose another" in folder_problems(
        read_submission(second)
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"plans": [{"k": 1_000_000, "ratio": 1e308}]},
            "field plans.0.ratio: expected at most 1000000.0, found 1e+308",
        ),
        ({"suffix": [10**11]}, "field suffix.0: expected less than 1000000, found 100000000000"),
        ({"name": "cram\u202e"}, "field name: holds the character '\\u202e', which is not printed"),
        ({"authors": ["A\nB"]}, "field authors.0: holds the character '\\n'"),
        ({"decoders": [LISTED, LISTED]}, "a decoder is named twice"),
    ],
)
def test_a_field_that_deceives_or_overflows_is_told(write: Write, fields: dict[str, object], says: str) -> None:
    check(write(**fields)).refused(3, says)


@pytest.mark.parametrize("name", ["Encoder.py", "Results/speeches/summary.json", "VECTORS/certificate.json"])
def test_a_name_that_is_another_on_some_disks_is_told(write: Write, name: str) -> None:
    folder = write(decoders=[LISTED], files={name: b"{}"})
    told(check(folder), f"{name}: differs from another name here only in small and capital letters")


def test_an_upload_that_is_too_large_is_not_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cramboard.submit.folder._UPLOAD_BYTES", 1000)
    place = "vectors/speeches/short/k2"
    files = {f"{place}/certificate.json": b"[" * 2000, f"{place}/vectors.safetensors": b""}
    folder = write(kind="upload", encoder=None, code=None, decoders=[LISTED], files=files)
    problems = list(folder_problems(read_submission(folder)))
    assert problems == [f"{place}/certificate.json: at most 1000 bytes are taken"]


def test_a_suffix_beyond_the_vocabulary_is_told(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a trial decoder of that many tokens is made, which would fill the machine."""
    monkeypatch.setattr("cramboard.submit.trial._number", lambda decoder, field: 300)
    told(check(write(decoders=[LISTED], suffix=[7, 300])), f"field suffix: 300 is no token of {LISTED}, which has 300")
