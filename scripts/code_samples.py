"""Code the first samples of a task with a real arithmetic coder, and hold its bytes to the surprisal.

    python scripts/code_samples.py -t speeches -d smollm2-135m-instruct-q4_1 --limit 3 --tokens 384

Prints a markdown table, a row a sample: what the coder made of its first tokens, beside what an ideal one would. Every
code is decoded again, and, to show how little a coder bears, once more with the attention computed in another way.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from cramboard.errors import CramboardError

HEADER = (
    "sample", "tokens", "surprisal, bits", "surprisal / 8, bytes", "coded, bytes", "difference, bytes",
    "tokens back", "tokens back by other arithmetic",
)  # fmt: skip


def main() -> int:
    """Print the table; a sample that does not come back is an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-t", "--task", default="speeches")
    parser.add_argument("-d", "--decoder", default="smollm2-135m-instruct-q4_1")
    parser.add_argument("--limit", type=int, default=3, help="the first samples")
    parser.add_argument("--tokens", type=int, default=384, help="the leading tokens of each")
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    if asked.tokens < 1:
        parser.error(f"--tokens {asked.tokens}: at least one token is needed")
    try:
        whole = True
        for place, (cells, back) in enumerate(rows(asked.task, asked.decoder, asked.limit, asked.tokens, asked.device)):
            if not place:
                print("| " + " | ".join(HEADER) + " |\n|" + " --- |" * len(HEADER))
            print("| " + " | ".join(cells) + " |", flush=True)
            whole &= back
    except CramboardError as error:
        print(f"code_samples: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if whole else 1


def rows(task: str, name: str, limit: int, tokens: int, device: str) -> Iterator[tuple[Sequence[str], bool]]:
    """Yield each sample's cells, and whether its tokens came back."""
    import torch

    from cramboard.decoders import find_decoder, load_decoder
    from cramboard.reading import tokens_of
    from cramboard.tasks import load_task
    from cramboard.verify.coding import decode, encode
    from cramboard.verify.scoring import score

    decoder, other = (load_decoder(find_decoder(name), device, attention) for attention in ("sdpa", "eager"))
    for sample in load_task(task).samples(limit=limit):
        ids = tokens_of(sample, decoder).ids[: min(tokens, decoder.room(0))]
        bits = float(score(decoder, torch.tensor(ids, device=decoder.device), None).bits.sum())
        code = encode(decoder, ids)
        back, elsewhere = (leading(decode(reader, code, len(ids)), ids) for reader in (decoder, other))
        cells = (
            sample.id, f"{len(ids)}", f"{bits:,.1f}", f"{bits / 8:,.1f}", f"{len(code):,}",
            f"{len(code) - bits / 8:+.2f}", f"{back}", f"{elsewhere}",
        )  # fmt: skip
        yield cells, back == len(ids)


def leading(found: Sequence[int], ids: Sequence[int]) -> int:
    """Return how many leading tokens of `found` are right."""
    return next((place for place, (a, b) in enumerate(zip(found, ids, strict=True)) if a != b), len(ids))


if __name__ == "__main__":
    sys.exit(main())
