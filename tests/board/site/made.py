"""Made-up submissions on real tasks: result folders as `cramboard submit add` files them, for the site's tests."""

import math
import random
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from cramboard.decoders import decoder_names, find_decoder
from cramboard.results import Beside, Measured, sealed_gap, summarise
from cramboard.schema import (
    DecoderRef,
    Failure,
    LengthMeasures,
    ManifestLine,
    RunRecord,
    SampleRecord,
    SealedGap,
    Summary,
    TaskRef,
    Verification,
    from_json,
    from_jsonl_file,
    to_json,
    to_jsonl,
)
from cramboard.tasks import Task, load_task
from tests import records

SMOLLM, GEMMA = "smollm2-135m-instruct-q4_1", "gemma-3-270m-q4_k_m"
SIZES = {SMOLLM: (576, 49152), GEMMA: (640, 262144)}
TASK = "speeches"
VERIFIER = 2


@lru_cache
def task(name: str = TASK) -> Task:
    return load_task(name)


@lru_cache
def texts(name: str = TASK) -> dict[str, str]:
    return {sample.id: sample.text for sample in task(name).samples("public") if sample.text is not None}


@lru_cache
def decoder(name: str = SMOLLM) -> DecoderRef:
    assert name in decoder_names()
    spec = find_decoder(name).spec
    assert spec
    return DecoderRef(name=name, tensors_sha256=spec.tensors_sha256, anchor=spec.anchor)


def made_record(line: ManifestLine, mean: float, k: int, name: str, draw: random.Random) -> SampleRecord:
    """Return a record of one sample whose horizon scatters around `mean` tokens."""
    d, vocabulary = SIZES[name]
    (text, ends), drawn = opening(line.id), line.id not in texts(TASK) | texts("random-words")
    horizon = min(len(ends) - 20, max(0, round(mean * draw.lognormvariate(0, 0.35))))
    count = min(len(ends), horizon + 64)
    marks = records.marks_of(text[: ends[count - 1]], horizon, thin=draw.random() < 0.3)
    bits = tuple(round(draw.expovariate(1 / 5.2), 3) for _ in range(count))
    marks = marks.model_copy(
        update={
            "ends": None if drawn else ends[:count],
            "margins": tuple(
                round(m * draw.uniform(0.6, 1.4), 3) if abs(m) > 0.08 else m for m in marks.margins[:count]
            ),
            "bits": bits,
        }
    )
    recovered, stored_bits = round(math.fsum(bits[:horizon]), 3), 32 * k * d
    capacity = 16 * k * d / math.log2(vocabulary)
    lengths = tuple(
        LengthMeasures(
            length=n,
            surprisal_bits=round(uncertainty(line.id, drawn) * n, 3),
            gain_bits=round(0.8 * recovered * min(1, n / max(horizon, 1)) - max(0, n - horizon) * 0.02, 3),
            control_gain_bits=round(12 - n / 100, 3),
            accuracy=round(min(1.0, (min(horizon, n) + 0.34 * max(0, n - horizon)) / n), 6),
            token_gain=round(0.66 * min(horizon, n), 3),
            utilisation=round(0.66 * min(horizon, n) / capacity, 6),
        )
        for n in (64, 128, 256, 512, 1024, 2048)
    )
    return records.record(
        line.id,
        author=line.author,
        span=256,
        tokens=4000,
        horizon=horizon,
        greedy_horizon=horizon,
        other_horizons=records.other_horizons(horizon),
        first=lengths[0].model_copy(update={"length": 1}),
        at_span=lengths[2],
        bytes=None if drawn else ends[horizon - 1] if horizon else 0,
        source_bits=None if line.id in texts(TASK) else recovered,
        recovered_bits=recovered,
        density=round(recovered / (k * d), 6),
        coder_efficiency=round(recovered / stored_bits, 6),
        coder_bound=round(stored_bits / 5.2),
        gain_bits=round(0.8 * recovered, 3),
        control_gain_bits=round(0.05 * recovered, 3),
        lengths=lengths,
        stored=stored(k * d, k, horizon),
        coarsest="bfloat16" if draw.random() < 0.4 else "int8",
        marks=marks,
    )


def uncertainty(sample: str, drawn: bool) -> float:
    """Return a sample's made-up bits per token: random words are hard, random tokens harder."""
    level = 14.0 if drawn else 9.0 if sample in texts("random-words") else 4.7
    return level * random.Random(sample).uniform(0.85, 1.15)


def stored(numbers: int, k: int, horizon: int) -> dict[str, dict[str, int]]:
    sizes = {
        "float32": 32 * numbers,
        "bfloat16": 16 * numbers,
        "int8": (8 * numbers + 32 * k),
        "int4": 4 * numbers + 32 * k,
    }
    shares = {"float32": 1.0, "bfloat16": 1.0, "int8": 0.93, "int4": 0.12}
    return {dtype: {"bits": bits, "horizon": round(horizon * shares[dtype])} for dtype, bits in sizes.items()}


@cache
def opening(sample: str) -> tuple[str, tuple[int, ...]]:
    """Return the beginning of a sample's text, with made-up tokens; draws have none."""
    for name in (TASK, "random-words"):
        if sample in texts(name):
            text = texts(name)[sample][:3000]
            return text, records.ends_of(text)
    return "x" * 900, tuple(range(1, 901))


def result(
    folder: Path,
    mean: float = 60.0,
    name: str = SMOLLM,
    of: str = TASK,
    k: int = 1,
    seed: int = 0,
    span: int | None = None,
    limit: int | None = None,
    skip: int = 0,
    seconds: float = 40.0,
    draws: int = 1,
    confirmed: int = 0,
    failures: int = 0,
    split: str = "public",
    private: bool = False,
    **changes: Any,
) -> Path:
    """Write a made-up run folder: `mean` tokens on `limit` samples less the first `skip`, `seconds` a sample.

    A sealed one has two files, or all if `private`.
    """
    definition = task(of)
    lines = definition.select("public", limit=limit)[skip:]
    draw = random.Random(draws)
    made = [made_record(line, mean, k, name, draw) for line in lines[: len(lines) - failures]]
    ids = [line.id for line in lines]
    unit = records.cost(ids).model_copy(
        update={
            "encode_seconds": seconds * len(ids),
            "curve": tuple(
                records.point(seconds * share, round(1500 * share), mean * share**0.4)
                for share in (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
            )
            if seconds > 1
            else (),
        }
    )
    run = records.run(
        ids,
        **{
            "task": definition.ref if split == "public" else sealed_ref(of),
            "split": split,
            "subset": definition.subset_name("public", ids) if split == "public" else of,
            "decoder": decoder(name),
            "k": k,
            "seed": seed,
            "span": span,
            "command": f"cramboard evaluate -t {of} -d {name} -m cram -k {k}",
            "units": (unit,),
        }
        | changes,
    )
    write(
        folder,
        run,
        made,
        [Failure(sample=line.id, reason="no vectors") for line in lines[len(made) :]],
        confirmed,
        private,
    )
    return folder


def sealed_ref(of: str = TASK) -> TaskRef:
    """Return a made-up sealed set of a task: its commitment stands in the place of a manifest's sha256."""
    return task(of).ref.model_copy(update={"manifest_sha256": "1a2b3c4d" * 8})


def write(
    folder: Path, run: RunRecord, made: Sequence[SampleRecord], failures: Sequence[Failure] = (), confirmed: int = 0,
    private: bool = False,
) -> None:  # fmt: skip
    """Write a run folder's files; a sealed one has only two unless it is `private`."""
    folder.mkdir(parents=True, exist_ok=True)
    summary = summarise(run, made, failures, verifier_version=VERIFIER, certificate_sha256="f" * 64)
    (folder / "run.json").write_text(to_json(run))
    (folder / "summary.json").write_text(to_json(summary))
    if run.split == "sealed" and not private:
        return
    (folder / "samples.jsonl").write_text(to_jsonl(sorted(made, key=lambda record: record.sample)))
    if confirmed:
        line = Verification(
            certificate_sha256="f" * 64,
            verifier_version=VERIFIER,
            device="cpu",
            attention="eager",
            threads=1,
            torch="2.13.0",
            samples=len(made),
            confirmed=len(made),
            identical=len(made) - 1,
            unconfirmed=(),
            largest_bits_difference_per_token=4.7e-6,
        )
        (folder / "verifications.jsonl").write_text(to_jsonl([line] * confirmed))


def spec(**changes: Any) -> dict[str, Any]:
    """Return a submission's fields, made up; `changes` replace them."""
    return {
        "name": "Cramming, standard",
        "authors": ["Ida Brandt", "Tomas Okafor"],
        "description": "Every sample's vectors are optimised on their own.\n\nMade up for the tests of this page.",
        "links": {"Code": "https://example.org/code"},
        "licence": "Apache-2.0",
        "kind": "optimisation",
        "method": "cram",
        "decoders": [SMOLLM],
        "plans": [{"k": 1, "span": 256}],
        "training_data": "none",
    } | changes


def submission(root: Path, slug: str, **changes: Any) -> Path:
    """Write a submission's folder without results and return it."""
    folder = root / slug
    folder.mkdir(parents=True)
    (folder / "submission.yaml").write_text(yaml.safe_dump(spec(**changes), allow_unicode=True))
    return folder


def filed(
    folder: Path, of: str = TASK, name: str = SMOLLM, k: int = 1, seed: int = 0, split: str | None = None,
    span: int | None = None, limit: int | None = None,
) -> Path:  # fmt: skip
    """Return where a result of a submission is filed."""
    tail = f"-span{span}" if span else ""
    tail += (f"-seed{seed}" if seed else "") + (f"-first{limit}" if limit else "")
    tail += "-sealed-1a2b3c4d" if split == "sealed" else ""
    return folder / "results" / of / name / f"k{k}{tail}"


def add(folder: Path, of: str = TASK, name: str = SMOLLM, k: int = 1, seed: int = 0, **changes: Any) -> Path:
    """Write a result where its submission files it."""
    place = filed(folder, of, name, k, seed, *(changes.get(word) for word in ("split", "span", "limit")))
    return result(place, of=of, name=name, k=k, seed=seed, **changes)


def measured(run: Path) -> Measured:
    """Return the records of a result with all its files."""
    summary = from_json(Summary, (run / "summary.json").read_text(), str(run))
    return Measured(from_jsonl_file(SampleRecord, run / "samples.jsonl", "sample records"), summary.samples_sha256)


def add_sealed(folder: Path, cram: Path, **changes: Any) -> SealedGap:
    """File a sealed result of `folder` with its gap, measured against the submission `cram`, which has one itself."""
    limit, sides = changes.get("limit"), []
    for one in (folder, cram):
        given = changes if one == folder else {"mean": 74, "draws": 31, "limit": limit}
        private = result(folder.parent.parent / "private" / one.name, split="sealed", private=True, **given)
        add(one, split="sealed", **given)
        sides.append((measured(filed(one, limit=limit)), measured(private)))
    (public, sealed), (cram_public, cram_sealed) = sides
    gap = sealed_gap(Beside(public, cram_public), Beside(sealed, cram_sealed), cram.name, VERIFIER)
    (filed(folder, split="sealed", limit=limit) / "gap.json").write_text(to_json(gap))
    return gap


def board(root: Path) -> Path:
    """Write a small board with something of everything."""
    cram = submission(root, "cram", name="Cramming, standard")
    for number, (of, name, mean) in enumerate(
        ((TASK, SMOLLM, 78), (TASK, GEMMA, 96), ("random-words", SMOLLM, 41), ("random-words", GEMMA, 52))
    ):
        add(cram, of=of, name=name, mean=mean, draws=number, confirmed=2, seconds=38 + 9 * number)
        for k, held in ((2, 1.8), (4, 3.2), (8, 5.6)):
            add(cram, of=of, name=name, k=k, mean=mean * held, limit=16, draws=number, seconds=60)
    add(cram, of="random-tokens", mean=26, draws=17)
    for seed in (1, 2):
        add(cram, mean=77, seed=seed, draws=10 + seed)
    add(cram, mean=15, span=16, draws=33)
    full = submission(root, "cram-full", name="Cramming, ten times the steps", authors=["June Vale"])
    add(full, mean=83, draws=2, seconds=410, confirmed=1)
    add(full, mean=101, name=GEMMA, draws=7, seconds=520)
    progressive = submission(root, "progressive", name="Progressive cramming", description="One token a stage.")
    add(progressive, mean=47, draws=5, seconds=260, failures=2)
    add(progressive, mean=30, of="random-words", draws=5, seconds=240)
    encoders = (("mean-pool", "Mean of token embeddings", 1.4, 0.02), ("tiny-encoder", "Tiny encoder", 9, 0.6))
    for slug, title, mean, seconds in encoders:
        one = submission(root, slug, name=title, kind="encoder", method=None, encoder={}, parameters=12_000_000)
        for of in (TASK, "random-words"):
            add(one, of=of, mean=mean, draws=8, seconds=seconds, confirmed=1, method={"name": slug, "settings": {}})
        add_sealed(one, cram, mean=mean * 0.97, draws=9, seconds=seconds, method={"name": slug, "settings": {}})
    memory = submission(root, "memory", name="Memory encoder", kind="encoder", method=None, encoder={})
    known = {"method": {"name": "memory", "settings": {}}, "seconds": 0.4}
    add(memory, mean=52, draws=14, **known)
    add_sealed(memory, cram, mean=3, draws=15, **known)
    upload = submission(root, "second-order", name="Second-order search", kind="upload", method=None, suffix=[2])
    add(upload, mean=85, draws=4, confirmed=1, decoder=decoder().model_copy(update={"suffix": (2,)}))
    control = submission(root, "constant", name="Constant control", kind="control", method="constant")
    add(control, mean=0.3, draws=6, seconds=0.0)
    return root
