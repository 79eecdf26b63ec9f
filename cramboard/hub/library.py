"""huggingface_hub as cramboard uses it: with the patient client, without Xet, quiet off a terminal."""

import logging
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from cramboard.errors import MachineError
from cramboard.hub.offline import OFFLINE_VARIABLE, offline

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def api(what: str) -> "HfApi":
    """Return huggingface_hub's client for something that needs the network; `what` names it in the error.

    Raises:
        MachineError: If the network may not be used.
    """
    if offline():
        raise MachineError(f"{what}: not asked for, because this is offline; leave out --offline, unset "
                           f"{OFFLINE_VARIABLE} and HF_HUB_OFFLINE")  # fmt: skip
    _set_up()
    from huggingface_hub import HfApi
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    # Asked now: huggingface_hub itself reads it when it is imported.
    return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)


@cache
def _set_up() -> None:
    """Give huggingface_hub the client that is bounded; it is shared by all of its calls in this process."""
    # Xet goes past the client, so neither its time nor its errors would be bounded.
    os.environ["HF_HUB_DISABLE_XET"] = "1"
    from huggingface_hub import constants, set_client_factory

    from cramboard.hub.patience import PatientClient

    constants.HF_HUB_DISABLE_XET = True  # For when someone has imported it before the variable was set.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # What a user needs to know comes as one line.
    set_client_factory(PatientClient)
