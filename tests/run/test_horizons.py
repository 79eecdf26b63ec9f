"""`verify --horizons`: what ranks is confirmed on another machine, in a fraction of the time, and no more is said."""

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from cramboard.verify import horizons
from cramboard.verify.scoring import score
from tests.run.commands import contents, cramboard, lines
from tests.run.test_verify import edit_record, resummarise

TABLE = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "confirmation_table.py"))["main"]


def confirmed(folder: Path, decoder: Path) -> dict[str, Any]:
    """Return what a successful `verify --horizons` added to verifications.jsonl."""
    ended = cramboard("verify", "--horizons", folder, "-d", decoder)
    assert (ended.code, ended.err) == (0, "")
    line: dict[str, Any] = json.loads((folder / "verifications.jsonl").read_text().splitlines()[-1])
    return line


def made_on(folder: Path, device: str) -> None:
    """Let a run's record say that it was made on another device."""
    run = json.loads((folder / "run.json").read_text())
    for unit in run["units"]:
        unit["device"] = device
    (folder / "run.json").write_text(json.dumps(run))


def test_it_says_how_many_horizons_stand_and_that_nothing_else_was_measured(run_copy: Path, short_folder: Path) -> None:
    before = contents(run_copy)
    line = confirmed(run_copy, short_folder)
    assert (line["scope"], line["samples"], line["confirmed"], line["identical"]) == ("horizons", 3, 3, 3)
    assert line["largest_bits_difference_per_token"] is None
    after = contents(run_copy)
    del after["verifications.jsonl"]
    assert after == before
    ended = cramboard("verify", "--horizons", run_copy, "-d", short_folder)
    assert "Confirmed: 3 of 3 horizons; 3 are equal; nothing else was measured again" in ended.out


def test_no_more_than_the_horizon_and_sixteen_tokens_are_read(
    run_copy: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(decoder: Any, ids: torch.Tensor, vectors: torch.Tensor) -> Any:
        read.append(len(ids))
        return score(decoder, ids, vectors)

    monkeypatch.setattr(horizons, "score", counted)
    confirmed(run_copy, short_folder)
    assert sorted(read) == sorted(json.loads(line)["horizon"] + 16 for line in lines(run_copy).values())


@pytest.mark.parametrize("off", [4, 1, -1])
def test_a_horizon_that_is_not_what_the_vectors_hold_is_not_confirmed(
    run_copy: Path, short_folder: Path, off: int
) -> None:
    claimed = max(lines(run_copy), key=lambda sample: int(json.loads(lines(run_copy)[sample])["horizon"]))

    def change(record: dict[str, Any]) -> None:
        record.update(horizon=record["horizon"] + off, greedy_horizon=record["greedy_horizon"] + off)

    edit_record(run_copy, claimed, change)
    resummarise(run_copy)
    ended = cramboard("verify", "--horizons", run_copy, "-d", short_folder)
    assert (ended.code, ended.err) == (1, f"not confirmed: {claimed}\n")
    assert json.loads((run_copy / "verifications.jsonl").read_text())["unconfirmed"] == [claimed]


def test_a_greedy_decode_that_gives_back_less_than_is_recorded_is_not_confirmed(
    run_copy: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = horizons.greedy_horizons
    monkeypatch.setattr(horizons, "greedy_horizons", lambda *given: [max(0, count - 1) for count in decode(*given)])
    held = [sample for sample, line in lines(run_copy).items() if json.loads(line)["horizon"]]
    ended = cramboard("verify", "--horizons", run_copy, "-d", short_folder)
    assert ended.code == 1
    assert ended.err == "".join(f"not confirmed: {sample}\n" for sample in sorted(held))


def test_a_forged_gain_is_the_whole_verification_s_to_find(run_copy: Path, short_folder: Path) -> None:
    claimed = next(iter(lines(run_copy)))
    edit_record(run_copy, claimed, lambda record: record.update(gain_bits=record["gain_bits"] + 50))
    resummarise(run_copy)
    assert confirmed(run_copy, short_folder)["confirmed"] == 3
    assert cramboard("verify", run_copy, "-d", short_folder).err == f"not confirmed: {claimed}\n"


def test_several_runs_share_a_decoder_and_one_that_is_broken_does_not_stop_the_others(
    run_copy: Path, short_folder: Path, tmp_path: Path
) -> None:
    broken, other = (Path(shutil.copytree(run_copy, tmp_path / name)) for name in ("broken", "other"))
    (broken / "vectors.safetensors").unlink()
    ended = cramboard("verify", "--horizons", run_copy, broken, other, "-d", short_folder, "--json")
    assert ended.code == 3
    assert ended.err == f"cramboard: {broken}/vectors.safetensors: there is no such vectors file\n"
    said = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["run"] for line in said] == [str(run_copy), str(other)]
    assert said[1]["verification"] == json.loads((other / "verifications.jsonl").read_text())
    assert not (broken / "verifications.jsonl").exists()


def test_several_runs_are_measured_whole_one_at_a_time(run_copy: Path) -> None:
    cramboard("verify", run_copy, run_copy).refused(2, "several folders go with --horizons")


def test_the_table_shows_who_confirmed_what_where(
    run_copy: Path, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.argv", ["confirmation_table.py", str(tmp_path)])
    confirmed(run_copy, short_folder)
    # On the device that made it, it is no confirmation from elsewhere.
    assert TABLE() == 1
    assert "| copy | 3 | 0 | cpu | nowhere else |  |\n" in capsys.readouterr().out
    made_on(run_copy, "NVIDIA H100 80GB HBM3")
    assert TABLE() == 0
    said = capsys.readouterr().out
    assert said.startswith("| run | samples | confirmed | made on | confirmed on | what |\n| --- |")
    assert "| copy | 3 | 3 | NVIDIA H100 80GB HBM3 | cpu | horizons |\n" in said
    assert said.endswith("\n1 of 1 certificates are confirmed whole on another device, 3 of 3 horizons.\n")
    other = shutil.copytree(run_copy, tmp_path / "other")
    (other / "verifications.jsonl").unlink()
    assert TABLE() == 1
    assert "1 of 2 certificates" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["confirmation_table.py", str(tmp_path / "nowhere")])
    assert TABLE() == 3
