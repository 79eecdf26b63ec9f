"""The one program that runs submitted code, inside the sandbox. It imports nothing of cramboard.

An encoder is a class like `Encoder` below; writing one takes no import of cramboard and no inheritance. This program
makes one, gives it the texts in batches and writes what it returns to one file. What it checks, it checks for a clear
message to the encoder's author; whoever reads the file trusts none of it.
"""

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_TICK_SECONDS = 0.002


@dataclass(frozen=True)
class Given:
    """What an encoder is told when it is made; it holds for every text.

    Attributes:
        decoder: The decoder's name.
        decoder_folder: Its files, to be read only: config.json, tokenizer.json and safetensors, as transformers'
            `AutoModel.from_pretrained` reads them.
        weights: The folder with the weights that submission.yaml declares, each under its file name.
        k: Vectors a text.
        d: Numbers a vector: the width of the decoder's input embeddings.
        span: Tokens of the decoder that each text has; a text that ends sooner has fewer.
        batch: Most texts that are given at once.
        device: A torch device: `cpu`, `cuda`, ..
        seed: For everything random.
    """

    decoder: str
    decoder_folder: Path
    weights: Path
    k: int
    d: int
    span: int
    batch: int
    device: str
    seed: int


class Encoder(Protocol):
    """Texts in, vectors out. What takes long once (loading weights) belongs into `__init__`."""

    def __init__(self, given: Given) -> None:
        """Get ready to encode texts for one decoder, k and span."""

    def encode(self, texts: Sequence[str]) -> Sequence[Any]:
        """Return an array `[k, d]` of floats for each text, in order: numpy arrays or torch tensors on any device.

        The decoder reads `[anchor] v_1..v_k`, and the suffix if one is declared, and must give the text back.
        """


def main() -> None:
    """Encode the texts of the input folder and write `vectors` `[texts, k, d]` float32 to the output file.

    The output file says that the encoder is made; the texts are put into the input folder then, and its time begins.
    """
    parser = argparse.ArgumentParser()
    for name in ("code", "decoder-folder", "weights", "input", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    paths = parser.parse_args()
    asked = json.loads((paths.input / "asked.json").read_text(encoding="utf-8"))
    threads = str(asked.pop("threads"))
    file, name = asked.pop("file"), asked.pop("name")
    os.environ |= {"OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    given = Given(decoder_folder=paths.decoder_folder, weights=paths.weights, **asked)
    encoder = _load(paths.code, file, name)(given)
    with paths.output.open("wb") as output:
        texts = _await_texts(paths.input / "texts.json")
        output.write(_header(len(texts), given))
        for start in range(0, len(texts), given.batch):
            batch = texts[start : start + given.batch]
            made = encoder.encode(batch)
            if not hasattr(made, "__len__"):
                sys.exit(f"encode: returned {type(made).__name__}, not a list with an array [k, d] for each text")
            if len(made) != len(batch):
                sys.exit(f"encode: returned {len(made)} arrays for {len(batch)} texts")
            for vectors in made:
                output.write(_bytes(vectors, given))


def _await_texts(path: Path) -> list[str]:
    """Wait until the texts are there; whoever holds them back ends this process if it is taking too long."""
    while not path.exists():
        time.sleep(_TICK_SECONDS)
    texts: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def _load(folder: Path, file: str, name: str) -> Any:
    """Return the class `name` of `file`; files beside it can be imported by it."""
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("submitted_encoder", folder / file)
    if spec is None or spec.loader is None:
        sys.exit(f"{file}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickling look a class's module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if not hasattr(module, name):
        sys.exit(f"{file}: has no class {name}")
    return getattr(module, name)


def _header(texts: int, given: Given) -> bytes:
    """Return the head of a safetensors file with one tensor, the one header that `output.read_vectors` takes."""
    shape = [texts, given.k, given.d]
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * texts * given.k * given.d]}
    header = json.dumps({"vectors": tensor}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header


def _bytes(vectors: Any, given: Given) -> bytes:
    import numpy

    if hasattr(vectors, "detach"):
        if not vectors.is_floating_point():
            sys.exit(f"encode: returned numbers of type {vectors.dtype}, not floats")
        vectors = vectors.detach().float().cpu().numpy()
    array = numpy.asarray(vectors)
    if list(array.shape) != [given.k, given.d]:
        sys.exit(f"encode: returned an array {list(array.shape)}, not [k, d] = {[given.k, given.d]}")
    if array.dtype.kind != "f":
        sys.exit(f"encode: returned numbers of type {array.dtype}, not floats")
    array = array.astype("<f4")
    if not numpy.isfinite(array).all():
        sys.exit("encode: returned a NaN or an infinity (in float32)")
    return bytes(array.tobytes())


if __name__ == "__main__":
    main()
