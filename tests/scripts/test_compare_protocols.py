"""The table of protocols: what is claimed beside what is certified, a row a run or a grid, and a coder's line."""

import math
from statistics import fmean
from types import ModuleType, SimpleNamespace

import pytest

from cramboard.errors import InputError
from cramboard.run import CompleteRun, RunFolder
from cramboard.schema import LengthMeasures, MethodRef, OtherHorizons, ProtocolClaim
from tests import records
from tests.run.commands import cramboard
from tests.scripts.loading import script

SAMPLES = ("one", "two")


@pytest.fixture(scope="module", name="script")
def loaded() -> ModuleType:
    return script("compare_protocols")


def at(length: int, right: int) -> LengthMeasures:
    """Four bits a token, all gained for tokens that are right; the decoder alone gets none right."""
    return LengthMeasures(
        length=length, surprisal_bits=4.0 * length, gain_bits=4.0 * right, control_gain_bits=1.0,
        accuracy=right / length, token_gain=right, utilisation=0.0,
    )  # fmt: skip


def made(
    method: str, span: int, right: tuple[int, ...], horizons: tuple[int, ...], claims: tuple[float, ...] = (),
    tokens: int = 0, layout: str = "anchored", samples: tuple[str, ...] = SAMPLES, **changes: object,
) -> CompleteRun:  # fmt: skip
    """Return a run: of each sample the tokens that are right at the span, its horizon, and the accuracy claimed."""
    found = [
        records.record(
            sample, author=sample, span=span, tokens=300, horizon=horizon, coder_bound=200 + place,
            first=at(1, 0), at_span=at(span, count), lengths=tuple(at(n, min(n, count)) for n in (64, 128, 256)),
            other_horizons=OtherHorizons(argmax=horizon + 2, after_first=horizon + 4, argmax_after_first=horizon + 6),
            recovered_bits=4.0 * horizon,
        )
        for place, (sample, count, horizon) in enumerate(zip(samples, right, horizons, strict=False))
    ]  # fmt: skip
    cost = records.cost(samples).model_copy(
        update={
            "encode_seconds": 3.0 * len(samples),
            "claims": tuple(
                ProtocolClaim(sample=sample, tokens=tokens or span, steps=9, accuracy=accuracy, loss_nats=0.25)
                for sample, accuracy in zip(SAMPLES, claims, strict=False)
            ),
        }
    )
    run = records.run(
        samples,
        method=MethodRef(name=method, settings={"free_first": layout == "bare"}),
        span=span,
        preset="anchored",
        units=(cost,),
    )
    decoder = run.decoder.model_copy(update={"layout": layout})
    run = run.model_copy(update={"decoder": decoder, **changes})
    files = SimpleNamespace(certificate=SimpleNamespace(dtype="float32"))
    return CompleteRun(run, None, files, tuple(found), records.summary(run, found))


def read(table: str) -> list[dict[str, str]]:
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    headers, _, *rows = [[cell.strip() for cell in line] for line in lines]
    assert all(len(row) == len(headers) for row in rows)
    return [dict(zip(headers, row, strict=True)) for row in rows]


def test_a_run_is_a_row_and_its_claim_stands_beside_what_is_certified(script):
    progressive = made("tarasov2026", 100, (50, 40), (20, 30), claims=(1.0, 1.0), tokens=50)
    control = made("constant", 100, (2, 4), (0, 0))
    row, other, _ = read(script.table([progressive, control]))
    assert (row["method"], row["layout"], row["k"], row["span"]) == ("tarasov2026 anchored", "anchored", "1", "100")
    assert row["accuracy claimed"] == "100.00%"
    assert row["accuracy at the span"].startswith("45.0%")
    assert row["its own measure, claimed"] == "50.0 tokens at 100%"
    assert row["its own measure, verified"] == "27.0 tokens at 100%"
    assert row["certified horizon"].startswith("25.0")
    assert row["share of the claim"] == "50.00%"
    assert row["argmax horizon"].startswith("27.0")
    assert row["certified after t_1"].startswith("29.0")
    assert row["argmax after t_1"].startswith("31.0")
    assert row["recovered bits"].startswith("100")
    assert row["gain at 64, bits"].startswith("180")
    assert row["seconds a sample"] == "3.00"
    for column in ("accuracy claimed", "its own measure, claimed", "its own measure, verified", "share of the claim"):
        assert other[column] == "-"
    # Fixed lengths up to the first that no span exceeds.
    assert "gain at 128, bits" in row
    assert "gain at 256, bits" not in row


def test_a_grid_is_one_row_about_the_length_that_it_claims_to_hold(script):
    grid = [
        made("kuratov2025", 64, (32, 32), (1, 2), claims=(0.8, 0.9)),
        made("kuratov2025", 16, (16, 15), (9, 10), claims=(1.0, 1.0)),
        made("kuratov2025", 32, (32, 32), (5, 6), claims=(1.0, 0.985)),
    ]
    row, _ = read(script.table(grid))
    assert row["span"] == "32 (of 16, 32, 64)"
    assert row["certified horizon"].startswith("5.50")
    # By claims 32 is held, and three attempts fail: 0.8 and 0.9 of 64, 0.985 of 32; four bits a token less 0.25 nats.
    assert row["its own measure, claimed"].startswith("Max 32; Gain 46.8±13.6 tokens, IG ")
    assert row["its own measure, claimed"].endswith(" over 3 failing of 6")
    nats = [64 * 4 * math.log(2) - 16, 64 * 4 * math.log(2) - 16, 32 * 4 * math.log(2) - 8]
    assert f"IG {sum(nats) / 3:.1f}±" in row["its own measure, claimed"]
    # Verified it is too, while 15 of 16 and 32 of 64 fail: 15, 32 and 32 tokens.
    assert row["its own measure, verified"].startswith("Max 32; Gain 26.3±9.81 tokens, IG 73.0±27.2 nats (105.3 bits)")
    assert row["share of the claim"] == f"{100 * 5.5 / 32:.2f}%"
    assert row["seconds a sample"] == "9.00"


def test_a_grid_that_holds_nothing_shows_its_shortest_run_and_has_no_share(script):
    grid = [made("kuratov2025", n, (4, 4), (1, n // 8), claims=(0.5, 0.5)) for n in (32, 16)]
    row, _ = read(script.table(grid))
    assert row["span"] == "16 (of 16, 32)"
    assert row["its own measure, claimed"].startswith("Max 0;")
    assert row["share of the claim"] == "-"


def test_runs_in_their_own_layout_are_a_row_of_their_own_and_count_the_first_token_free(script):
    own = made("kuratov2025", 16, (15, 15), (0, 0), claims=(1.0, 0.5), layout="bare")
    anchored = made("kuratov2025", 16, (15, 15), (0, 0), claims=(1.0, 0.5))
    rows = read(script.table([own, anchored]))
    assert [row["layout"] for row in rows] == ["bare", "anchored", "anchored"]
    # One fails, at 0.5: 7.5 of 15 predictions, times 16; or 8 of 16. The bits without t_1 (4 of 64) times 16 / 15.
    assert "Gain 8.00 tokens" in rows[0]["its own measure, claimed"]
    assert f"IG {(60 * math.log(2) - 15 / 4) * 16 / 15:.1f} nats" in rows[0]["its own measure, claimed"]
    assert f"IG {64 * math.log(2) - 16 / 4:.1f} nats" in rows[1]["its own measure, claimed"]


def test_a_progressive_protocol_too_is_verified_with_every_token_scored(script):
    own = made("tarasov2026", 100, (50, 40), (20, 30), claims=(1.0, 1.0), tokens=50, layout="bare")
    row, _ = read(script.table([own]))
    assert row["its own measure, verified"] == "27.0 tokens at 100%"


def test_the_last_line_is_a_coder_in_the_same_bits(script):
    *_, coder = read(script.table([made("cram", 100, (50, 50), (20, 30))]))
    assert coder["method"] == "arithmetic coder, in the 18,432 bits of k = 1"
    # The 200th and the 201st token are one too many.
    assert coder["certified horizon"] == "199.5"
    assert coder["gain at 64, bits"] == "256.0 (32.0 bytes)"
    assert coder["gain at 128, bits"] == "512.0 (64.0 bytes)"


def test_a_sample_without_a_result_counts_nothing_and_is_named(script):
    run = made("tarasov2026", 100, (50,), (20,), claims=(1.0,), tokens=50)
    text = script.table([run])
    row, _ = read(text)
    assert row["certified horizon"].startswith("10.0")
    assert row["its own measure, claimed"] == "25.0 tokens at 100%"
    assert "Samples without a result, counted as 0: tarasov2026 1." in text


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"task": records.TaskRef(name="letters", version="1.0.0", manifest_sha256="c" * 64)}, "not of the same task"),
        (
            {"decoder": records.DecoderRef(name="tiny-decoder-135m", tensors_sha256="e" * 64, anchor=0)},
            "not of the same decoder",
        ),
        ({"samples": ("one",)}, "not of the same samples"),
        ({}, "the same run is given twice"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(script, other, says):
    first, second = made("cram", 100, (50, 50), (20, 30)), made("cram", 100, (50, 50), (20, 30), **other)
    with pytest.raises(InputError, match=says):
        script.table([first, second])


def test_finished_run_folders_are_read(script, finished_run, short_folder, common_cache, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))
    folders = [finished_run]
    for method, *settings in (
        ("random-vectors", "span=4"),
        ("kuratov2025", "layout=bare", "free_first=true", "steps=9"),
    ):
        folders.append(tmp_path / method)
        ended = cramboard(
            "evaluate", "-t", "speeches", "-d", short_folder, "-m", method, "-k", 2, "--limit", 3, "--device", "cpu",
            "--output-dir", folders[-1], *(word for setting in settings for word in ("--set", setting)),
        )  # fmt: skip
        assert ended.code == 0, ended.err
    monkeypatch.setattr("sys.argv", ["compare_protocols", *map(str, folders)])
    assert script.main() == 0
    rows = read(capsys.readouterr().out)
    assert [row["method"].split()[0] for row in rows] == ["cram", "random-vectors", "kuratov2025", "arithmetic"]
    assert [row["layout"] for row in rows] == ["anchored", "anchored", "bare", "anchored"]
    assert [row["k"] for row in rows] == ["2", "2", "2", "0"]
    assert [row["span"] for row in rows[:3]] == ["16", "8", "128"]
    horizon = fmean(record.horizon for record in RunFolder(finished_run).records())
    assert rows[0]["certified horizon"].startswith(f"{horizon:.2f}")
    claims = [claim for unit in RunFolder(folders[2]).run().units for claim in unit.claims]
    assert rows[2]["accuracy claimed"] == f"{100 * fmean(claim.accuracy for claim in claims):.2f}%"
    assert "over 3 failing of 3" in rows[2]["its own measure, claimed"]


def test_a_folder_without_a_run_is_refused_in_one_line(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["compare_protocols", str(tmp_path)])
    assert script.main() == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("compare_protocols: ")
    assert captured.err.count("\n") == 1
