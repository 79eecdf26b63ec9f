"""Begin a submission from a skeleton that passes every check as it stands."""

from pathlib import Path

from cramboard.errors import InputError
from cramboard.files import publish_folder
from cramboard.schema import SubmissionSpec, from_yaml_file
from cramboard.submission import SPEC_FILE, Submission, check_slug

_SKELETON = Path(__file__).parent / "skeleton"
_NAME = "my-encoder"
_ENCODER = "encoder.py"


def new(submissions: Path, slug: str) -> Path:
    """Write the skeleton of submission `slug` and return its folder.

    Raises:
        InputError: If `slug` is no name for a submission, or there is one already.
    """
    check_slug(slug, repr(slug))
    folder = submissions / slug
    if folder.exists():
        raise InputError(f"{folder}: is there already; choose another name")
    contents = {path.name: path.read_bytes() for path in _SKELETON.iterdir() if path.is_file()}
    for name in (SPEC_FILE, "README.md"):
        contents[name] = contents[name].replace(_NAME.encode(), slug.encode())
    publish_folder(folder, contents)
    return folder


def unchanged(submission: Submission) -> list[str]:
    """Return what its author has left as the skeleton has it: fields that say what it is, and the encoder."""
    skeleton = from_yaml_file(SubmissionSpec, _SKELETON / SPEC_FILE, "skeleton")
    left = [
        f"submission.yaml: field {field}"
        for field in ("authors", "description")
        if getattr(submission.spec, field) == getattr(skeleton, field)
    ]
    code = submission.folder / _ENCODER
    if code.is_file() and code.read_bytes() == (_SKELETON / _ENCODER).read_bytes():
        left.append(_ENCODER)
    return left
