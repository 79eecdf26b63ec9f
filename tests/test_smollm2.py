"""The main job on a real speech with a real pretrained decoder, end to end; and a real text, coded by it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from cramboard.decoders import find_decoder, load_decoder
from cramboard.verify.coding import decode, encode
from cramboard.verify.scoring import score

COMMAND = [
    "evaluate", "-t", "speeches", "-d", "smollm2-135m-instruct-q4_1", "-m", "cram", "--preset", "quick", "-k", "1",
    "--limit", "1", "--set", "steps=60", "--set", "span=16", "--json",
]  # fmt: skip


def cramboard(*words: str | Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "cramboard", *map(str, words)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_real_speech_is_crammed_verified_and_confirmed_elsewhere(tmp_path):
    summary = cramboard(*COMMAND, "--output-dir", tmp_path / "run")
    measures = summary["measures"]
    # Without a vector this decoder gets no opening right; 16 is the span.
    assert 8 <= measures["tokens_per_vector"]["mean"] <= 16
    assert measures["recovered_bits"]["mean"] > 3 * measures["tokens_per_vector"]["mean"]
    assert measures["gain_bits_per_vector"]["mean"] > 2 * measures["control_gain_bits_per_vector"]["mean"]
    assert summary["greedy_confirmed"] == 1
    assert set(summary["lengths"]) == {"64", "128", "256", "512", "1024", "2048"}

    elsewhere = cramboard("verify", tmp_path / "run", "--json", "--threads", "1", "--attention", "eager")
    assert elsewhere["verification"]["confirmed"] == 1
    assert elsewhere["verification"]["largest_bits_difference_per_token"] <= 1e-3


def test_a_real_text_is_coded_in_as_many_bytes_as_its_surprisal_says():
    decoder = load_decoder(find_decoder("smollm2-135m-instruct-q4_1"))
    ids = decoder.tokenize("Four score and seven years ago our fathers brought forth, upon this continent, a").ids
    code = encode(decoder, ids)
    assert decode(decoder, code, len(ids)) == ids
    surprisal_bytes = float(score(decoder, torch.tensor(ids), None).bits.sum()) / 8
    # 80 letters; the decoder knows the speech by heart.
    assert 0 <= len(code) - surprisal_bytes <= 2
    assert len(code) <= 20
