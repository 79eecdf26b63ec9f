"""GGUF files: dequantised once to bfloat16 safetensors, with the tokenizers put right, and kept in the cache.

The conversion is transformers' own. Its tokenizer conversion is slightly wrong for the two families that
cramboard lists, and is repaired here; after the repairs both agree with llama.cpp.
"""

import importlib
import importlib.util
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from cramboard.decoders.foreign import in_one_line
from cramboard.errors import InputError
from cramboard.files import cache_folder, clear_os_errors, locked, sha256_file
from cramboard.schema import GgufPackage

# Part of the cache's folder name: a mended conversion never reads what an older one left. Raise it with every change
# to what is written, or this machine's tests go on with the old files.
CONVERSION = 1


def locate_package_file(name: str, source: GgufPackage) -> Path:
    """Return the path of the GGUF file that PyPI packages carry; no network.

    Raises:
        InputError: If the package is not installed (the line says how to get it) or its bytes are not the pinned ones.
    """
    found = importlib.util.find_spec(source.package)
    if found is None or not found.submodule_search_locations:
        raise InputError(f"decoder {name} is not installed; get it with: {source.install}")
    if source.assemble:
        path = cache_folder() / "gguf" / source.file_sha256 / source.file
        if not path.exists():
            _assemble(name, source, path)
    else:
        # The package is located, never imported: its __init__ asks for llama.cpp.
        path = Path(next(iter(found.submodule_search_locations))) / source.file
    if not path.exists() or sha256_file(path) != source.file_sha256:
        raise InputError(f"{path}: not the pinned bytes of decoder {name}; reinstall it with: {source.install}")
    return path


def _assemble(name: str, source: GgufPackage, path: Path) -> None:
    """Join the parts that several packages carry into one file in the cache."""
    with locked(path.parent, wait=True), clear_os_errors(path):
        if path.exists():  # Another process made it meanwhile.
            return
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        try:
            importlib.import_module(source.package).assemble(partial)
        except (ImportError, FileNotFoundError, ValueError):
            raise InputError(f"decoder {name} is not whole; get it with: {source.install}") from None
        partial.replace(path)


def converted(path: Path, repair: str | None) -> Path:
    """Return a folder with the file's weights as bfloat16 safetensors and its repaired tokenizer.

    Args:
        path: A GGUF file.
        repair: The tokenizer repair that its family needs, or None.

    Raises:
        InputError: If transformers cannot read the file.
        MachineError: If the cache cannot be written.
    """
    folder = cache_folder() / "decoders" / f"{sha256_file(path)[:32]}-{repair or 'plain'}-v{CONVERSION}"
    if folder.is_dir():
        return folder
    with locked(folder.parent, wait=True), clear_os_errors(folder):
        if folder.is_dir():  # Another process made it meanwhile.
            return folder
        staging = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
        try:
            _convert(path, repair, staging)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return folder


def _convert(path: Path, repair: str | None, out: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where = {
        "pretrained_model_name_or_path": str(path.parent),
        "gguf_file": path.name,
        "local_files_only": True,
    }
    with in_one_line(f"{path}: transformers cannot read this GGUF file"):
        tokenizer = AutoTokenizer.from_pretrained(**where)
        network = AutoModelForCausalLM.from_pretrained(
            **where, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
        )
        tokenizer_json = json.loads(tokenizer.backend_tokenizer.to_str())
    network.save_pretrained(out)
    (out / "tokenizer.json").write_text(json.dumps(repaired(tokenizer_json, repair), ensure_ascii=False), "utf-8")


def repaired(tokenizer: dict[str, Any], repair: str | None) -> dict[str, Any]:
    """Return tokenizer.json's content with what transformers' GGUF conversion lost put back."""
    if repair == "smollm-digits":
        return tokenizer | {"pre_tokenizer": _SMOLLM_PRE_TOKENIZER}
    if repair == "gemma-runs":
        return tokenizer | {"model": tokenizer["model"] | {"merges": _longest_runs_first(tokenizer["model"]["merges"])}}
    return tokenizer


# llama.cpp's pre-tokenizer "smollm" splits every digit; the conversion drops that step.
_SMOLLM_PRE_TOKENIZER = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}


def _longest_runs_first(merges: list[list[str]]) -> list[list[str]]:
    """Order the merges of space, newline and tab runs longest first, as SentencePiece applies them."""

    def run_length(merge: list[str]) -> int:
        text = "".join(merge)
        return len(text) if len(set(text)) == 1 and text[0] in "\u2581\n\t" else 0

    runs = sorted((merge for merge in merges if run_length(merge)), key=lambda m: (-run_length(m), -len(m[0])))
    return runs + [merge for merge in merges if not run_length(merge)]
