"""What a result says of all its samples together."""

import pytest

from cramboard.board.site.entries import Result
from tests import records


@pytest.mark.parametrize(
    ("one", "other", "coarsest"),
    [
        ((400, 400, 400, 400), (400, 400, 400, 9), "int8"),
        ((400, 400, 400, 9), (400, 400, 12, 9), "bfloat16"),
        # Rounding moves a margin either way: a finer dtype may lose a token that a coarser one keeps.
        ((400, 390, 400, 9), (400, 400, 398, 9), "float32"),
        ((400, 390, 400, 9), (400, 400, 400, 400), "int8"),
    ],
)
def test_the_coarsest_dtype_keeps_the_horizon_of_every_sample(
    one: tuple[int, ...], other: tuple[int, ...], coarsest: str
):
    both = [
        records.record(f"sample-{number}", horizon=400, stored=records.stored(*horizons), coarsest=own(horizons))
        for number, horizons in enumerate((one, other))
    ]
    run = records.run([record.sample for record in both])
    assert Result("one", "k1", run, records.summary(run, both), tuple(both), {}, ()).coarsest == coarsest


def own(horizons: tuple[int, ...]) -> str:
    """Return the coarsest dtype that keeps this sample's 400 tokens."""
    return [dtype for dtype, held in zip(records.stored(*horizons), horizons, strict=True) if held == 400][-1]


def test_without_records_no_dtype_keeps_anything():
    run = records.run(["lost"])
    assert Result("one", "k1", run, records.summary(run, []), (), {}, ()).coarsest is None
