"""How does an encoder's norm change what its vectors hold? For the simple encoders, whose class scales to `NORM`.

    python scripts/scan_norms.py submissions/last-tokens --span 1 --norms 3 30 300 1000 3000

It runs the encoder in this process, so only on code that you trust, and on tuning samples, so that nothing reported is
tuned on.
"""

import argparse
import importlib.util
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch

from cramboard.decoders import find_decoder, load_decoder
from cramboard.schema import CERTIFIED_MARGIN
from cramboard.tasks import load_task
from cramboard.verify import measures
from cramboard.verify.scoring import score


def main() -> None:
    """Print, for each norm, the mean horizon and the bits of the first token with and without the vectors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("submission", type=Path)
    parser.add_argument("--task", default="speeches")
    parser.add_argument("--decoder", default="smollm2-135m-instruct-q4_1")
    parser.add_argument("--norms", type=float, nargs="+", required=True)
    parser.add_argument("--span", type=int, default=16)
    parser.add_argument("-k", type=int, default=1)
    parser.add_argument("--samples", type=int, default=8)
    asked = parser.parse_args()
    decoder = load_decoder(find_decoder(asked.decoder))
    spec = importlib.util.spec_from_file_location("scanned", asked.submission / "encoder.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    given = SimpleNamespace(
        decoder=decoder.name, decoder_folder=decoder.folder, weights=Path(tempfile.gettempdir()), k=asked.k,
        d=decoder.d, span=asked.span, batch=1, device="cpu", seed=0,
    )  # fmt: skip
    encoder = module.Encoder(given)
    texts, ids = [], []
    for sample in load_task(asked.task).samples(split="tuning", limit=asked.samples):
        assert sample.text is not None
        tokens = decoder.tokenize(sample.text)
        assert tokens.ends is not None
        ids.append(torch.tensor(tokens.ids[: asked.span]))
        texts.append(sample.text[: tokens.ends[asked.span - 1]])
    without = sum(float(score(decoder, tokens, None).bits[0]) for tokens in ids) / len(ids)
    print(f"without vectors: first token {without:.2f} bits")
    for norm in asked.norms:
        module.NORM = norm
        scores = [score(decoder, *pair) for pair in zip(ids, encoder.encode(texts), strict=True)]
        horizon = sum(measures.horizon(one.margins, CERTIFIED_MARGIN) for one in scores) / len(scores)
        first = sum(float(one.bits[0]) for one in scores) / len(scores)
        print(f"norm {norm:g}: horizon {horizon:.2f} tokens, first token {first:.2f} bits", flush=True)


if __name__ == "__main__":
    main()
