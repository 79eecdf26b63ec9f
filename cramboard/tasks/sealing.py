"""Sealed sets: private samples, drawn by a task's own rule with a secret seed, bound by a public commitment.

The organiser keeps `sealed.json` and the texts, and publishes `commitment.json`. The commitment is
sha256(salt + ":" + canonical JSON of everything else in sealed.json), so it tells nothing (the salt is 32 random
bytes) and binds everything: source, secret, and each sample's origin, start and sha256. Publishing sealed.json
later is the reveal: anyone can recompute the commitment and draw the same samples again.
"""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cramboard.errors import InputError, UsageError
from cramboard.files import publish_folder, read_text
from cramboard.keys import canonical_json, sha256_text
from cramboard.schema import NAME, Commitment, ManifestLine, SealedSet, TaskSpec, from_json, to_json
from cramboard.tasks.building import builder_of
from cramboard.tasks.plan import PUBLIC_SEED, Plan
from cramboard.tasks.sources import open_source
from cramboard.tasks.task import Task

SEALED = "sealed.json"
COMMITMENT = "commitment.json"
_LEAST_SECRET = 32


@dataclass(frozen=True)
class SealedTask(Task):
    """A sealed set as a task: its reference is its commitment, its texts lie in its private folder.

    A sample's sha256 is salted: keys and certificates name it without giving the text away to who can guess it.
    """

    home: Task
    salt: str
    folder: Path

    @property
    def is_sealed(self) -> bool:
        """Whether its samples are private."""
        return True

    @property
    def tuned_on(self) -> Task:
        """The public task: controls are fitted on its tuning samples."""
        return self.home

    def _texts(self, lines: Sequence[ManifestLine]) -> list[str]:
        return [read_text(self.folder / _text_file(line), "text of the sealed set") for line in lines]

    def _identity(self, line: ManifestLine) -> str:
        return sha256_text(f"{self.salt}:{line.sha256}")


def seal(
    task: Task, name: str, samples: int, folder: Path, secret: str | None = None, spec: TaskSpec | None = None
) -> Commitment:
    """Draw a sealed set and write its folder: sealed.json, commitment.json and the texts.

    Args:
        task: The public task whose rule draws it, and from whose samples it stays apart.
        name: What the set is called.
        samples: How many samples.
        folder: Private; it must not be there yet.
        secret: The seed of the draw, at least 32 characters; a random one by default.
        spec: The task's definition with another source, of the organiser's choice.

    Raises:
        InputError: If the source has too few samples, or `spec` is not the task's but for its source.
        MachineError: If the source cannot be reached or the folder not be written.
        UsageError: If the secret is short or well known, or the folder is there.
    """
    if folder.exists():
        raise UsageError(f"{folder}: is there already; a sealed set is never replaced, choose another --output-dir")
    secret = secrets.token_hex(32) if secret is None else secret
    if len(secret) < _LEAST_SECRET or secret.startswith(PUBLIC_SEED):
        raise UsageError(f"the secret must have {_LEAST_SECRET} characters or more that nobody can guess")
    if not re.fullmatch(NAME, name):
        raise UsageError(f"--name {name!r}: use lower-case letters, digits, dots and dashes")
    spec = spec or task.spec
    _check_rule(task, spec)
    drawn = _draw(task, spec, secret, samples)
    sealed = SealedSet(
        name=name,
        task=task.ref,
        spec=spec,
        secret=secret,
        salt=secrets.token_hex(32),
        samples=tuple(line for line, _ in drawn),
    )
    commitment = Commitment(
        name=name,
        task=task.ref,
        samples=samples,
        sealed_on=datetime.now(UTC).date().isoformat(),
        commitment=commitment_of(sealed),
    )
    texts = {_text_file(line): text.encode() for line, text in drawn}
    others = os.umask(0o077)  # From the first byte on, nobody else reads it.
    try:
        publish_folder(folder, {SEALED: to_json(sealed).encode(), COMMITMENT: to_json(commitment).encode(), **texts})
    finally:
        os.umask(others)
    return commitment


def commitment_of(sealed: SealedSet) -> str:
    """Return the salted sha256 that commits to a sealed set."""
    bound = sealed.model_dump(mode="json", exclude={"salt"})
    return sha256_text(f"{sealed.salt}:{canonical_json(bound)}")


def sealed_task(task: Task, folder: Path) -> Task:
    """Return the sealed set in `folder` as a task, whose reference is its commitment.

    Raises:
        InputError: If the folder is not that of a sealed set of this task, or is damaged.
    """
    sealed = read_sealed(folder / SEALED)
    if sealed.task != task.ref:
        raise InputError(
            f"{folder}: a sealed set of {sealed.task.name} {sealed.task.version}, not of {task.spec.name} "
            f"{task.spec.version}; give the set of this task"
        )
    check_commitment(sealed, read_commitment(folder / COMMITMENT))
    return SealedTask(sealed.spec, commitment_of(sealed), sealed.samples, home=task, salt=sealed.salt, folder=folder)


def read_sealed(path: Path) -> SealedSet:
    """Read a sealed.json.

    Raises:
        InputError: If it is missing or damaged.
    """
    return from_json(SealedSet, read_text(path, "sealed set"), str(path))


def read_commitment(path: Path) -> Commitment:
    """Read a commitment.json.

    Raises:
        InputError: If it is missing or damaged.
    """
    return from_json(Commitment, read_text(path, "commitment"), str(path))


def check_commitment(sealed: SealedSet, commitment: Commitment) -> None:
    """Check that `commitment` was made for exactly this set.

    Raises:
        InputError: If it was not.
    """
    same = (sealed.name, sealed.task, len(sealed.samples)) == (commitment.name, commitment.task, commitment.samples)
    if not same or commitment_of(sealed) != commitment.commitment:
        raise InputError(
            f"sealed set {sealed.name}: not the set that the commitment of {commitment.sealed_on} was made for"
        )


def check_draw(task: Task, sealed: SealedSet) -> None:
    """Draw the set again from its source, secret and rule, and check that it is the same.

    Raises:
        InputError: If a sample differs: the set was not drawn by the task's rule.
        MachineError: If the source cannot be reached.
    """
    _check_rule(task, sealed.spec)
    lines = tuple(line for line, _ in _draw(task, sealed.spec, sealed.secret, len(sealed.samples)))
    for line, drawn in zip(sealed.samples, lines, strict=True):
        if line != drawn:
            raise InputError(f"sealed set {sealed.name}: sample {line.id} is not what its rule and secret draw")


def _draw(task: Task, spec: TaskSpec, secret: str, samples: int) -> list[tuple[ManifestLine, str]]:
    """Draw the samples, apart from every public and tuning text, under ids that say nothing."""
    taken = tuple(sample.text for sample in task.samples(split=None) if sample.text is not None)
    plan = Plan({"sealed": samples}, seed=secret, taken=taken)
    drawn = builder_of(spec).draw(open_source(spec.source), plan)
    return [(line.model_copy(update={"id": f"sealed-{number:03d}"}), text) for number, (line, text) in enumerate(drawn)]


def _check_rule(task: Task, spec: TaskSpec) -> None:
    """Refuse a definition that differs from the task's in more than its source."""
    for field, value in task.spec:
        if field not in ("source", "manifest_sha256", "splits") and getattr(spec, field) != value:
            raise InputError(
                f"field {field}: a sealed set is drawn by the rule of {task.spec.name} {task.spec.version}; only the "
                "source may differ"
            )


def _text_file(line: ManifestLine) -> str:
    return f"{line.id}.txt"
