"""Methods are found by name and their settings checked as typed."""

import pytest

from cramboard.errors import InputError, UsageError
from cramboard.methods import choose_method, method_names


def test_methods_are_the_modules_of_the_room():
    assert method_names() == ("constant", "cram", "kuratov2025", "random-vectors", "shuffled", "tarasov2026")


def test_the_first_preset_is_the_default():
    assert choose_method("cram").preset == "standard"
    assert choose_method("cram").settings == choose_method("cram", "standard").settings


def test_an_unknown_method_is_refused_with_a_hint():
    with pytest.raises(InputError, match="did you mean cram"):
        choose_method("crams")


@pytest.mark.parametrize(
    ("preset", "overrides", "says"),
    [
        ("fast", {}, "no preset 'fast'; it has: standard, quick, full"),
        (None, {"speed": "3"}, "no setting 'speed'"),
        (None, {"steps": "many"}, "'many' is not a whole number"),
        (None, {"rate": "nan"}, "finite"),
        (None, {"rate": "-1"}, "not below 0"),
        (None, {"temperature": "0"}, "setting temperature: 0.0 must be at least 0.001"),
        (None, {"rank": "0"}, "setting rank: 0 must be at least 1"),
        (None, {"beta1": "1"}, "setting beta1: 1.0 must be below 1"),
    ],
)
def test_a_wrong_setting_is_refused(preset, overrides, says):
    with pytest.raises(UsageError, match=says):
        choose_method("cram", preset, overrides)


def test_a_span_never_exceeds_the_text():
    chosen = choose_method("cram", "quick")
    assert chosen.span(10, 1) == 10
    assert chosen.span(10_000, 2) == 2 * chosen.settings.span
