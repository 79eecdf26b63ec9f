"""Made-up runs: records, summaries and English texts for the tests of results and board."""

from collections.abc import Sequence
from typing import Any

from cramboard.results import summarise
from cramboard.schema import (
    CurvePoint,
    DecoderRef,
    Failure,
    LengthMeasures,
    MethodRef,
    OtherHorizons,
    Provenance,
    RunRecord,
    SampleRecord,
    StoredHorizon,
    Summary,
    TaskRef,
    TokenMarks,
    UnitCost,
)

TEXTS = (
    "The ferry leaves the old harbour at seven, long before the market opens, and comes back at noon with "
    "crates of lemons, letters from the islands and two or three passengers who have nowhere else to be. "
    "Nobody remembers who first painted the railings green, though everyone agrees that it was done in a "
    "single night and without permission.",
    "In the second winter the bridge was closed to carts, and the baker learned to carry flour across on a "
    "sledge. She said that it was no worse than the stairs at home. By spring the children had worn a path "
    "beside it so smooth that even the doctor, who trusted nothing that he could not measure, used it twice.",
    "A good map shows what to leave out. The surveyor kept the wells, the fords and the three trees that "
    "could be seen from the pass; he left out the fences, which moved, and the names of the fields, which "
    "people argued about. Travellers found that they lost their way less often, and argued more.",
    "Every clock in the valley ran a little fast, except the one in the school, which had stopped. The "
    "teacher rang the bell by the light on the far wall, and the trains, which were never on time, were "
    "thought to be exactly as late as they should be.",
)
AUTHORS = ("Ida Brandt", "Tomas Okafor", "Ida Brandt", "June Vale")


def ends_of(text: str) -> tuple[int, ...]:
    """Cut `text` into made-up tokens: a word with the space before it, long words in two."""
    ends: list[int] = []
    for position, char in enumerate(text):
        if position and char in " ,.;" and (not ends or ends[-1] < position):
            ends.append(position)
        elif ends and position - ends[-1] == 7:
            ends.append(position)
    return (*ends, len(text))


def marks_of(text: str, horizon: int, thin: bool = False) -> TokenMarks:
    """Mark `text` so that its first failure is at `horizon` (thin or wrong); later tokens vary."""
    ends = ends_of(text)
    margins = [
        0.1 + index % 7 if index < horizon else (-1.5, 0.02, 0.8, -0.3, 2.0)[index % 5] for index in range(len(ends))
    ]
    if horizon < len(ends):
        margins[horizon] = 0.0312 if thin else -0.75
    bits = tuple(round(1.5 + index * 37 % 11, 2) for index in range(len(ends)))
    return TokenMarks(ends=ends, margins=tuple(margins), bits=bits)


def record(sample: str = "sample-1", **changes: Any) -> SampleRecord:
    """Return a record with made-up values; `changes` replace fields."""
    values: dict[str, Any] = {
        "sample": sample,
        "author": "Ida Brandt",
        "certificate_key": "a" * 64,
        "measurement_key": "b" * 64,
        "span": 64,
        "tokens": 74,
        "horizon": 30,
        "greedy_horizon": 31,
        "other_horizons": other_horizons(30),
        "censored": False,
        "self_limited": False,
        "bytes": 128,
        "recovered_bits": 180.5,
        "density": 0.3134,
        "coder_efficiency": 0.0392,
        "coder_bound": 74,
        "gain_bits": 171.2,
        "control_gain_bits": 6.5,
        "first": at_length(1, 4.0, 1.0),
        "at_span": at_length(64, 150.0, 8.5),
        "lengths": (),
        "stored": stored(30, 30, 28, 4),
        "coarsest": "bfloat16",
        "bfloat16_decoder_horizon": 27,
        "bfloat16_decoder_device": "cpu",
        "marks": marks_of(TEXTS[0], 30),
    }
    return SampleRecord.model_validate(values | changes)


def stored(*horizons: int) -> dict[str, StoredHorizon]:
    """Return the horizons under float32, bfloat16, int8 and int4 (a vector of 576 numbers)."""
    sizes = {"float32": 18432, "bfloat16": 9216, "int8": 4640, "int4": 2336}
    return {
        dtype: StoredHorizon(bits=bits, horizon=horizon)
        for (dtype, bits), horizon in zip(sizes.items(), horizons, strict=False)
    }


def at_length(length: int, gain: float, control: float) -> LengthMeasures:
    """Return measures at one fixed length."""
    return LengthMeasures(
        length=length,
        surprisal_bits=6.1 * length,
        gain_bits=gain,
        control_gain_bits=control,
        accuracy=min(1.0, 40 / length),
        token_gain=24.0,
        utilisation=0.041,
    )


def other_horizons(horizon: int) -> OtherHorizons:
    """Return the horizons that others would count of vectors whose first token is certified."""
    return OtherHorizons(argmax=horizon, after_first=max(0, horizon - 1), argmax_after_first=max(0, horizon - 1))


def point(seconds: float, steps: int, horizon: float) -> CurvePoint:
    """A point of an anytime curve of one sample."""
    return CurvePoint(seconds=seconds, steps=steps, mean_horizon=horizon, horizons=(round(horizon),), certified=True)


def cost(samples: Sequence[str]) -> UnitCost:
    """Return what a unit of `samples` cost, made up."""
    return UnitCost(
        samples=tuple(samples),
        search_dtype="float32",
        attention="sdpa",
        threads=2,
        encode_seconds=172.4,
        verify_seconds=6.1,
        device="cpu",
        peak_memory_bytes=1_610_612_736,
        curve=(
            point(10.0, 90, 4.0),
            point(60.0, 540, 19.5),
            point(130.0, 1200, 33.0),
            point(172.4, 1500, 31.5),
        ),
    )


def run(samples: Sequence[str], **changes: Any) -> RunRecord:
    """Return a run of `samples` with made-up values; `changes` replace fields."""
    values: dict[str, Any] = {
        "task": TaskRef(name="essays", version="1.0.0", manifest_sha256="c" * 64),
        "split": "public",
        "samples": tuple(samples),
        "subset": f"essays@{len(samples)}",
        "decoder": DecoderRef(name="tiny-decoder-135m", tensors_sha256="d" * 64, anchor=0),
        "ranked": True,
        "method": MethodRef(name="cram", settings={"steps": 1500, "rate": 0.1, "grow": 4, "certify": True}),
        "preset": "quick",
        "k": 1,
        "seed": 0,
        "span": None,
        "control_sha256": "9" * 64,
        "command": f"cramboard evaluate -t essays -d tiny-decoder-135m -m cram -k 1 --limit {len(samples)}",
        "started": "2026-03-02T09:30:00Z",
        "batch_size": 4,
        "provenance": Provenance(
            cramboard="0.1.0",
            commit="e" * 40,
            python="3.11.7",
            packages={"torch": "2.9.0", "transformers": "5.17.0", "numpy": "2.4.0"},
            platform="Linux-6.1-x86_64",
            processor="A processor, 2 cores",
            threads=2,
            device="cpu",
            driver=None,
            search_dtype="float32",
            attention="sdpa",
        ),
        "units": (cost(samples),),
    }
    return RunRecord.model_validate(values | changes)


def essays() -> tuple[RunRecord, Summary, list[SampleRecord], dict[str, str]]:
    """Return a run of five samples: one failed, one censored, one self-limited, one without a text."""
    ids = ["essay-ferry", "essay-bridge", "essay-map", "essay-clock", "essay-lost"]
    horizons = (30, 41, 18, len(ends_of(TEXTS[3])))
    records = [
        record(
            sample,
            author=author,
            span=horizon if sample == "essay-map" else max(64, horizon),
            tokens=len(ends_of(text)),
            horizon=horizon,
            greedy_horizon=horizon,
            other_horizons=other_horizons(horizon),
            at_span=at_length(horizon if sample == "essay-map" else max(64, horizon), 5.7 * horizon, 0.2 * horizon),
            censored=sample == "essay-clock",
            self_limited=sample == "essay-map",
            bytes=ends_of(text)[horizon - 1],
            recovered_bits=6.1 * horizon,
            density=6.1 * horizon / 576,
            coder_efficiency=6.1 * horizon / 9216,
            gain_bits=5.7 * horizon,
            control_gain_bits=0.2 * horizon,
            lengths=tuple(at_length(n, 4.0 * n**0.8, 9.0 - n / 16) for n in (16, 32, 48)),
            stored=stored(horizon, horizon, horizon - 2, 3),
            marks=marks_of(text, horizon, thin=sample == "essay-bridge"),
        )
        for sample, author, horizon, text in zip(ids, AUTHORS, horizons, TEXTS, strict=False)
    ]
    record_of_run = run(ids)
    failures = [Failure(sample="essay-lost", reason="the vectors are not finite")]
    texts = dict(zip(ids, TEXTS, strict=False))
    del texts["essay-map"]
    return record_of_run, summary(record_of_run, records, failures), records, texts


def summary(made: RunRecord, records: Sequence[SampleRecord], failures: Sequence[Failure] = ()) -> Summary:
    """Summarise with a made-up certificate."""
    return summarise(made, records, failures, verifier_version=1, certificate_sha256="f" * 64)
