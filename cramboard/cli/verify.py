"""`cramboard verify`: measure a run's certificate again."""

import json
from pathlib import Path

import click

from cramboard.cli import options


@click.command("verify")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("-d", "--decoder", help="Where the decoder is, if it is not a listed one.")
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
    run_dir: Path, decoder: str | None, revision: str | None, device: str, attention: str, threads: int | None,
    sealed: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Turn the certificate in RUN_DIR back into text and compare every number with the recorded one.

    Exit code 0 says that every sample is confirmed, 1 that some are not. A line is added to RUN_DIR's
    verifications.jsonl.
    """
    import torch

    from cramboard.cli.progress import watching
    from cramboard.run import RunFolder, reverify

    if threads is not None:
        torch.set_num_threads(threads)
    with watching() as observer:
        result = reverify(
            run_dir,
            observer,
            decoder_name=decoder,
            revision=revision,
            device=device,
            attention=attention,
            sealed=sealed,
        )
    comparison = result.verification
    if as_json:
        click.echo(
            json.dumps(
                {
                    "summary": result.summary.model_dump(mode="json"),
                    "verification": comparison.model_dump(mode="json"),
                },
                indent=1,
            )
        )
    else:
        from rich.console import Console

        from cramboard.results import print_summary

        print_summary(result.summary, Console())
        click.echo(
            f"\nConfirmed: {comparison.confirmed} of {comparison.samples} samples; "
            f"{comparison.identical} samples equal to the last digit; bits differ by at most "
            f"{comparison.largest_bits_difference_per_token:.1e} a token\n"
            f"Verified on {comparison.device}, {comparison.threads} threads, attention {comparison.attention}"
        )
        for sample in comparison.unconfirmed:
            click.echo(f"not confirmed: {sample}", err=True)
    RunFolder(run_dir).add_verification(comparison)
    return 1 if comparison.unconfirmed else 0
