"""Fetch from the network: streamed, tried again a few times, and never when offline."""

import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TypeVar, cast

from cramboard.errors import InputError, MachineError
from cramboard.tasks.sources.unpack import DamagedArchiveError

OFFLINE = "CRAMBOARD_OFFLINE"
_ATTEMPTS = 4
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_TIMEOUT_SECONDS = 60
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

Result = TypeVar("Result")


def is_offline() -> bool:
    """Whether the network is not to be used (CRAMBOARD_OFFLINE=1)."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


def download(url: str, take: Callable[[IO[bytes]], Result]) -> Result:
    """Return what `take` makes of the bytes at `url`; if they break off, both begin again, a few times.

    Raises:
        InputError: If the address answers that there is nothing, or `take` finds something wrong.
        MachineError: If it cannot be reached.
    """
    wait = _FIRST_WAIT_SECONDS
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
                return take(cast(IO[bytes], _Shown(response, url)))
        except urllib.error.HTTPError as error:
            error.close()  # it is the response, too
            if error.code not in _PASSING:
                raise InputError(f"{url}: the server answers {error.code} {error.reason}; correct the url") from None
            reason = f"the server answers {error.code} {error.reason}"
            with suppress(TypeError, ValueError):
                wait = float(error.headers["Retry-After"])
        except DamagedArchiveError as error:
            reason = f"it broke off ({error})"
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", None) or error)
        if attempt < _ATTEMPTS:
            time.sleep(min(wait, _LONGEST_WAIT_SECONDS))
            wait *= 2
    raise MachineError(f"{url}: cannot be fetched ({reason}); check the network, or give a local copy")


class _Shown:
    """A response whose progress is shown on a terminal."""

    def __init__(self, response: http.client.HTTPResponse, url: str) -> None:
        self._response, self._url = response, url
        self._bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._response.read(size)
        self._bytes += len(data)
        if sys.stderr.isatty():
            end = "" if data else "\n"
            print(f"\rfetching {self._url}: {self._bytes / 1e6:.1f} MB", end=end, file=sys.stderr, flush=True)
        return data
