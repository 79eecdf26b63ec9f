"""Whether the network may be used at all."""

import os

OFFLINE_VARIABLE = "CRAMBOARD_OFFLINE"
_YES = frozenset({"1", "ON", "TRUE", "YES"})


def offline() -> bool:
    """Whether CRAMBOARD_OFFLINE, which `--offline` sets too, or huggingface_hub's HF_HUB_OFFLINE says yes."""
    return any(os.environ.get(name, "").upper() in _YES for name in (OFFLINE_VARIABLE, "HF_HUB_OFFLINE"))
