"""Say how far a decoder's float32 logits are from float64 on a run's certificates, over the scored tokens.

A decoder is admitted when the difference stays within 0.01: python scripts/admit_decoder.py RUN_DIR [DECODER]
"""

import sys
from pathlib import Path

import torch

from cramboard.decoders import find_decoder, load_decoder
from cramboard.reading import tokens_of
from cramboard.run import read_complete
from cramboard.verify.robustness import float64_difference


def main(folder: Path, name: str | None = None) -> None:
    """Print each sample's largest difference and the largest of all."""
    complete = read_complete(folder)
    decoder = load_decoder(find_decoder(name or complete.run.decoder.name))
    tokens = {record.sample: record.tokens for record in complete.records}
    samples = {sample.id: sample for sample in complete.task.samples(None, list(tokens))}
    largest = 0.0
    for entry in complete.files.certificate.entries:
        ids = torch.tensor(tokens_of(samples[entry.sample], decoder).ids[: tokens[entry.sample]])
        difference = float64_difference(decoder, ids, complete.files.of(entry))
        largest = max(largest, difference)
        print(f"{entry.sample}: {difference:.2e} over {len(ids)} tokens", flush=True)
    print(f"largest: {largest:.2e} ({'within' if largest <= 0.01 else 'NOT within'} 0.01)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
