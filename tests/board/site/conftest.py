"""One made-up board for all tests of the site, built once."""

from pathlib import Path

import pytest

from cramboard.board.site import Around, Found, Rules, Tasks, build_site, read_submissions
from cramboard.schema import Reported, from_yaml_file
from tests.board.site import made

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the made-up submissions; look at it and leave it as it is."""
    return made.board(tmp_path_factory.mktemp("board") / "submissions")


@pytest.fixture(scope="session")
def around() -> Around:
    """What this project puts around the submissions."""
    return Around(
        rules=Rules((made.decoder(made.SMOLLM), made.decoder(made.GEMMA)), verifier_version=made.VERIFIER),
        reported=from_yaml_file(Reported, ROOT / "leaderboard/reported.yaml", "published figures"),
        changelog=(ROOT / "CHANGELOG.md").read_text(),
        citation=(ROOT / "CITATION.cff").read_text(),
    )


@pytest.fixture(scope="session")
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture(scope="session")
def found(submissions: Path, tasks: Tasks) -> Found:
    return read_submissions(submissions, tasks)


@pytest.fixture(scope="session")
def site(found: Found, around: Around, tasks: Tasks) -> dict[str, bytes]:
    """Every file of the built site by its path."""
    return build_site(found.submissions, tasks, around)


@pytest.fixture(scope="session")
def pages(site: dict[str, bytes]) -> dict[str, str]:
    """The text of every page."""
    return {path: data.decode() for path, data in site.items() if path.endswith(".html")}
