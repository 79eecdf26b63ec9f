"""The gradient scale keeps each sample's half-precision gradients in range and never shows in the result."""

import torch

from cramboard.methods.cram.scale import GradientScale


def test_scaling_up_and_down_changes_nothing():
    scale = GradientScale(2, half=True, like=torch.zeros(()))
    weights = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    scaled = scale.up(weights)
    assert torch.equal(scaled, weights * 1024)
    assert torch.equal(scale.down((scaled,))[0], weights)


def test_a_sample_that_overflows_retreats_alone_and_waits():
    scale = GradientScale(2, half=True, like=torch.zeros(()))
    first, second = scale.down((torch.tensor([[float("inf")], [1024.0]]), torch.tensor([[5.0], [2048.0]])))
    assert first.tolist() == [[0.0], [1.0]]
    assert second.tolist() == [[0.0], [2.0]]
    after = scale.up(torch.ones(2, 1))
    assert after[0].item() == 64
    assert after[1].item() > 1024


def test_it_comes_back_after_an_overflow_and_stops_at_its_largest():
    scale = GradientScale(1, half=True, like=torch.zeros(()))
    scale.down((torch.tensor([[float("nan")]]),))
    for _ in range(1000):
        scale.down((torch.ones(1, 1),))
    assert scale.up(torch.ones(1, 1)).item() == 16384


def test_in_full_precision_it_is_one():
    scale = GradientScale(1, half=False, like=torch.zeros(()))
    for _ in range(5):
        assert scale.down((torch.tensor([[3.0]]),))[0].item() == 3.0
    assert scale.up(torch.ones(1, 1)).item() == 1.0
