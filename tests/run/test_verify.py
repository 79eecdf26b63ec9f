"""`cramboard verify`: a run's numbers come back from its certificate, and a changed byte does not go through."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load, save

from cramboard import files
from cramboard.keys import canonical_json, key, sha256_bytes
from cramboard.results import summarise
from cramboard.run import RunFolder
from tests.run.commands import contents, cramboard, evaluate, lines
from tests.tiny import save_tiny_decoder


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Put the number of threads back that `--threads` sets."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def verified(folder: Path, decoder: Path, *words: object) -> dict[str, Any]:
    """Return the comparison that a successful `verify --json` gives."""
    ended = cramboard("verify", folder, "-d", decoder, "--json", *words)
    assert (ended.code, ended.err) == (0, "")
    result: dict[str, Any] = json.loads(ended.out)
    return result


def refused(folder: Path, decoder: Path, *saying: str) -> None:
    before = contents(folder)
    cramboard("verify", folder, "-d", decoder).refused(3, *saying)
    assert contents(folder) == before


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data, indent=1) + "\n")


def edit_record(folder: Path, sample: str, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "samples.jsonl"
    line = lines(folder)[sample]
    record = json.loads(line)
    change(record)
    assert canonical_json(record) != line
    path.write_text(path.read_text().replace(line, canonical_json(record)))


def resummarise(folder: Path) -> None:
    """Make summary.json agree with the other files, as a forger would."""
    run = RunFolder(folder)
    certificate = json.loads((folder / "certificate.json").read_text())["sha256"]
    run.write_summary(summarise(run.run(), run.records(), (), run.summary().verifier_version, certificate))


def reissue(folder: Path, vectors: bytes | None = None, rename: dict[str, str] | None = None, **fields: Any) -> None:
    """Forge a certificate whose own hashes are all right: other vectors' bytes, or other fields."""
    if vectors is not None:
        (folder / "vectors.safetensors").write_bytes(vectors)
        fields["vectors_sha256"] = sha256_bytes(vectors)

    def change(data: dict[str, Any]) -> None:
        data |= fields
        for entry in data["entries"]:
            entry["tensor"] = (rename or {}).get(entry["tensor"], entry["tensor"])
            about = {
                "sample": [data["task"]["name"], entry["sample"], entry["text_sha256"], entry["tokens_sha256"]],
                "span": entry["span"],
                "decoder": data["decoder"]["tensors_sha256"],
                "layout": [data["decoder"]["layout"], data["decoder"]["anchor"]],
                "method": [data["method"]["name"], data["method"]["settings"]],
                "k": data["k"],
                "seed": data["seed"],
            }
            entry["key"] = key(about)
        data["sha256"] = key({name: value for name, value in data.items() if name != "sha256"})

    edit(folder / "certificate.json", change)


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    return load((folder / "vectors.safetensors").read_bytes())


def test_the_first_token_is_measured_alone_too(finished_run: Path) -> None:
    for record in RunFolder(finished_run).records():
        assert record.first.length == 1
        assert record.first.surprisal_bits == pytest.approx(record.marks.bits[0], abs=1e-3)
        assert record.first.accuracy == (record.marks.margins[0] > 0)
        assert record.other_horizons.argmax_after_first >= record.other_horizons.argmax - record.first.accuracy


def test_a_copied_run_gives_the_same_numbers_to_the_last_digit(run_copy: Path, short_folder: Path) -> None:
    before = contents(run_copy)
    result = verified(run_copy, short_folder)
    comparison = result["verification"]
    assert (comparison["samples"], comparison["confirmed"], comparison["identical"]) == (3, 3, 3)
    assert comparison["unconfirmed"] == []
    assert comparison["largest_bits_difference_per_token"] == 0
    assert result["summary"] == json.loads(before["summary.json"])
    after = contents(run_copy)
    assert json.loads(after.pop("verifications.jsonl")) == comparison
    assert after == before


def test_other_threads_and_another_attention_confirm_every_horizon(run_copy: Path, short_folder: Path) -> None:
    other = torch.get_num_threads() + 1
    comparison = verified(run_copy, short_folder, "--threads", other, "--attention", "eager")["verification"]
    assert (comparison["threads"], comparison["attention"]) == (other, "eager")
    assert (comparison["confirmed"], comparison["unconfirmed"]) == (3, [])
    assert comparison["largest_bits_difference_per_token"] < 1e-3


def test_each_verification_is_kept_and_the_table_says_where_it_was_made(run_copy: Path, short_folder: Path) -> None:
    assert cramboard("verify", run_copy, "-d", short_folder).code == 0
    ended = cramboard("verify", run_copy, "-d", short_folder, "--threads", 1, "--attention", "eager")
    assert (ended.code, ended.err) == (0, "")
    assert "Confirmed: 3 of 3 samples; " in ended.out
    assert "Verified on cpu, 1 threads, attention eager" in ended.out
    kept = [json.loads(line) for line in (run_copy / "verifications.jsonl").read_text().splitlines()]
    assert [line["attention"] for line in kept] == ["sdpa", "eager"]


def test_a_run_that_claims_a_longer_horizon_is_not_confirmed(run_copy: Path, short_folder: Path) -> None:
    claimed = next(iter(lines(run_copy)))
    edit_record(run_copy, claimed, lambda record: record.update(horizon=record["horizon"] + 4))
    resummarise(run_copy)
    ended = cramboard("verify", run_copy, "-d", short_folder)
    assert (ended.code, ended.err) == (1, f"not confirmed: {claimed}\n")
    assert "Confirmed: 2 of 3 samples" in ended.out


@pytest.mark.parametrize("name", ["vectors.safetensors", "certificate.json", "control.safetensors", "summary.json"])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 1.0])
def test_a_changed_byte_is_refused_and_nothing_is_written(
    run_copy: Path, short_folder: Path, name: str, place: float
) -> None:
    path = run_copy / name
    data = bytearray(path.read_bytes())
    data[round(place * (len(data) - 1))] ^= 1
    path.write_bytes(data)
    refused(run_copy, short_folder, str(path))


@pytest.mark.parametrize(
    "field", ["horizon", "bytes", "recovered_bits", "density", "gain_bits", "control_gain_bits", "greedy_horizon"]
)
def test_a_changed_measure_in_the_records_is_refused(run_copy: Path, short_folder: Path, field: str) -> None:
    sample = next(sample for sample, line in lines(run_copy).items() if json.loads(line)["horizon"] > 0)
    edit_record(run_copy, sample, lambda record: record.update({field: record[field] - 1}))
    refused(run_copy, short_folder, "not the summary of the records in samples.jsonl")


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda text: text[:-30], "line 3: not valid JSON"),
        (lambda text: text.splitlines()[0] + "\n", "not the records of the certificate beside it"),
        (lambda text: text + text.splitlines()[0] + "\n", "not the records of the certificate beside it"),
        (
            lambda text: text.replace('"horizon"', '"horizons"', 1),
            "line 1: unknown field horizons; did you mean horizon?",
        ),
        (lambda text: text.replace('"schema_version":1', '"schema_version":2', 1), "newer than this cramboard"),
    ],
    ids=["torn", "missing", "twice", "renamed", "newer"],
)
def test_damaged_records_are_refused(
    run_copy: Path, short_folder: Path, change: Callable[[str], str], saying: str
) -> None:
    path = run_copy / "samples.jsonl"
    path.write_text(change(path.read_text()))
    refused(run_copy, short_folder, saying)


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda record: record["lengths"][0].update(token_gain=1e308), "field lengths.0.token_gain: expected at most"),
        (lambda record: record.update(gain_bits=-1e308), "field gain_bits: expected -1000000000000000"),
        (
            lambda record: record.update(bytes=10**400),
            "field bytes: expected at most 1000000000000000, found a very long",
        ),
        (lambda record: record.update(density=10**400), "field density: expected "),
        (
            lambda record: record.update(horizon=-(10**400)),
            "field horizon: expected 0 or more, found a very long number",
        ),
        (
            lambda record: record["stored"]["int4"].update(horizon=10**400),
            "field stored.int4.horizon: expected at most",
        ),
        (lambda record: record["marks"]["margins"].__setitem__(3, 1e300), "field marks.margins.3: expected at most"),
    ],
)
def test_a_number_that_nothing_measures_is_refused(
    run_copy: Path, short_folder: Path, change: Callable[[dict[str, Any]], None], saying: str
) -> None:
    """Sums and means of such numbers overflow."""
    last = json.loads((run_copy / "samples.jsonl").read_text().splitlines()[-1])["sample"]
    edit_record(run_copy, last, change)
    refused(run_copy, short_folder, f"{run_copy / 'samples.jsonl'} line 3: {saying}")
    cramboard("status", run_copy).refused(3, f"line 3: {saying}")


def test_a_cost_that_nothing_has_is_refused(run_copy: Path) -> None:
    edit(run_copy / "run.json", lambda run: run["units"][0].update(encode_seconds=1e308))
    cramboard("status", run_copy).refused(3, "run.json: field units.0.encode_seconds: expected at most")


@pytest.mark.parametrize("field", ["k", "seed", "decoder", "task", "method"])
def test_a_run_record_of_another_certificate_is_refused(run_copy: Path, short_folder: Path, field: str) -> None:
    def change(data: dict[str, Any]) -> None:
        if field in ("k", "seed"):
            data[field] += 1
        else:
            data[field]["name"] = "other"

    edit(run_copy / "run.json", change)
    refused(run_copy, short_folder, f"{run_copy}/run.json: not the run of the certificate beside it")


@pytest.mark.parametrize(
    "name", ["run.json", "certificate.json", "vectors.safetensors", "samples.jsonl", "summary.json"]
)
def test_a_missing_file_is_named(run_copy: Path, short_folder: Path, name: str) -> None:
    (run_copy / name).unlink()
    refused(run_copy, short_folder, f"{run_copy}/{name}: there is no such")


def test_a_missing_control_is_named(run_copy: Path, short_folder: Path) -> None:
    (run_copy / "control.safetensors").unlink()
    refused(run_copy, short_folder, f"{run_copy}/control.safetensors: not the control that run.json names")


def test_another_decoder_is_refused(run_copy: Path, tmp_path: Path) -> None:
    other = save_tiny_decoder(tmp_path / "short", seed=1, context=200)
    refused(run_copy, other, "the certificate is of decoder short with tensors", ", this is short with ")


def test_a_decoder_that_is_not_listed_has_to_be_pointed_at(run_copy: Path) -> None:
    cramboard("verify", run_copy).refused(3, "unknown decoder 'short'", "A local folder")


def test_another_version_of_the_task_is_refused(
    run_copy: Path, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(files.data_folder("tasks"), tmp_path / "tasks")
    monkeypatch.setattr(files, "data_folder", lambda room: tmp_path / room)
    path = tmp_path / "tasks" / "speeches" / "task.yaml"
    assert yaml.safe_load(path.read_text())["version"] == "1.0.0"
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 2.0.0"))
    refused(run_copy, short_folder, "is of task speeches 1.0.0, this cramboard has 2.0.0;")


def test_vectors_that_are_not_finite_are_refused(run_copy: Path, short_folder: Path) -> None:
    tensors = tensors_of(run_copy)
    name, tensor = next(iter(tensors.items()))
    for value in (float("nan"), float("inf")):
        tensor[0, 0] = value
        reissue(run_copy, save({**tensors, name: tensor}))
        refused(run_copy, short_folder, f"tensor {name!r} holds a NaN or an infinity")


@pytest.mark.parametrize("shape", [(1, 64), (3, 64), (2, 63), (128,), (2, 64, 1)])
def test_vectors_of_another_shape_are_refused(run_copy: Path, short_folder: Path, shape: tuple[int, ...]) -> None:
    tensors = tensors_of(run_copy)
    name = next(iter(tensors))
    reissue(run_copy, save({**tensors, name: torch.zeros(shape)}))
    refused(run_copy, short_folder, f"tensor {name!r} is float32 {list(shape)}, certificate.json says float32 [2, 64]")


def test_vectors_of_another_dtype_are_refused(run_copy: Path, short_folder: Path) -> None:
    tensors = tensors_of(run_copy)
    name = next(iter(tensors))
    reissue(run_copy, save({**tensors, name: tensors[name].half()}))
    refused(run_copy, short_folder, f"tensor {name!r} is float16 [2, 64]")


def test_vectors_narrower_than_the_decoder_are_refused(run_copy: Path, short_folder: Path) -> None:
    narrow = {name: tensor[:, :32].contiguous() for name, tensor in tensors_of(run_copy).items()}
    named = {name: sha256_bytes(tensor.numpy().tobytes())[:16] for name, tensor in narrow.items()}
    data = save({named[name]: narrow[name] for name in sorted(narrow, key=named.__getitem__)})
    reissue(run_copy, data, named, d=32)
    resummarise(run_copy)
    refused(run_copy, short_folder, "the certificate's vectors have 32 numbers, decoder short reads 64")


def test_a_tensor_that_no_sample_has_is_refused(run_copy: Path, short_folder: Path) -> None:
    reissue(run_copy, save({**tensors_of(run_copy), "stowaway": torch.zeros(2, 64)}))
    refused(run_copy, short_folder, "tensor 'stowaway' is not both in the file and in certificate.json")


def test_a_tensor_that_is_not_there_is_refused(run_copy: Path, short_folder: Path) -> None:
    tensors = tensors_of(run_copy)
    name = next(iter(tensors))
    del tensors[name]
    reissue(run_copy, save(tensors))
    refused(run_copy, short_folder, f"tensor {name!r} is not both in the file and in certificate.json")


def test_metadata_beside_the_vectors_is_refused(run_copy: Path, short_folder: Path) -> None:
    reissue(run_copy, save(tensors_of(run_copy), metadata={"hint": "the text begins with The"}))
    refused(run_copy, short_folder, "holds more than its tensors")


def test_swapped_vectors_are_refused(run_copy: Path, short_folder: Path) -> None:
    tensors = tensors_of(run_copy)
    first, second, *_ = tensors
    swapped = {**tensors, first: tensors[second], second: tensors[first]}
    reissue(run_copy, save(swapped))
    refused(run_copy, short_folder, "is not named after its content")


def test_other_vectors_under_right_hashes_are_measured_and_not_confirmed(run_copy: Path, short_folder: Path) -> None:
    tensors = tensors_of(run_copy)
    held = max(lines(run_copy), key=lambda sample: int(json.loads(lines(run_copy)[sample])["horizon"]))
    entries = json.loads((run_copy / "certificate.json").read_text())["entries"]
    name = next(entry["tensor"] for entry in entries if entry["sample"] == held)
    other = torch.zeros(2, 64)
    rename = sha256_bytes(other.numpy().tobytes())[:16]
    forged = {rename if old == name else old: other if old == name else tensor for old, tensor in tensors.items()}
    reissue(run_copy, save({new: forged[new] for new in sorted(forged)}), {name: rename})
    resummarise(run_copy)
    ended = cramboard("verify", run_copy, "-d", short_folder)
    assert (ended.code, ended.err) == (1, f"not confirmed: {held}\n")


def test_a_certificate_of_another_text_is_refused(run_copy: Path, short_folder: Path) -> None:
    edit(run_copy / "certificate.json", lambda data: data["entries"][0].update(text_sha256="0" * 64))
    reissue(run_copy)
    refused(run_copy, short_folder, "samples.jsonl: not the records of the certificate")
    entry = json.loads((run_copy / "certificate.json").read_text())["entries"][0]
    edit_record(run_copy, entry["sample"], lambda record: record.update(certificate_key=entry["key"]))
    resummarise(run_copy)
    refused(run_copy, short_folder, f"text of sample {entry['sample']} is not the text of task speeches")


def test_a_decoder_with_another_tokenizer_is_refused(run_copy: Path, short_folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(short_folder, tmp_path / "short"))
    path = other / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["e"], vocabulary["t"] = vocabulary["t"], vocabulary["e"]
    path.write_text(json.dumps(tokenizer))
    refused(run_copy, other, "the decoder's tokens are not the ones that the certificate was made for")


def test_an_interrupted_run_is_not_verified(run_copy: Path, short_folder: Path) -> None:
    (run_copy / "summary.json").unlink()
    refused(run_copy, short_folder, "the run is not complete")


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"subset": "speeches"}, "field subset: 'speeches' is not what its samples are"),
        ({"ranked": True}, "field ranked"),
    ],
)
def test_a_run_that_claims_to_be_more_than_it_is_is_refused(
    run_copy: Path, short_folder: Path, change: dict[str, object], saying: str
) -> None:
    path = run_copy / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    resummarise(run_copy)
    refused(run_copy, short_folder, saying)


@pytest.mark.parametrize(
    "forge",
    [
        lambda record: record.update(lengths=[]),
        lambda record: record.update(bytes=record["bytes"] + 1000),
        lambda record: record.update(density=9.0),
        lambda record: record.update(author="somebody else"),
        lambda record: record["lengths"][0].update(accuracy=1.0, token_gain=64.0, utilisation=1.0),
        lambda record: record["lengths"][0].update(control_gain_bits=-5000.0),
        lambda record: record["first"].update(gain_bits=record["first"]["gain_bits"] + 1),
        lambda record: record.update(control_gain_bits=-5000.0),
    ],
)
def test_a_forged_measure_is_not_confirmed(run_copy: Path, short_folder: Path, forge: Callable[[dict], None]) -> None:
    claimed = next(iter(lines(run_copy)))
    edit_record(run_copy, claimed, forge)
    resummarise(run_copy)
    ended = cramboard("verify", run_copy, "-d", short_folder)
    assert (ended.code, ended.err) == (1, f"not confirmed: {claimed}\n")


def test_evaluate_does_not_seal_edited_records(run_copy: Path, short_folder: Path) -> None:
    edit_record(run_copy, next(iter(lines(run_copy))), lambda record: record.update(horizon=170))
    before = contents(run_copy)
    evaluate(short_folder, run_copy, "--limit", 3).refused(3, "not the records that summary.json was made of")
    assert contents(run_copy) == before
