"""Read tensors from a file that anybody may have written."""

from pathlib import Path
from typing import TYPE_CHECKING

from cramboard.errors import InputError

if TYPE_CHECKING:
    import torch


def load_tensors(data: bytes, path: Path) -> dict[str, "torch.Tensor"]:
    """Return the tensors by name of a safetensors file's bytes; `path` names the file in the error.

    Raises:
        InputError: If it is no safetensors file, or has a shape or a dtype that torch has no tensor of.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    # safetensors checks a head's grammar and leaves it to torch, and to a table of dtypes, to stumble over the rest.
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        said = next(iter(str(error).splitlines()), "")
        raise InputError(f"{path}: not a valid safetensors file ({said}); restore or remove it") from None
