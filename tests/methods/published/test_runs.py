"""The protocols through the whole house: made, certified, verified and recorded, in either layout."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, processors

from cramboard.certificate import CertificateFiles, load_certificate
from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.reading import tokens_of
from cramboard.run import RunFolder
from cramboard.schema import ProtocolClaim, RunRecord, SampleRecord
from cramboard.tasks import load_task
from tests.run.commands import cramboard, evaluate, status

TINY = ("--limit", 2, "--batch-size", 2, "--set", "steps=40", "-k", 1)


@pytest.fixture(scope="module")
def bos_folder(short_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The short decoder with a tokenizer that puts its BOS before every text."""
    folder = tmp_path_factory.mktemp("decoders") / "bos"
    shutil.copytree(short_folder, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 256)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(autouse=True)
def common_ground(common_cache: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))


def run_of(decoder: Path, folder: Path, method: str, preset: str, *words: object) -> RunRecord:
    ended = evaluate(decoder, folder, "-m", method, "--preset", preset, *TINY, *words)
    assert (ended.code, ended.err) == (0, ""), ended
    return RunFolder(folder).run()


def claims_of(run: RunRecord) -> tuple[ProtocolClaim, ...]:
    return tuple(claim for unit in run.units for claim in unit.claims)


def records_of(folder: Path) -> tuple[SampleRecord, ...]:
    return RunFolder(folder).records()


@pytest.mark.parametrize(
    ("method", "preset", "layout"),
    [
        ("kuratov2025", "anchored", "anchored"),
        ("kuratov2025", "own", "bare"),
        ("tarasov2026", "own", "bare"),
        ("tarasov2026", "low-dimensional", "anchored"),
    ],
)
def test_a_protocol_is_run_verified_and_resumed_like_any_other(
    method: str, preset: str, layout: str, short_folder: Path, tmp_path: Path
) -> None:
    run = run_of(short_folder, tmp_path, method, preset)
    assert (run.decoder.layout, run.decoder.suffix) == (layout, ())
    assert not run.ranked
    assert [claim.sample for claim in claims_of(run)] == list(run.samples)
    assert all(len(unit.curve) == 1 for unit in run.units)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["decoder"]["layout"] == layout
    verified = cramboard("verify", tmp_path, "-d", short_folder, "--json")
    assert (verified.code, verified.err) == (0, "")
    comparison = json.loads(verified.out)["verification"]
    assert (comparison["samples"], comparison["confirmed"], comparison["identical"]) == (2, 2, 2)
    before = (tmp_path / "run.json").read_bytes()
    assert evaluate(short_folder, tmp_path, "-m", method, "--preset", preset, *TINY).code == 0
    assert (tmp_path / "run.json").read_bytes() == before
    assert status(tmp_path)["complete"]
    assert cramboard("view", tmp_path).code == 0


def plain_scores(
    decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return bits and rightness of t_2, t_3 .. behind `v_1..v_k t_1 ..`, or behind `t_1 ..` alone, in float64."""
    network = decoder.network(torch.float64)
    read = network.get_input_embeddings()(ids)
    if vectors is not None:
        read = torch.cat([vectors.double(), read])
    logits = network(inputs_embeds=read[None]).logits[0, -len(ids) : -1]
    bits = torch.nn.functional.cross_entropy(logits, ids[1:], reduction="none") / math.log(2)
    return bits, logits.argmax(-1) == ids[1:]


@pytest.mark.parametrize("method", ["kuratov2025", "tarasov2026"])
def test_a_bare_layout_leaves_the_first_token_out_of_every_gain(
    method: str, short_folder: Path, tmp_path: Path
) -> None:
    run_of(short_folder, tmp_path, method, "own")
    decoder = load_decoder(find_decoder(str(short_folder)))
    control = load_file(tmp_path / "control.safetensors")["control"]
    files = load_certificate(tmp_path)
    entries = {entry.key: entry for entry in files.certificate.entries}
    texts = {sample.id: sample for sample in load_task("speeches").samples("public", entries_samples(files))}
    for record in records_of(tmp_path):
        ids = torch.tensor(tokens_of(texts[record.sample], decoder).ids[: record.span])
        without, right_without = plain_scores(decoder, ids, None)
        held, right = plain_scores(decoder, ids, files.of(entries[record.certificate_key]))
        constant, _ = plain_scores(decoder, ids, control)
        at = record.at_span
        assert record.marks.bits[0] == 0
        assert at.surprisal_bits == pytest.approx(float(without.sum()), abs=0.01)
        assert at.gain_bits == pytest.approx(float((without - held).sum()), abs=0.01)
        assert at.control_gain_bits == pytest.approx(float((without - constant).sum()), abs=0.01)
        assert at.token_gain == int(right.sum()) - int(right_without.sum())
        # The first token counts in the horizon, and with it in the accuracy.
        assert at.accuracy * record.span == pytest.approx(int(right.sum()) + (record.marks.margins[0] > 0), abs=1e-3)
        assert record.recovered_bits == pytest.approx(float(without[: max(0, record.horizon - 1)].sum()), abs=0.01)
        assert record.other_horizons.after_first >= record.horizon - 1


def entries_samples(files: CertificateFiles) -> list[str]:
    return [entry.sample for entry in files.certificate.entries]


def test_a_bos_of_the_decoder_stands_behind_the_vectors_and_foretells_the_first_token(
    bos_folder: Path, tmp_path: Path
) -> None:
    run = run_of(bos_folder, tmp_path, "kuratov2025", "own", "--set", "span=8")
    assert (run.decoder.layout, run.decoder.suffix) == ("bare", (256,))
    assert {claim.tokens for claim in claims_of(run)} == {9}
    assert all(record.marks.bits[0] > 0 for record in records_of(tmp_path))
    verified = cramboard("verify", tmp_path, "-d", bos_folder, "--json")
    assert json.loads(verified.out)["verification"]["identical"] == 2
    again = evaluate(bos_folder, tmp_path, "-m", "kuratov2025", "--preset", "own", *TINY, "--set", "span=8")
    assert again.code == 0


def test_only_the_bare_layout_reads_the_bos(bos_folder: Path, tmp_path: Path) -> None:
    run = run_of(bos_folder, tmp_path, "kuratov2025", "anchored")
    assert (run.decoder.layout, run.decoder.suffix) == ("anchored", ())


def test_a_claim_is_the_protocols_own_and_the_horizon_ours(short_folder: Path, tmp_path: Path) -> None:
    """What the protocol says was right is what its vectors get right in its own layout, whatever is certified."""
    run = run_of(short_folder, tmp_path, "tarasov2026", "own", "--set", "rate=0.3", "--set", "warmup=5")
    records = {record.sample: record for record in records_of(tmp_path)}
    assert any(claim.tokens for claim in claims_of(run))
    for claim in claims_of(run):
        record = records[claim.sample]
        assert claim.tokens <= record.other_horizons.argmax
        assert record.horizon <= record.other_horizons.argmax


def test_the_control_of_another_layout_is_another(short_folder: Path, tmp_path: Path) -> None:
    runs = {preset: run_of(short_folder, tmp_path / preset, "kuratov2025", preset) for preset in ("anchored", "own")}
    assert runs["anchored"].control_sha256 != runs["own"].control_sha256
    files = [load_file(tmp_path / preset / "control.safetensors")["control"] for preset in runs]
    assert files[0].shape == files[1].shape


def test_what_is_published_of_a_sealed_run_holds_no_claim(short_folder: Path, tmp_path: Path) -> None:
    words = ("tasks", "seal", "speeches", "--name", "2027-1", "--samples", 1, "--output-dir", tmp_path / "set")
    assert cramboard(*words).code == 0
    words = ("-m", "kuratov2025", "--preset", "own", "--set", "steps=3", "--sealed", tmp_path / "set")
    assert evaluate(short_folder, tmp_path / "run", *words).code == 0
    [unit] = RunFolder(tmp_path / "run").run().units
    assert (unit.claims, unit.curve) == ((), ())


def test_drawn_tokens_leave_the_source_of_the_first_out_too(short_folder: Path, tmp_path: Path) -> None:
    words = ("-t", "random-tokens", "--set", "warmup=5", "--set", "steps=150", "--set", "span=4")
    run_of(short_folder, tmp_path, "tarasov2026", "low-dimensional-own", *words)
    held = [record for record in records_of(tmp_path) if record.horizon]
    assert held
    for record in held:
        # 256 bytes less the 13 that UTF-8 never has.
        assert record.source_bits == pytest.approx((record.horizon - 1) * math.log2(243), abs=1e-3)


def test_a_folder_holds_one_layout(short_folder: Path, tmp_path: Path) -> None:
    run_of(short_folder, tmp_path, "tarasov2026", "anchored")
    evaluate(short_folder, tmp_path, "-m", "tarasov2026", "--preset", "own", *TINY).refused(
        3, "holds a run with another decoder"
    )


def test_a_certificate_of_one_layout_is_not_verified_in_the_other(short_folder: Path, tmp_path: Path) -> None:
    run_of(short_folder, tmp_path, "kuratov2025", "own")
    path = tmp_path / "run.json"
    path.write_text(path.read_text().replace('"layout": "bare"', '"layout": "anchored"'))
    assert cramboard("verify", tmp_path, "-d", short_folder).code == 3
