"""`cramboard evaluate`: the main job."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cramboard.cli import options
from cramboard.cli.output import write_json
from cramboard.errors import UsageError

if TYPE_CHECKING:
    from cramboard.run import Plan


def _settings(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", ctx, param)
    return tuple((value.split("=", 1)[0], value.split("=", 1)[1]) for value in values)


@click.command("evaluate")
@click.option("-t", "--task", required=True, help="Task name; `cramboard tasks list` shows them.")
@click.option(
    "-d",
    "--decoder",
    required=True,
    help="Listed decoder, local folder, GGUF file, or Hub id with --revision.",
)
@click.option("--revision", help="Commit (40 hex digits) of a decoder given as a Hub id.")
@click.option(
    "-m", "--method", required=True, help="What makes the vectors: cram, another method, or the folder of a submission."
)
@click.option("--preset", help="Named settings of the method; for cram: quick, standard (default), full.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_settings,
    help="Change one setting of the method; may be repeated.",
)
@click.option("-k", "k", type=int, default=1, show_default=True, help="Vectors per sample.")
@click.option(
    "--span",
    type=int,
    help="Leading tokens that the method is given. By default the method chooses; an encoder of fixed k is then also "
    "run at 16, 32, .. 2048.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random. Only seed 0 ranks.")
@click.option(
    "--split",
    type=click.Choice(["public", "tuning"]),
    default="public",
    show_default=True,
    help="Public samples are reported; tuning samples are for choosing settings.",
)
@options.sealed
@click.option("--limit", type=click.IntRange(1), help="Only the first N samples.")
@click.option("--sample-id", "sample_ids", multiple=True, help="Only this sample; may be repeated.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or mps; auto takes the first GPU.")
@click.option("--dtype", type=click.Choice(["auto", "float32", "float16", "bfloat16"]), default="auto",
              show_default=True,
              help="Precision of the search; verification is always float32.")  # fmt: skip
@click.option("--batch-size", default="auto", show_default=True, help="Samples made together: auto or a number.")
@click.option(
    "--attention",
    type=click.Choice(["sdpa", "eager"]),
    default="sdpa",
    show_default=True,
    help="Attention kernels.",
)
@click.option("--executor", type=click.Choice(["inline", "ray"]), default="inline", show_default=True,
              help="Execute units one after the other in this process, or on a Ray cluster.")  # fmt: skip
@click.option("--address", help="With ray: a running cluster (auto: this machine's); by default Ray is started.")
@click.option("--workers", type=click.IntRange(1), help="With ray: most workers; by default as many as fit.")
@click.option("--gpus-per-worker", type=click.FloatRange(0, 1, min_open=True),
              help="With ray: share of a GPU per worker, such as 0.25 for small decoders; 1 by default.")  # fmt: skip
@click.option("--unit-timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              help="With ray: stop a unit that takes longer, and try it on another worker.")  # fmt: skip
@click.option("--unsandboxed", is_flag=True, help="Run an encoder without the sandbox; only for code that you trust.")
@click.option("--output-dir", type=click.Path(path_type=Path),
              help="Run folder, or folder for the runs of an encoder; under runs/ by default.")  # fmt: skip
@click.option("--overwrite", type=click.Choice(["never", "missing", "always"]), default="missing", show_default=True,
              help="never: refuse a folder that has a run; missing: resume it; always: start again.")  # fmt: skip
@options.offline
@click.option("--json", "as_json", is_flag=True, help="Write the summary as JSON to stdout instead of the table.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and where; load and write nothing.")
def command(
    as_json: bool, dry_run: bool, executor: str, address: str | None, workers: int | None,
    gpus_per_worker: float | None, unit_timeout: float | None, **asked: Any,
) -> int:  # fmt: skip
    """Make, certify and verify the vectors of a task's samples.

    The results are kept in a run folder. Run the same command again to resume.
    """
    from cramboard.run import Asked, choose_executor, evaluate_all, plan_all

    if asked["sealed"] is not None:
        if asked["split"] != "public":
            raise UsageError("--sealed and --split exclude each other; leave one out")
        asked["split"] = "sealed"
    with choose_executor(
        executor, address=address, workers=workers, gpus_per_worker=gpus_per_worker, unit_timeout=unit_timeout
    ) as chosen:
        planned = plan_all(Asked(**asked), chosen)
        if dry_run:
            _dry_run(planned, as_json)
            return 0
        from cramboard.cli.progress import watching

        with watching() as observer:
            outcomes = evaluate_all(planned, observer, chosen)
    first = outcomes[0]
    if as_json:
        write_json(first.summary)
    else:
        from rich.console import Console

        from cramboard.results import print_curve, print_summary

        print_summary(first.summary, Console())
        if len(planned) > 1:
            print_curve({outcome.span: outcome.summary for outcome in outcomes}, Console())
        click.echo(f"\nResults: {first.folder}\nPage:    cramboard view {first.folder}")
        if first.summary.split == "sealed":
            click.echo("Sealed:  publish run.json and summary.json alone; the other files give the texts away")
    return 1 if any(outcome.failures for outcome in outcomes) else 0


def _dry_run(planned: Sequence["Plan"], as_json: bool) -> None:
    """Write what each run would do: with --json one object, or a list of them for an encoder's runs."""
    facts = [_would_do(one) for one in planned]
    if as_json:
        click.echo(json.dumps(facts if len(facts) > 1 else facts[0], indent=1))
        return
    for number, one in enumerate(facts):
        one["settings"] = " ".join(f"{name}={value}" for name, value in one["settings"].items())
        click.echo(
            "\n" * (number > 0) + "\n".join(f"{name.replace('_', ' '):10}{value}" for name, value in one.items())
        )


def _would_do(planned: "Plan") -> dict[str, Any]:
    anew = planned.asked.overwrite == "always" or not planned.folder.holds_run()
    units = planned.units(frozenset() if anew else planned.folder.finished_samples())
    return {
        "task": f"{planned.task.spec.name} {planned.task.spec.version}",
        "samples": len(planned.samples),
        "to_do": sum(len(unit.samples) for unit in units),
        "units": len(units),
        "decoder": planned.place.name,
        "ranked": planned.ranked,
        "method": planned.method.name,
        "settings": planned.method.ref.settings,
        "k": planned.asked.k,
        "seed": planned.asked.seed,
        "device": planned.device,
        "folder": str(planned.folder.path),
    }
