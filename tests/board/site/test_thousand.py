"""A thousand submissions: built in under a minute, and no page over 1 MB."""

import shutil
import time
from pathlib import Path

import pytest

from cramboard.board.site import Around, Tasks, build_site, read_submissions
from tests.board.site import made

pytestmark = pytest.mark.slow

KINDS = ({"kind": "optimisation"}, {"kind": "encoder", "method": None, "encoder": {}})


def thousand(root: Path) -> Path:
    """Write 1,000 submissions: copies of 40 results of 50 samples, under names of their own."""
    results = [
        (of, name, seconds, made.result(root / f"made/{of}-{name}-{mean}-{seconds}", mean=mean, name=name, of=of,
                                        seconds=seconds, draws=mean, confirmed=1))
        for of in (made.TASK, "random-words")
        for name in (made.SMOLLM, made.GEMMA)
        for mean in (20, 45, 60, 75, 90)
        for seconds in (40.0, 0.5)
    ]  # fmt: skip
    for number in range(1000):
        of, name, seconds, folder = results[number % len(results)]
        title = f"Submission number {number} of a thousand"
        place = made.submission(root / "submissions", f"number-{number:04d}", name=title, **KINDS[seconds < 1])
        shutil.copytree(folder, made.filed(place, of, name))
    return root / "submissions"


def test_a_thousand_submissions_build_in_a_minute(around: Around, tmp_path: Path, request: pytest.FixtureRequest):
    if "slow" not in request.config.getoption("markexpr"):
        pytest.skip("takes a minute; `make test-slow` runs it")
    folder = thousand(tmp_path)
    started, spent = time.perf_counter(), time.process_time()
    found = read_submissions(folder, Tasks())
    site = build_site(found.submissions, Tasks(), around)
    seconds, spent = time.perf_counter() - started, time.process_time() - spent
    largest = max((len(data), path) for path, data in site.items() if path.endswith(".html"))
    print(
        f"\n{seconds:.1f} s ({spent:.1f} s of one core), {len(site)} files, index {len(site['index.html']):,} bytes,"
        f" largest page {largest[1]} {largest[0]:,} bytes, board.js {len(site['board.js']):,} bytes"
    )
    assert found.broken == ()
    # Of this process, so that other work on the machine does not fail the test.
    assert spent < 60
    assert largest[0] < 1_000_000
