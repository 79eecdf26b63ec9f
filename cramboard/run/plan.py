"""Check what was asked for, before anything is loaded or written."""

from dataclasses import dataclass
from pathlib import Path

from cramboard import sandbox
from cramboard.decoders import DecoderPlace, find_decoder
from cramboard.errors import InputError, MachineError, UsageError
from cramboard.methods import ChosenMethod, choose_method
from cramboard.methods.submitted import choose_submission, within
from cramboard.run.asked import Asked
from cramboard.run.executors import INLINE, Executor
from cramboard.run.folder import RunFolder
from cramboard.run.units import Unit, plan_units
from cramboard.schema import DecoderRef, RunRecord
from cramboard.submission import read_submission
from cramboard.tasks import Sample, Task, load_task, sealed_task
from cramboard.unsandboxed import run_unsandboxed

# Texts of a unit. On a CPU they share every step: more of them fill its cores no better and finish later. On a GPU a
# method seats as many at once as it has room for, and the others follow.
_CPU_BATCH = 4
_GPU_BATCH = 128


@dataclass(frozen=True)
class Plan:
    """A checked run: what it computes, where it writes, and what is there already."""

    asked: Asked
    task: Task
    samples: tuple[Sample, ...]
    place: DecoderPlace
    method: ChosenMethod
    folder: RunFolder
    device: str
    batch_size: int

    @property
    def span(self) -> int:
        """The leading tokens that the method is given of a text that has them."""
        return self.asked.span or self.method.kind.span(self.method.settings, self.asked.k)

    @property
    def ranked(self) -> bool:
        """Whether the run may rank on the board: a listed decoder in the anchored layout."""
        return self.place.ranked and self.method.layout == "anchored"

    def units(self, finished: frozenset[str]) -> list[Unit]:
        """Return the units that are still to be done."""
        return plan_units(self.samples, finished, self.batch_size)


def plan(asked: Asked, executor: Executor = INLINE, encoder_seconds: float | None = None) -> Plan:
    """Check what was asked for, before anything is loaded or written.

    Args:
        asked: What was asked for.
        executor: What will execute it; it knows the units' device.
        encoder_seconds: What all processes of a submitted encoder may take together; by default each text adds to it.

    Raises:
        UsageError, InputError, MachineError: In one line each.
    """
    if asked.k < 1:
        raise UsageError(f"-k {asked.k}: at least one vector is needed; give -k 1 or more")
    if asked.span is not None and asked.span < 1:
        raise UsageError(f"--span {asked.span}: at least one token is needed")
    if not 0 <= asked.seed < 2**63:
        raise UsageError(f"--seed {asked.seed}: give a whole number from 0 to 2^63 - 1")
    task = load_task(asked.task)
    if asked.sealed is not None:
        task = sealed_task(task, asked.sealed)
    place = find_decoder(asked.decoder, asked.revision)
    method = _method(asked, place, encoder_seconds)
    if method.kind.needs_text and task.spec.form != "text":
        raise UsageError(
            f"method {method.name} reads plain text, and the samples of task {task.spec.name} are token ids without "
            "text; choose a method that needs none, such as cram"
        )
    if place.spec is not None and place.spec.context - asked.k < 1:
        raise InputError(
            f"-k {asked.k}: decoder {place.name} reads {place.spec.context} positions, so at most "
            f"{place.spec.context - 1} vectors leave room for a token"
        )
    samples = task.samples(asked.split, asked.sample_ids or None, asked.limit)
    device = executor.device(asked.device)
    folder = RunFolder(asked.output_dir or _default_folder(asked, place, method))
    folder.check_free()
    if folder.holds_run() and asked.overwrite == "never":
        raise UsageError(f"{folder.path}: holds a run already; leave out --overwrite never to go on with it")
    batch_size = _batch_size(asked.batch_size, method.unit or (_GPU_BATCH if device.startswith("cuda") else _CPU_BATCH))
    planned = Plan(asked, task, tuple(samples), place, method, folder, device, batch_size)
    if asked.overwrite != "always":
        same_run(planned)
    return planned


def _method(asked: Asked, place: DecoderPlace, encoder_seconds: float | None) -> ChosenMethod:
    """Return the method that is asked for: a built-in one, or a submission's."""
    if asked.submission is None:
        if asked.unsandboxed:
            raise UsageError(f"--unsandboxed goes with a submission, and -m {asked.method} is none; leave it out")
        return choose_method(asked.method, asked.preset, dict(asked.settings))
    submission = read_submission(asked.submission)
    if asked.preset is not None or asked.settings:
        raise UsageError(f"submission {submission.slug}: --preset and --set go with built-in methods; leave them out")
    if asked.sealed is not None and submission.spec.kind == "upload":
        raise InputError(
            f"submission {submission.slug}: uploaded vectors are never scored on sealed samples: "
            "whoever makes them would have had to see the texts"
        )
    if submission.spec.kind == "encoder" and not asked.unsandboxed:
        missing = sandbox.available()
        if missing is not None:
            raise MachineError(
                f"submission {submission.slug}: an encoder runs in a sandbox, and there is none here ({missing}); "
                "for code that you trust give --unsandboxed, which the result records"
            )
    runner = run_unsandboxed if asked.unsandboxed else sandbox.run_isolated
    return choose_submission(
        submission,
        asked.task,
        place.name,
        asked.k,
        runner if encoder_seconds is None else within(runner, encoder_seconds),
        "none" if asked.unsandboxed else "sandbox",
    )


def same_run(plan: Plan) -> RunRecord | None:
    """Return the folder's run if it is the one that is asked for, None if there is none.

    Raises:
        InputError: If the folder holds another run; the line says what differs.
    """
    if not plan.folder.holds_run():
        return None
    run = plan.folder.run()
    spec = plan.place.spec
    tensors = spec.tensors_sha256 if spec is not None else run.decoder.tensors_sha256
    asked = plan.asked
    decoder = DecoderRef(
        name=plan.place.name,
        tensors_sha256=tensors,
        anchor=spec.anchor if spec else run.decoder.anchor,
        layout=plan.method.layout,
        suffix=plan.method.read_behind(spec.bos if spec else run.decoder.suffix),
    )
    for what, here, wanted in (
        ("task", run.task, plan.task.ref),
        ("split", run.split, asked.split),
        ("decoder", run.decoder, decoder),
        ("method", run.method.name, plan.method.name),
        ("preset or setting", run.method.settings, plan.method.ref.settings),
        ("k", run.k, asked.k),
        ("seed", run.seed, asked.seed),
        ("span", run.span, asked.span),
    ):
        if here != wanted:
            raise other_run(plan, what)
    return run


def other_run(plan: Plan, what: str) -> InputError:
    """Return the refusal of a folder that holds a run with another `what`."""
    return InputError(
        f"{plan.folder.path}: holds a run with another {what}; choose another --output-dir, "
        "or give --overwrite always to replace it"
    )


def _default_folder(asked: Asked, place: DecoderPlace, method: ChosenMethod) -> Path:
    from cramboard.keys import key

    settings = method.preset or key(method.ref.settings)[:8]
    task = asked.task if asked.split == "public" else f"{asked.task}-{asked.split}"
    k = f"k{asked.k}" + (f"-span{asked.span}" if asked.span else "") + (f"-seed{asked.seed}" if asked.seed else "")
    return Path("runs") / task / place.name.replace("/", "--") / f"{method.name}-{settings}" / k


def _batch_size(batch_size: str, automatic: int) -> int:
    if batch_size == "auto":
        return automatic
    if not batch_size.isdecimal() or int(batch_size) < 1:
        raise UsageError(f"--batch-size {batch_size}: give auto or a whole number from 1")
    return int(batch_size)
