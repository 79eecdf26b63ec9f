"""Measure what tasks are to the listed decoders, and bring the numbers into the tasks' data cards.

Measure on a GPU after a task or a listed decoder changes (it also runs, slowly, without one), then draw:

    python scripts/describe_tasks.py tasks --device cuda
    python scripts/describe_tasks.py tasks --draw

The first writes tasks/<name>/statistics.json, after every decoder; what is measured already is left as it is. The
second needs no torch: it writes tasks/<name>/surprisal.svg and the table of tasks/<name>/README.md from it.
"""

import argparse
import time
from pathlib import Path

from cramboard.files import read_text, write_atomically
from cramboard.schema import DecoderStatistics, TaskStatistics, from_json, to_json
from cramboard.tasks import Task, read_task
from cramboard.tasks.statistics import (
    CARD_FILE,
    FIGURE_FILE,
    SCORED_TOKENS,
    STATISTICS_FILE,
    card_table,
    describe,
    with_table,
)


def main() -> None:
    """Measure or draw, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of tasks")
    parser.add_argument("--task", action="append", help="only this task (may be repeated)")
    parser.add_argument("--decoder", action="append", help="only this listed decoder (may be repeated)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--draw", action="store_true", help="draw what is measured")
    asked = parser.parse_args()
    manifests = sorted(asked.folder.glob("[!.]*/manifest.jsonl"))
    folders = [path.parent for path in manifests if asked.task is None or path.parent.name in asked.task]
    if asked.draw:
        for folder in folders:
            draw(folder)
    else:
        measure(folders, asked.decoder, asked.device)


def measure(folders: list[Path], names: list[str] | None, device: str) -> None:
    """Measure every task under every decoder, one decoder after the other."""
    from cramboard.decoders import decoder_names, find_decoder, load_decoder

    for name in names or decoder_names():
        decoder = load_decoder(find_decoder(name), device)
        for folder in folders:
            task = read_task(folder)
            known = measured(folder, task)
            if any(entry.decoder == decoder.ref for entry in known):
                continue
            started = time.monotonic()
            samples = task.samples()
            tokens, bits = zip(*(surprisal(decoder, sample) for sample in samples), strict=True)
            others = [entry for entry in known if entry.decoder.name != name]
            entries = sorted([*others, describe(decoder.ref, tokens, bits)], key=lambda entry: entry.decoder.name)
            statistics = TaskStatistics(task=task.ref, samples=len(samples), decoders=tuple(entries))
            write_atomically(folder / STATISTICS_FILE, to_json(statistics))
            print(f"{name} {task.spec.name}: {time.monotonic() - started:.1f} s", flush=True)


def measured(folder: Path, task: Task) -> tuple[DecoderStatistics, ...]:
    """Return what is measured of the task as it is now."""
    path = folder / STATISTICS_FILE
    if not path.exists():
        return ()
    statistics = from_json(TaskStatistics, read_text(path, "statistics"), str(path))
    return statistics.decoders if statistics.task == task.ref else ()


def surprisal(decoder, sample) -> tuple[int, list[float]]:
    """Return how many tokens a sample has, and the bits of the first of them under the decoder alone."""
    import torch

    from cramboard.reading import tokens_of
    from cramboard.verify.scoring import score

    ids = tokens_of(sample, decoder).ids
    first = torch.tensor(ids[: min(SCORED_TOKENS, decoder.room(0))], device=decoder.device)
    return len(ids), score(decoder, first, None).bits.tolist()


def draw(folder: Path) -> None:
    """Write the figure and the card's table from the statistics."""
    from cramboard.board.figures import standalone, surprisal

    path = folder / STATISTICS_FILE
    statistics = from_json(TaskStatistics, read_text(path, "statistics"), str(path))
    write_atomically(folder / FIGURE_FILE, standalone(surprisal(statistics, "").wide))
    card = folder / CARD_FILE
    write_atomically(card, with_table(read_text(card, "data card"), card_table(statistics), str(card)))


if __name__ == "__main__":
    main()
