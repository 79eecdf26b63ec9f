"""Begin a submission from a skeleton that passes every check as it stands."""

from pathlib import Path

from cramboard.errors import InputError
from cramboard.files import publish_folder
from cramboard.submission import SPEC_FILE, check_slug

_SKELETON = Path(__file__).parent / "skeleton"
_NAME = "my-encoder"


def new(submissions: Path, slug: str) -> Path:
    """Write the skeleton of submission `slug` and return its folder.

    Raises:
        InputError: If `slug` is no name for a submission, or there is one already.
    """
    folder = submissions / slug
    check_slug(folder)
    if folder.exists():
        raise InputError(f"{folder}: is there already; choose another name")
    contents = {path.name: path.read_bytes() for path in _SKELETON.iterdir() if path.is_file()}
    for name in (SPEC_FILE, "README.md"):
        contents[name] = contents[name].replace(_NAME.encode(), slug.encode())
    publish_folder(folder, contents)
    return folder
