"""`cramboard tasks show`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cramboard.cli import options
from cramboard.cli.output import print_fields, print_json, print_table
from cramboard.cli.tasks.counts import say_counts
from cramboard.cli.tasks.entropy import say_entropy, source_entropy

if TYPE_CHECKING:
    from cramboard.schema import ManifestLine
    from cramboard.tasks import Sample, Task

# Draws in a printed row.
_A_ROW = 4


@click.command("show")
@click.argument("name")
@click.option("--sample", "sample_id", metavar="ID", help="Print one sample: its source and its content.")
@options.offline
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str, sample_id: str | None, as_json: bool) -> None:
    """Show task NAME and list its samples, or print one of them."""
    from cramboard.tasks import load_task

    task = load_task(name)
    if sample_id is not None:
        [sample] = task.samples(split=None, ids=[sample_id])
        _show_sample(task, sample, as_json)
        return
    if as_json:
        samples = [line.model_dump(mode="json") for line in task.lines]
        print_json({**task.spec.model_dump(mode="json"), "source_entropy": source_entropy(task), "samples": samples})
        return
    spec = task.spec
    length = "draws" if spec.form == "draws" else "characters"
    print_fields(
        {
            "task": f"{spec.name} {spec.version}",
            "title": spec.title,
            "description": spec.description,
            "samples": say_counts(task),
            "lengths": ", ".join(map(str, spec.lengths)) + " tokens",
            "language": spec.language,
            "dates": spec.dates,
            "licence": spec.licence,
            "source": str(spec.source),
            **say_entropy(task),
            "builder": spec.builder,
            "rule": spec.rule,
            "manifest": f"sha256 {spec.manifest_sha256}",
        }
    )
    click.echo()
    print_table(
        ["sample", "split", "author", "date", length],
        [[line.id, line.split, line.author, line.date, f"{_length(task, line):,}"] for line in task.lines],
    )


def _length(task: "Task", line: "ManifestLine") -> int:
    """Return a sample's length in what it is made of."""
    from cramboard.tasks.draws import draws_in

    return draws_in(line.characters) if task.spec.form == "draws" else line.characters


def _show_sample(task: "Task", sample: "Sample", as_json: bool) -> None:
    fields = {
        "sample": sample.id,
        "task": f"{task.spec.name} {task.spec.version}",
        "split": sample.split,
        "author": sample.author,
        "date": sample.date,
        "origin": sample.origin,
        "source": str(task.spec.source),
        "licence": sample.licence,
        "sha256": sample.sha256,
    }
    if as_json:
        print_json({**fields, **_content(sample)})
        return
    print_fields(fields)
    click.echo(f"\n{sample.text if sample.draws is None else _rows(_digits(sample.draws))}")


def _content(sample: "Sample") -> dict[str, object]:
    """Return the content as JSON; draws are written in digits, since many readers of JSON round numbers so large."""
    return {"text": sample.text} if sample.draws is None else {"draws": _digits(sample.draws)}


def _digits(draws: Sequence[int]) -> list[str]:
    return [f"{draw:016x}" for draw in draws]


def _rows(digits: Sequence[str]) -> str:
    """Return draws in rows, each beginning with the number of its first (from 0)."""
    return "\n".join(f"{at:>5}  {'  '.join(digits[at : at + _A_ROW])}" for at in range(0, len(digits), _A_ROW))
