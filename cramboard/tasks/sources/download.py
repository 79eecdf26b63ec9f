"""Fetch a public archive: streamed, and begun again a few times if it breaks off."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, TypeVar, cast

from cramboard.errors import InputError, MachineError
from cramboard.tasks.sources.unpack import DamagedArchiveError

_ATTEMPTS = 4

Result = TypeVar("Result")


def download(url: str, take: Callable[[IO[bytes]], Result]) -> Result:
    """Return what `take` makes of the bytes at `url`; if they break off, both begin again, a few times.

    Raises:
        InputError: If the address answers that there is nothing, or `take` finds something wrong.
        MachineError: If it cannot be reached.
    """
    import httpx2

    from cramboard.hub.patience import PatientClient

    reason = ""
    with PatientClient(asked="the server") as client:
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(2**attempt)
            try:
                # Not packed once more on its way: the archive is unpacked here.
                with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
                    if response.status_code != 200:
                        said = f"{response.status_code} {response.reason_phrase}"
                        raise InputError(f"{url}: the server answers {said}; correct the url")
                    return take(cast(IO[bytes], _Body(response.iter_raw(), url)))
            except MachineError as error:
                raise MachineError(f"{url}: {error}, or give a local copy") from None
            except (DamagedArchiveError, httpx2.TransportError) as error:
                reason = str(error)
    raise MachineError(f"{url}: it broke off {_ATTEMPTS} times ({reason}); try again later, or give a local copy")


class _Body:
    """The bytes of a response as a file that is read once; progress is shown on a terminal."""

    def __init__(self, chunks: Iterator[bytes], url: str) -> None:
        self._chunks, self._url = chunks, url
        self._ahead = b""
        self._bytes = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        if not self._ahead:
            self._ahead = next(self._chunks, b"")
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        self._bytes += len(data)
        if sys.stderr.isatty():
            end = "" if data else "\n"
            print(f"\rfetching {self._url}: {self._bytes / 1e6:.1f} MB", end=end, file=sys.stderr, flush=True)
        return data
