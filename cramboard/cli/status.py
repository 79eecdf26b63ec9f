"""`cramboard status`: how far a run is."""

import json
from pathlib import Path

import click

from cramboard.cli.output import printable


@click.command("status")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run_dir: Path, as_json: bool) -> None:
    """Show what a run is, and which samples are finished or failed."""
    from cramboard.run.folder import SUMMARY, RunFolder

    folder = RunFolder(run_dir)
    run = folder.run()
    finished = folder.finished()
    failures = folder.summary().failures if (run_dir / SUMMARY).exists() else ()
    failed = {failure.sample: failure.reason for failure in failures if failure.sample not in finished.samples}
    horizons = [record.horizon for record in finished.records]
    facts = {
        "command": run.command,
        "task": f"{run.task.name} {run.task.version}",
        "decoder": run.decoder.name,
        "method": run.method.name,
        "k": run.k,
        "seed": run.seed,
        "samples": len(run.samples),
        "finished": len(finished.samples),
        "failed": failed,
        "complete": finished.samples == set(run.samples) and (run_dir / SUMMARY).exists(),
        "mean_horizon": round(sum(horizons) / len(horizons), 2) if horizons else None,
        "encode_seconds": round(sum(cost.encode_seconds for cost in finished.costs), 1),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
    else:
        facts["failed"] = len(failed)
        facts |= {f"  {sample}": reason for sample, reason in failed.items()}
        click.echo("\n".join(f"{name.replace('_', ' '):15} {printable(str(value))}" for name, value in facts.items()))
