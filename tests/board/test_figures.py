"""The figures: one mark a sample, safe labels, sizes that depend on nothing."""

import re

from cramboard.board.drawing import NARROW, WIDE
from cramboard.board.figures import Bar, gains, horizons, span_limit
from cramboard.schema import Interval
from tests.records import essays

MEAN = Interval(mean=30.0, low=20.0, high=40.0)


def bars(number: int) -> list[Bar]:
    return [Bar(f"sample-{at}", 60 - at % 50, 64, "failure") for at in range(number)]


def points(svg: str) -> int:
    """Count the filled marks of the layer that holds one point a sample."""
    layer = re.search(r'<g class="mark-symbol[^"]*".*?</g>', svg)
    assert layer
    return layer[0].count("<path")


def test_every_sample_has_one_mark_at_both_sizes():
    for number in (1, 4, 50, 300):
        figure = horizons(bars(number), MEAN, "words")
        assert points(figure.wide) == points(figure.narrow) == number


def test_sizes_are_fixed():
    figure = horizons(bars(4), MEAN, "words")
    assert f'width="{WIDE}"' in figure.wide
    assert f'width="{NARROW}"' in figure.narrow


def test_few_samples_are_labelled_and_many_are_not():
    assert "sample-3" in horizons(bars(4), MEAN, "words").wide
    assert "sample-3" not in horizons(bars(50), MEAN, "words").wide


def test_labels_cannot_break_out_nor_stop_the_drawing():
    figure = horizons([Bar("<b>&\x1b\x00\u202e", 3, 8, "censored")], MEAN, "words")
    assert "<b>" not in figure.wide
    assert "&lt;b&gt;&amp;\\u{1b}" in figure.wide


def test_a_span_far_beyond_the_horizons_stays_off_the_axis():
    assert span_limit([Bar("a", 30, 64, "failure")]) == 64
    assert span_limit([Bar("a", 30, 2048, "failure")]) is None


def test_equal_data_give_equal_bytes():
    lengths = essays()[1].lengths
    assert gains(lengths, "words") == gains(lengths, "words")


def test_one_length_is_enough_to_draw():
    lengths = {64: essays()[1].lengths[16]}
    assert ">64<" in gains(lengths, "words").wide
