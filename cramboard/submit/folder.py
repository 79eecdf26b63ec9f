"""Check a submission's folder by reading alone: its fields, its files, their kinds, sizes and hashes."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from cramboard.certificate import CERTIFICATE, VECTORS, load_certificate
from cramboard.decoders import decoder_names, find_decoder
from cramboard.errors import CramboardError, InputError, SubmissionError
from cramboard.methods import choose_method, method_names
from cramboard.methods.submitted.environment import requirement_lines
from cramboard.methods.submitted.pinned import pinned_path
from cramboard.methods.submitted.upload import upload_folder
from cramboard.schema import RELATIVE_PATH, DecoderSpec, EncoderCode
from cramboard.submission import RESULTS, SPEC_FILE, Submission, read_submission
from cramboard.submission import VECTORS as UPLOADS
from cramboard.tasks import load_task

_TEXT = (".py", ".md", ".txt", ".yaml", ".json")
_TEXT_BYTES = 2**20
_WEIGHT_BYTES = 16 * 2**20
_UPLOAD_BYTES = 64 * 2**20
_FILES = 200
_FOLDER_BYTES = 64 * 2**20


def folder_problems(submission: Submission) -> Iterator[str]:
    """Yield what must be mended before the submission can be taken, a line each."""
    yield from _files(submission)
    if submission.slug in method_names() and submission.spec.method != submission.slug:
        yield f"{submission.slug}: is the name of a built-in method; choose another"
    yield from _name(submission)
    for name in submission.spec.decoders:
        if name not in decoder_names():
            yield f"submission.yaml: field decoders: {name!r} is not listed; there are: {', '.join(decoder_names())}"
        elif (spec := find_decoder(name).spec) is not None:
            yield from _room(submission, spec)
    if submission.spec.encoder is not None:
        yield from _encoder(submission, submission.spec.encoder)
    if submission.spec.method is not None:
        try:
            choose_method(submission.spec.method, submission.spec.preset)
        except Exception as error:
            yield f"submission.yaml: field method: {error}"
    yield from _uploads(submission)


def _name(submission: Submission) -> Iterator[str]:
    """The board knows a submission by its name too: nobody takes another's."""
    for path in sorted(submission.folder.parent.glob(f"*/{SPEC_FILE}")):
        if path.parent == submission.folder:
            continue
        try:
            other = read_submission(path.parent)
        except CramboardError:  # Its own check says so.
            continue
        if _as_read(submission.spec.name) in (_as_read(other.spec.name), _as_read(other.slug)):
            yield f"submission.yaml: field name: {submission.spec.name!r} is the name of {other.slug}; choose another"


def _room(submission: Submission, decoder: DecoderSpec) -> Iterator[str]:
    """A plan whose vectors fill the decoder's context leaves no room for a token."""
    most = decoder.context - 1 - len(submission.spec.suffix)  # besides the anchor; the last token is never read
    for number, plan in enumerate(submission.spec.plans):
        if plan.k > most:
            yield f"submission.yaml: field plans.{number}.k: {plan.k} vectors, and {decoder.name} reads at most {most}"


def _as_read(name: str) -> str:
    """Return what a reader takes in of a name: its letters and digits, whatever their form."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum()) or name


def _files(submission: Submission) -> Iterator[str]:
    """Only plain, small text files and declared weights: nothing that could be loaded as code of another kind."""
    spec = submission.spec
    weights = {weight.file for weight in spec.encoder.weights if not weight.repository} if spec.encoder else set()
    # What is filed or read through a link may be another submission's: none may stand for these folders, or in them.
    for root in (submission.folder / RESULTS, submission.folder / UPLOADS):
        for path in (root, *sorted(root.rglob("*"))):
            if path.is_symlink() or (path == root and path.exists() and not path.is_dir()):
                yield f"{path.relative_to(submission.folder)}: a link or no folder; remove it"
    files = submission.files()
    if len(files) > _FILES:
        yield f"{len(files)} files; at most {_FILES} are taken"
        return
    total = sum(path.lstat().st_size for path in files.values())
    if total > _FOLDER_BYTES:
        yield f"{total} bytes in all its files; at most {_FOLDER_BYTES} are taken, weights belong on the Hub"
    small = [name.casefold() for name in files]
    for name, path in files.items():
        # On the disks of some machines these are one file, or in the folder that the evaluation alone writes.
        if small.count(name.casefold()) > 1 or name.casefold().split("/")[0] in (RESULTS, UPLOADS):
            yield f"{name}: differs from another name here only in small and capital letters; rename it"
        if not re.fullmatch(RELATIVE_PATH, name):  # Also what bubblewrap is given as words.
            yield f"{name!a}: name files with letters, digits, '.', '_' and '-'"
        elif path.is_symlink() or not path.is_file():
            yield f"{name}: a link or a special file; put the file itself there"
        elif name in weights:
            if path.stat().st_size > _WEIGHT_BYTES:
                yield f"{name}: {path.stat().st_size} bytes; weights above {_WEIGHT_BYTES} belong on the Hub"
        elif path.suffix == ".safetensors":
            yield f"{name}: weights that submission.yaml does not declare; add them to encoder.weights or remove them"
        elif path.suffix not in _TEXT:
            yield f"{name}: files of this kind are not taken (a pickle, say, runs code); only {' '.join(_TEXT)}"
        elif path.stat().st_size > _TEXT_BYTES:
            yield f"{name}: {path.stat().st_size} bytes; at most {_TEXT_BYTES} are taken"
        else:
            try:
                path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                yield f"{name}: not UTF-8 text; remove it"


def _encoder(submission: Submission, code: EncoderCode) -> Iterator[str]:
    path = submission.folder / code.file
    pinned_code = {pinned.file for pinned in code.code}
    if path.is_file():
        yield from _class(path, code)
    elif code.file not in pinned_code:
        yield f"{code.file}: there is no such file; put the class {code.name} there"
    if code.requirements is not None:
        try:
            requirement_lines(submission.own_file(code.requirements))
        except (InputError, SubmissionError) as error:
            yield str(error)
    for pinned in code.code:
        if pinned.repository is not None and (submission.folder / pinned.file).exists():
            yield (
                f"{pinned.file}: is in the folder and in encoder.code too, and whoever reads the one would not see the "
                "other run; keep one"
            )
    for pinned in (*code.code, *code.weights):
        if pinned.repository is None:
            try:
                _check_weights(pinned_path(submission, pinned))
            except (InputError, SubmissionError) as error:
                yield str(error)


def _class(path: Path, code: EncoderCode) -> Iterator[str]:
    """Look for the class without running a line."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        yield f"{code.file} line {error.lineno}: not Python ({error.msg})"
        return
    except ValueError as error:
        yield f"{code.file}: not Python ({error})"
        return
    defined = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if code.name not in defined:
        yield f"{code.file}: has no class {code.name}"
    elif not any(isinstance(item, ast.FunctionDef) and item.name == "encode" for item in defined[code.name].body):
        yield f"{code.file}: class {code.name} has no method encode(self, texts)"


def _check_weights(path: Path) -> None:
    """Refuse a weights file that is not safetensors.

    Raises:
        InputError: In one line.
    """
    if path.suffix != ".safetensors":
        return
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path.name}: not a safetensors file ({error})") from None


def _uploads(submission: Submission) -> Iterator[str]:
    """Every uploaded certificate lies where its own fields say, and nothing lies beside it."""
    root, expected = submission.folder / UPLOADS, set()
    found = [path for path in sorted(root.rglob("*")) if not path.is_dir()]
    if submission.spec.kind != "upload":
        if found:
            yield f"{UPLOADS}/: only a submission of kind upload has vectors; remove the folder"
        return
    if not found:
        yield f"{UPLOADS}/: no certificate; put {CERTIFICATE} and {VECTORS} into {UPLOADS}/TASK/DECODER/kK/"
    for path in found:
        if path.name != CERTIFICATE:
            continue
        expected |= {path, path.parent / VECTORS}
        if any(file.is_file() and file.stat().st_size > _UPLOAD_BYTES for file in (path, path.parent / VECTORS)):
            continue  # Said below; not read.
        try:
            certificate = load_certificate(path.parent).certificate
            decoder = find_decoder(certificate.decoder.name)
            if path.parent != upload_folder(submission, certificate.task.name, certificate.decoder.name, certificate.k):
                raise InputError(f"{path}: its task, decoder and k are not those of its folder; move it")
            if decoder.spec is None or decoder.spec.tensors_sha256 != certificate.decoder.tensors_sha256:
                raise InputError(f"{path}: is of other weights than the listed decoder {certificate.decoder.name}")
            task = load_task(certificate.task.name)
            if certificate.task != task.ref:
                raise InputError(f"{path}: is of another version of task {certificate.task.name}")
            held = {entry.sample for entry in certificate.entries}
            lacking = [line.id for line in task.select("public") if line.id not in held]
            if lacking:
                raise InputError(
                    f"{path}: lacks {len(lacking)} of the task's public samples, {lacking[0]} for one; results are "
                    "filed of all of them"
                )
            if certificate.decoder.suffix != submission.spec.suffix:
                raise InputError(f"{path}: its suffix is not the declared one")
            if certificate.dtype != submission.spec.dtype:
                raise InputError(
                    f"{path}: its vectors are stored in {certificate.dtype}, field dtype of {SPEC_FILE} says "
                    f"{submission.spec.dtype}"
                )
            if certificate.decoder.layout != "anchored":
                raise InputError(f"{path}: its layout is not the anchored one, which all uploads are read in")
            submission.plan(certificate.k)
        except Exception as error:
            yield str(error)
    for path in found:
        if path not in expected:
            yield f"{path.relative_to(submission.folder)}: belongs to no certificate; remove it"
        elif path.stat().st_size > _UPLOAD_BYTES:
            yield f"{path.relative_to(submission.folder)}: at most {_UPLOAD_BYTES} bytes are taken"
