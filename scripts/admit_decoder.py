"""Say how far a decoder's float32 logits are from float64 on a run's certificates, over the scored tokens.

    python scripts/admit_decoder.py RUN_DIR [DECODER]

A decoder is admitted when the difference stays within 0.01. Exit code: 0 when it does, 1 when not.
"""

import argparse
import sys
from pathlib import Path

from cramboard.errors import CramboardError

LIMIT = 0.01


def main() -> int:
    """Print each sample's largest difference and the largest of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR", help="a finished run at full length")
    parser.add_argument("decoder", nargs="?", metavar="DECODER", help="where the decoder is; the run's by default")
    asked = parser.parse_args()
    try:
        largest = difference(asked.run_dir, asked.decoder)
    except CramboardError as error:
        print(f"admit_decoder: {error}", file=sys.stderr)
        return error.exit_code
    print(f"largest: {largest:.2e} ({'within' if largest <= LIMIT else 'NOT within'} {LIMIT})")
    return 0 if largest <= LIMIT else 1


def difference(folder: Path, name: str | None) -> float:
    """Print each sample's largest difference between float32 and float64 logits; return the largest of all."""
    import torch

    from cramboard.decoders import find_decoder, load_decoder
    from cramboard.reading import tokens_of
    from cramboard.run import read_complete
    from cramboard.verify.robustness import float64_difference

    complete = read_complete(folder)
    decoder = load_decoder(find_decoder(name or complete.run.decoder.name))
    tokens = {record.sample: record.tokens for record in complete.records}
    samples = {sample.id: sample for sample in complete.task.samples(None, list(tokens))}
    largest = 0.0
    for entry in complete.files.certificate.entries:
        ids = torch.tensor(tokens_of(samples[entry.sample], decoder).ids[: tokens[entry.sample]])
        found = float64_difference(decoder, ids, complete.files.of(entry))
        largest = max(largest, found)
        print(f"{entry.sample}: {found:.2e} over {len(ids)} tokens", flush=True)
    return largest


if __name__ == "__main__":
    sys.exit(main())
