"""Bodies that come too slowly are given up, also when they break off and are taken up again and again."""

import time
from collections.abc import Iterator

import httpx2

from cramboard.errors import MachineError


class Paces:
    """Watches the bodies of responses, by address, so that a resumed download does not start its clock anew.

    Args:
        grace_seconds: How long a body may take whatever its pace.
        least_bytes_per_second: The mean pace that it must have from then on.
    """

    def __init__(self, grace_seconds: float, least_bytes_per_second: float) -> None:
        self._grace, self._least = grace_seconds, least_bytes_per_second
        self._started: dict[str, float] = {}
        self._received: dict[str, int] = {}

    def watch(self, url: str, body: httpx2.SyncByteStream) -> httpx2.SyncByteStream:
        """Return `body`, to be read at a bearable pace or not at all.

        Raises:
            MachineError: If it is taken up again and has been coming too slowly for too long.
        """
        self.count(url, 0)
        return _Watched(self, url, body)

    def count(self, url: str, received: int) -> None:
        """Count bytes of a body.

        Raises:
            MachineError: If it has been coming too slowly for too long.
        """
        self._received[url] = self._received.get(url, 0) + received
        seconds = time.monotonic() - self._started.setdefault(url, time.monotonic())
        if seconds > self._grace and self._received[url] < seconds * self._least:
            pace = self._received[url] / seconds
            self.forget(url)
            raise MachineError(f"only {pace:.0f} bytes a second come; try again later")

    def forget(self, url: str) -> None:
        """Stop the clock of a body that is whole or given up."""
        self._started.pop(url, None)
        self._received.pop(url, None)


class _Watched(httpx2.SyncByteStream):
    def __init__(self, paces: Paces, url: str, body: httpx2.SyncByteStream) -> None:
        self._paces, self._url, self._body = paces, url, body
        self._broken = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._body:
                self._paces.count(self._url, len(chunk))
                yield chunk
        except httpx2.TransportError:
            self._broken = True
            raise

    def close(self) -> None:
        self._body.close()
        if not self._broken:  # One that broke off may be taken up again, and its clock goes on.
            self._paces.forget(self._url)
