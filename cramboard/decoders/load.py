"""Load a decoder's tensors and tokenizer from where its spec says, and check that they are the ones named."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cramboard import hub
from cramboard.decoders.catalog import DecoderPlace
from cramboard.decoders.decoder import Decoder
from cramboard.decoders.fingerprint import tensors_sha256
from cramboard.decoders.foreign import in_one_line
from cramboard.decoders.gguf import converted, locate_package_file
from cramboard.decoders.ordinary import ordinary_tokens, spread_out
from cramboard.errors import InputError, MachineError
from cramboard.files import read_text
from cramboard.schema import GgufPackage, HubRepository


def load_decoder(place: DecoderPlace, device: str = "cpu", attention: str = "sdpa") -> Decoder:
    """Load the decoder at `place` onto `device`.

    Args:
        place: What `find_decoder` returned.
        device: A torch device, such as `cpu`, `cuda` or `cuda:1`.
        attention: transformers' attention implementation, `sdpa` or `eager`.

    Raises:
        InputError: If it is not there (the line says how to get it) or its bytes are not the ones of its spec.
        MachineError: If the device does not exist.
    """
    import torch

    check_device(device)
    folder = decoder_folder(place)
    network = _network(place.name, folder, attention, "auto")
    tokenizer = _tokenizer(place.name, folder)
    network.eval().requires_grad_(False)
    sha256 = tensors_sha256(network)
    if place.spec is not None and sha256 != place.spec.tensors_sha256:
        raise InputError(
            f"decoder {place.name}: its tensors have sha256 {sha256}, its spec says {place.spec.tensors_sha256}; "
            "install the versions in constraints.txt, or empty the cache folder"
        )
    with _loading(place.name):  # The decoder tries the network, whose configuration may not hold together.
        return Decoder(
            name=place.name,
            tensors_sha256=sha256,
            anchor=place.spec.anchor if place.spec is not None else _anchor(place.name, network),
            bos=place.spec.bos if place.spec is not None else _bos(tokenizer),
            context=place.spec.context if place.spec is not None else _context(place.name, network.config),
            network=network,
            load=lambda dtype: _network(place.name, folder, attention, dtype),
            tokenizer=tokenizer,
            ordinary=lambda: _ordinary(place, tokenizer, network.get_output_embeddings().weight.shape[0]),
            device=torch.device(device),
            folder=folder,
        )


def _network(name: str, folder: Path, attention: str, dtype: Any) -> Any:
    """Load the causal LM with its weights in `dtype` ('auto': as they are stored) on the CPU."""
    with _quiet_transformers() as transformers, _loading(name):
        network, loaded = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            attn_implementation=attention,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    if loaded["missing_keys"]:
        raise InputError(f"decoder {name}: its weights lack {sorted(loaded['missing_keys'])[0]}; get them whole")
    return network


def _loading(name: str) -> contextlib.AbstractContextManager[None]:
    return in_one_line(f"decoder {name}: cannot be loaded")


def check_device(device: str) -> None:
    """Refuse a device that this machine does not have.

    Raises:
        MachineError: In one line, naming what there is.
    """
    import torch

    there = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        there.append("mps")
    if device not in there and not (device == "cuda" and torch.cuda.is_available()):
        raise MachineError(f"no such device {device!r}; this machine has: {', '.join(there)}")


def decoder_folder(place: DecoderPlace) -> Path:
    """Return a folder with config.json, safetensors and tokenizer.json."""
    source = place.source
    repair = place.spec.tokenizer_repair if place.spec is not None else None
    if isinstance(source, GgufPackage):
        return _converted(locate_package_file(place.name, source), repair)
    path = _download(source) if isinstance(source, HubRepository) else source
    if path.is_dir() and not (path / "config.json").exists():
        files = sorted(path.glob("*.gguf"))
        if len(files) != 1:
            raise InputError(f"{path}: no config.json, and {len(files)} GGUF files where one is needed")
        path = files[0]
    return _converted(path, repair) if path.is_file() else path


def _converted(path: Path, repair: str | None) -> Path:
    # The conversion draws a progress bar that no setting turns off.
    with _quiet_transformers(), contextlib.redirect_stderr(io.StringIO()):
        return converted(path, repair)


def _download(source: HubRepository) -> Path:
    """Return the local snapshot of a Hub repository at its revision, downloading it if it is not cached."""
    wanted = (
        [source.file] if source.file else ["config.json", "tokenizer.json", "*.safetensors", "*.safetensors.index.json"]
    )
    folder = hub.download(source.repository, source.revision, wanted)
    return folder / source.file if source.file else folder


def _tokenizer(name: str, folder: Path) -> Any:
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.exists():
        raise InputError(f"decoder {name}: {path} is missing; cramboard needs the fast tokenizer's tokenizer.json")
    try:
        tokenizer = Tokenizer.from_str(read_text(path, "tokenizer"))
    except Exception as error:  # The Rust side raises bare Exception.
        raise InputError(f"{path}: not a valid tokenizer ({error})") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # Text that spells a special token is text: it must not become that token.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _ordinary(place: DecoderPlace, tokenizer: Any, vocabulary: int) -> tuple[int, ...]:
    """A listed decoder's ordinary tokens as its spec pins them; another's by the rule that those follow."""
    if place.spec is not None:
        return spread_out(place.spec.ordinary)
    return ordinary_tokens(place.name, tokenizer, vocabulary)


def _anchor(name: str, network: Any) -> int:
    """An unlisted decoder's anchor: its bos token, else its eos token."""
    most = network.get_input_embeddings().num_embeddings - 1
    for field in ("bos_token_id", "eos_token_id"):
        value = getattr(network.config, field, None)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, int):
            if not 0 <= first <= most:
                raise InputError(f"decoder {name}: config.json: anchor {first} is no token (0 to {most})")
            return first
    raise InputError(f"decoder {name}: config.json has neither bos_token_id nor eos_token_id to be its anchor")


def _context(name: str, config: Any) -> int:
    """How many positions an unlisted decoder reads."""
    context = getattr(config, "max_position_embeddings", None)
    if not isinstance(context, int):
        raise InputError(f"decoder {name}: config.json has no max_position_embeddings, the positions that it reads")
    return context


def _bos(tokenizer: Any) -> list[int]:
    """What an unlisted decoder's tokenizer puts before a text, by its own post-processor."""
    plain = tokenizer.encode("a", add_special_tokens=False).ids
    whole: list[int] = tokenizer.encode("a", add_special_tokens=True).ids
    return next((whole[:at] for at in range(len(whole)) if whole[at : at + len(plain)] == plain), [])


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[Any]:
    """Import transformers with its progress bars and advice off, and put its settings back."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import transformers
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield transformers
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
