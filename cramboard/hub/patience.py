"""How long to wait for a Hub that is down, slow or limiting: retries with back-off, all of them bounded.

huggingface_hub repeats some requests and not others, sets no time limit on some, and waits as long as a server
tells it to. This client takes the place of its own and treats every request alike. Repeating a write is safe
here: a commit names its parent, so a second copy of it is refused, and a tag that exists is looked at.
"""

import time
from dataclasses import dataclass
from typing import Any

import httpx2

from cramboard.errors import MachineError
from cramboard.hub.offline import offline
from cramboard.hub.pace import Paces

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_FAILURES = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)


@dataclass(frozen=True)
class Patience:
    """The bounds of one request.

    It is tried `attempts` times within `total_seconds`, each try waiting `timeout_seconds` for the next bytes.
    Between tries it sleeps `first_wait_seconds`, then twice as long each time, or as long as the server's
    Retry-After says; one of more than `longest_wait_seconds` is not waited for. A body that after `grace_seconds`
    has come with fewer than `least_bytes_per_second` is given up.
    """

    attempts: int = 4
    total_seconds: float = 60
    timeout_seconds: float = 10
    first_wait_seconds: float = 1
    longest_wait_seconds: float = 20
    grace_seconds: float = 30
    least_bytes_per_second: float = 1_000


class PatientClient(httpx2.Client):
    """An HTTP client whose every request ends: in an answer that is worth reading, or in a MachineError.

    Args:
        patience: Its bounds.
        asked: What errors call the other side.
    """

    def __init__(self, patience: Patience | None = None, asked: str = "the Hub") -> None:
        self._asked = asked
        self._patience = patience or Patience()
        self._paces = Paces(self._patience.grace_seconds, self._patience.least_bytes_per_second)
        super().__init__(follow_redirects=True)

    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send `request`, again if that may help.

        Raises:
            MachineError: If the Hub does not answer well within the bounds, or this is offline.
        """
        host = request.url.host
        if offline():
            raise MachineError(f"{self._asked} ({host}) is not asked, because this is offline")
        request.read()  # Now it can be sent more than once.
        # Some callers ask for no time limit at all.
        request.extensions = {**request.extensions, "timeout": httpx2.Timeout(self._patience.timeout_seconds).as_dict()}
        started = time.monotonic()
        tried = 0
        while True:
            tried += 1
            wait = self._patience.first_wait_seconds * 2 ** (tried - 1)
            try:
                response = self._send_once(request, stream, options)
            except _FAILURES as failure:
                said = _say(failure)
            else:
                if response.status_code not in _PASSING:
                    return response
                response.close()
                said = f"answers {response.status_code}"
                asked = response.headers.get("Retry-After", "")
                if asked.isdecimal():
                    wait = int(asked)
                    said += f" and asks to wait {wait} s"
            late = time.monotonic() - started + wait > self._patience.total_seconds
            if tried == self._patience.attempts or late or wait > self._patience.longest_wait_seconds:
                times = "once" if tried == 1 else f"{tried} times"
                raise MachineError(f"{self._asked} ({host}) {said} (tried {times}); try again later")
            time.sleep(wait)

    def _send_once(self, request: httpx2.Request, stream: bool, options: dict[str, Any]) -> httpx2.Response:
        response = super().send(request, stream=True, **options)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = self._paces.watch(str(request.url), response.stream)
        if not stream:
            try:
                response.read()
            finally:
                response.close()
        return response


def _say(failure: Exception) -> str:
    if isinstance(failure, httpx2.ConnectTimeout | httpx2.ConnectError):
        return "cannot be reached"
    if isinstance(failure, httpx2.TimeoutException):
        return "does not answer in time"
    return "breaks off its answers"
