"""A stand-in for the Hub: its HTTP API over a real socket, in memory, with faults on demand.

It speaks as much of the API as huggingface_hub, datasets and a mirror need to create, commit, tag, list, upload and
download. Point clients at it with HF_ENDPOINT; they must not use Xet (HF_HUB_DISABLE_XET=1).
"""

from tests.hub.standin.faults import Answer, BreakOff, Change, Fault, Hang
from tests.hub.standin.server import Standin, serving

__all__ = ["Answer", "BreakOff", "Change", "Fault", "Hang", "Standin", "serving"]
