"""The stepper does every step once, whichever way it runs it."""

import pytest
import torch

from cramboard.decoders import Stepper


def counting(device: torch.device) -> tuple[Stepper, torch.Tensor]:
    total = torch.zeros(3, device=device)

    def step(room: int) -> None:
        total[:room] += total.new_ones(room) + total[:room]

    return Stepper(step, device), total


def run(device: torch.device) -> list[float]:
    stepper, total = counting(device)
    for room in (1, 1, 2, 1, 3, 3, 2):
        stepper(room)
    return total.tolist()


def test_every_call_is_one_step_over_its_room():
    assert run(torch.device("cpu")) == [127.0, 15.0, 3.0]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_recorded_steps_give_what_plain_ones_give():
    assert run(torch.device("cuda")) == run(torch.device("cpu"))
