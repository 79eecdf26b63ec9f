"""`cramboard verify`: measure runs' certificates again."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cramboard.cli import options
from cramboard.cli.output import print_json, printable
from cramboard.errors import InputError, UsageError

if TYPE_CHECKING:
    from cramboard.run import Reverified
    from cramboard.schema import Verification


@click.command("verify")
@click.argument("run_dirs", metavar="RUN_DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--horizons", is_flag=True, help="Confirm only the horizons, which are what ranks; much faster.")
@click.option("-d", "--decoder", help="Where the decoder is, if it is not listed: folder, GGUF file or Hub id.")
@click.option("--revision", help="Commit (40 hex digits) of a decoder given as a Hub id.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1 or mps.")
@click.option(
    "--attention",
    type=click.Choice(["sdpa", "eager"]),
    default="sdpa",
    show_default=True,
    help="Attention kernels.",
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores by default.")
@options.offline
@options.sealed
@click.option("--json", "as_json", is_flag=True, help="Write summary and comparison as JSON to stdout.")
def command(
    run_dirs: tuple[Path, ...], horizons: bool, decoder: str | None, revision: str | None, device: str,
    attention: str, threads: int | None, sealed: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Decode a run's certificate again and compare every measure.

    Each number is compared with the recorded one, or with --horizons only the horizons, for one or several RUN_DIR. A
    line is added to each RUN_DIR's verifications.jsonl. Exit code: 0 every sample is confirmed, 1 some are not.
    """
    if len(run_dirs) > 1 and not horizons:
        raise UsageError("several folders go with --horizons; give one, or --horizons")
    import torch

    from cramboard.cli.progress import watching
    from cramboard.run import RunFolder, Verifier

    if threads is not None:
        torch.set_num_threads(threads)
    code = 0
    with watching() as observer:
        verifier = Verifier(
            observer, decoder_name=decoder, revision=revision, device=device, attention=attention, sealed=sealed
        )
        for path in run_dirs:
            try:
                result = verifier.horizons(path) if horizons else verifier.everything(path)
                RunFolder(path).add_verification(result.verification)
            except InputError as error:
                if len(run_dirs) == 1:
                    raise
                # What is wrong with one run is not the others'.
                click.echo(f"cramboard: {printable(str(error))}", err=True)
                code = max(code, error.exit_code)
                continue
            _show(path, result, as_json)
            code = max(code, 1 if result.verification.unconfirmed else 0)
    return code


def _show(path: Path, result: "Reverified", as_json: bool) -> None:
    comparison = result.verification
    if as_json:
        if result.summary is None:
            click.echo(json.dumps({"run": str(path), "verification": comparison.model_dump(mode="json")}))
        else:
            summary = result.summary.model_dump(mode="json")
            print_json({"summary": summary, "verification": comparison.model_dump(mode="json")})
        return
    if result.summary is None:
        click.echo(f"{path}\n{_horizons(comparison)}")
    else:
        from rich.console import Console

        from cramboard.results import print_summary

        print_summary(result.summary, Console())
        click.echo(
            f"\nConfirmed: {comparison.confirmed} of {comparison.samples} samples; "
            f"{comparison.identical} samples equal to the last digit; bits differ by at most "
            f"{comparison.largest_bits_difference_per_token:.1e} a token"
        )
    click.echo(f"Verified on {comparison.device}, {comparison.threads} threads, attention {comparison.attention}")
    for sample in comparison.unconfirmed:
        click.echo(f"not confirmed: {sample}", err=True)


def _horizons(comparison: "Verification") -> str:
    return (
        f"Confirmed: {comparison.confirmed} of {comparison.samples} horizons; {comparison.identical} are equal; "
        "nothing else was measured again"
    )
