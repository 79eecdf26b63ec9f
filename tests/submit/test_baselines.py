"""The submissions of this repository: each fits the checks, and each simple encoder makes what the interface says."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from cramboard.submission import read_submission
from cramboard.submit.folder import folder_problems

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[2] / "submissions").glob("*/submission.yaml"))
ENCODERS = [folder for folder in FOLDERS if (folder / "encoder.py").exists()]


def test_the_baselines_are_here() -> None:
    names = {folder.name for folder in FOLDERS}
    protocols = {"kuratov2025", "tarasov2026", "tarasov2026-low-dimensional"}
    assert {"cram", "cram-full", *protocols, *(f"{name}-own" for name in protocols)} <= names
    assert {"constant", "shuffled", "random-vectors"} <= names
    assert {"last-tokens", "mean-chunks", "hidden-states"} <= names


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_submission_here_has_nothing_to_mend(folder: Path) -> None:
    assert list(folder_problems(read_submission(folder))) == []


@pytest.mark.parametrize("folder", ENCODERS, ids=lambda folder: folder.name)
def test_a_simple_encoder_gives_k_vectors_of_one_norm_for_every_text(folder: Path, tiny_folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("encoder_of_a_test", folder / "encoder.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for k in (1, 4):
        given = SimpleNamespace(decoder_folder=tiny_folder, k=k, d=64, span=16, device="cpu", batch=4, seed=0)
        made = module.Encoder(given).encode(["The state of the union", "It", "is strong, and will be"])
        assert [vectors.shape for vectors in made] == [(k, 64)] * 3
        for vectors in made:
            torch.testing.assert_close(vectors.norm(dim=1), torch.full((k,), module.NORM), rtol=1e-4, atol=0)
        assert not torch.equal(made[0], made[2])
