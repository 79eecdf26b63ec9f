"""Every measure on numbers worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cramboard.verify import measures

# Four tokens over a vocabulary of three. Rows are logits that predict t_1..t_4.
LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.04, 0.0], [1.0, 3.0, 1.0], [5.0, 0.0, 0.0]])
IDS = torch.tensor([0, 1, 1, 2])


def test_the_margin_is_the_own_logit_less_the_best_other():
    assert measures.token_margins(LOGITS, IDS).tolist() == pytest.approx([1.0, 0.04, 2.0, -5.0])


def test_a_tie_is_a_margin_of_zero_and_not_certified():
    margins = measures.token_margins(torch.tensor([[1.0, 1.0]]), torch.tensor([0]))
    assert margins.tolist() == [0.0]
    assert measures.horizon(margins, 0.05) == 0


def test_surprisal_is_in_bits():
    uniform = torch.zeros(2, 8)
    assert measures.surprisal_bits(uniform, torch.tensor([3, 7])).tolist() == pytest.approx([3.0, 3.0])
    # p = e^2 / (e^2 + e + 1) = 0.66524
    assert measures.surprisal_bits(LOGITS[:1], IDS[:1]).item() == pytest.approx(0.58805, abs=1e-4)


def test_the_horizon_ends_at_the_first_margin_below_the_threshold():
    margins = torch.tensor([1.0, 0.05, 0.04, 2.0])
    assert measures.horizon(margins, 0.05) == 2
    assert measures.horizon(margins, 0.04) == 4
    assert measures.horizon(margins, 3.0) == 0
    assert measures.horizon(torch.tensor([]), 0.05) == 0


def test_a_margin_that_is_no_number_ends_every_horizon():
    margins = torch.tensor([1.0, float("nan"), 1.0])
    assert measures.horizon(margins, 0.05) == measures.argmax_horizon(margins) == 1


@pytest.mark.parametrize(
    ("margins", "h", "confirmed"),
    [
        ([0.5, 0.5, -1.0], 2, True),
        ([0.5, 0.055, -1.0], 2, True),  # h(0.06) = 1 <= 2 <= h(0.04) = 2
        ([0.5, 0.045, -1.0], 2, True),
        ([0.5, 0.045, -1.0], 1, True),
        ([0.5, 0.039, -1.0], 2, False),
        ([0.5, 0.07, -1.0], 1, False),  # it now reaches 2 at 0.06
        ([0.5, 0.5], 3, False),
    ],
)
def test_a_later_verification_confirms_between_two_thresholds(margins, h, confirmed):
    assert measures.confirms(torch.tensor(margins), h) is confirmed


def test_recovered_bits_are_the_surprisal_up_to_the_horizon():
    bits = torch.tensor([1.5, 2.0, 4.0], dtype=torch.float64)
    assert measures.recovered_bits(bits, 2, None) == 3.5
    assert measures.recovered_bits(bits, 0, None) == 0.0


def test_recovered_bits_count_no_further_than_what_the_source_drew():
    bits = torch.tensor([1.5, 2.0, 4.0], dtype=torch.float64)
    assert measures.recovered_bits(bits, 2, 3.25) == 3.25
    assert measures.recovered_bits(bits, 2, 3.75) == 3.5


def test_information_gain_may_be_negative():
    without, with_vectors = torch.tensor([3.0, 3.0, 3.0]), torch.tensor([1.0, 0.5, 9.0])
    assert measures.information_gain(without, with_vectors, 2) == 4.5
    assert measures.information_gain(without, with_vectors, 3) == -1.5


def test_accuracy_and_token_gain_count_right_argmaxes():
    with_vectors, without = torch.tensor([1.0, 0.01, -2.0, 3.0]), torch.tensor([-1.0, -1.0, 2.0, 3.0])
    assert measures.accuracy(with_vectors, 4) == 0.75
    assert measures.token_gain(without, with_vectors, 2) == 2.0
    assert measures.token_gain(without, with_vectors, 3) == 1.0


def test_theoretical_capacity_and_utilisation_give_the_published_figures():
    # Kuratov et al. give 787 tokens for Pythia-160M (d 768, |V| 50,304) and 3,862 for Llama-3.1-8B (4,096; 128,256).
    assert measures.theoretical_capacity(1, 768, 50304) == pytest.approx(787, abs=0.5)
    assert measures.theoretical_capacity(1, 4096, 128256) == pytest.approx(3862, abs=0.5)
    assert measures.utilisation(1094.1, 1, 4096, 128256) == pytest.approx(0.283, abs=5e-4)
    assert measures.theoretical_capacity(4, 768, 50304) == pytest.approx(4 * 787, abs=2)


def test_stored_bits_count_payload_and_scales():
    assert measures.stored_bits(1, 576, "float32") == 18432
    assert measures.stored_bits(1, 576, "bfloat16") == 9216
    assert measures.stored_bits(2, 576, "int8") == 2 * (4608 + 32)
    assert measures.stored_bits(2, 576, "int4") == 2 * (2304 + 32)


def test_density_and_coder_efficiency_are_ratios():
    assert measures.density(864.0, 1, 576) == 1.5
    assert measures.density(864.0, 2, 576) == 0.75
    assert measures.coder_efficiency(864.0, 9216) == 0.09375


def test_the_coder_bound_is_the_first_token_that_does_not_fit():
    bits = torch.tensor([3.0, 3.0, 3.0, 3.0])
    assert measures.coder_bound(bits, 6) == 3
    assert measures.coder_bound(bits, 5) == 2
    assert measures.coder_bound(bits, 12) is None


def test_int8_rounds_half_to_even_on_a_symmetric_grid():
    # absmax 127 makes the scale 1.
    vectors = torch.tensor([[127.0, 0.5, 1.5, -2.5, -127.0]])
    assert measures.quantise(vectors, "int8").tolist() == [[127.0, 0.0, 2.0, -2.0, -127.0]]


def test_int4_has_fifteen_levels_and_a_scale_a_vector():
    vectors = torch.tensor([[7.0, 3.4, -7.0], [0.7, 0.34, -0.7]])
    assert measures.quantise(vectors, "int4") == pytest.approx(torch.tensor([[7.0, 3.0, -7.0], [0.7, 0.3, -0.7]]))


def test_a_vector_of_zeros_stays_zeros():
    assert measures.quantise(torch.zeros(1, 4), "int8").tolist() == [[0.0] * 4]


def test_bfloat16_keeps_eight_bits_of_the_mantissa():
    assert measures.quantise(torch.tensor([[1.0 + 2**-9, 3.0]]), "bfloat16").tolist() == [[1.0, 3.0]]


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=30), st.floats(-1, 1), st.floats(0, 2))
def test_a_stricter_threshold_never_lengthens_the_horizon(margins, threshold, more):
    tensor = torch.tensor(margins)
    assert measures.horizon(tensor, threshold + more) <= measures.horizon(tensor, threshold)


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_quantising_twice_changes_nothing_more(width, seed):
    vectors = torch.randn(2, width, generator=torch.Generator().manual_seed(seed))
    for dtype in ("bfloat16", "int8", "int4"):
        once = measures.quantise(vectors, dtype)
        assert torch.allclose(measures.quantise(once, dtype), once, rtol=1e-6, atol=0)
        assert (once - vectors).abs().max() <= vectors.abs().max() / 7 / 2 * 1.001


def test_margins_and_surprisal_agree_on_what_is_certain():
    logits = torch.tensor([[40.0, 0.0]])
    assert measures.surprisal_bits(logits, torch.tensor([0])).item() == pytest.approx(0.0, abs=1e-6)
    assert measures.surprisal_bits(logits, torch.tensor([1])).item() == pytest.approx(40 / math.log(2))
