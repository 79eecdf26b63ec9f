"""The socket, the routing, and how an answer is sent. What is answered is in `reading` and `writing`."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.standin.faults import Answer, BreakOff, Change, Fault, Hang
from tests.hub.standin.store import Commit, Repository, Store


@dataclass
class Standin:
    """A running stand-in: where it is, what it keeps, which faults it has, and what it was asked ("METHOD path")."""

    url: str
    store: Store
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def dataset(self, name: str) -> Repository:
        """Return a dataset."""
        return self.store.repositories["datasets", name]


class RefusedError(Exception):
    """An answer that ends the request: status, message and the Hub's own error code."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Else each answer waits 40 ms between its headers and its body.
    standin: Standin

    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""

    def handle_any(self) -> None:
        """Find the route, let faults strike, answer."""
        parts = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.content = self._read_body()
        self.change: Callable[[bytes], bytes] | None = None
        self.midway = False
        request = f"{self.command} {parts.path}"
        with self.standin.store.lock:
            self.standin.requests.append(request)
            struck = [fault.what for fault in self.standin.faults if fault.strikes(request)]
        for what in struck:
            match what:
                case Answer(status, headers):
                    return self.answer({"error": "a fault"}, status, dict(headers))
                case Hang(over):
                    over.wait()
                    self.close_connection = True
                    return None
                case BreakOff(midway):
                    if not midway:
                        self.close_connection = True
                        return None
                    self.midway = True
                case Change(change):
                    self.change = change
        try:
            with self.standin.store.lock:
                self._route(parts.path)
        except RefusedError as refused:
            headers = {"X-Error-Message": refused.message}
            if refused.code:
                headers["X-Error-Code"] = refused.code
            self.answer({"error": refused.message}, refused.status, headers)
        return None

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def _route(self, path: str) -> None:
        from tests.hub.standin import reading, writing

        for methods, pattern, answer in (*reading.ROUTES, *writing.ROUTES):
            if self.command in methods and (found := re.fullmatch(pattern, path)):
                return answer(self, **{name: unquote(value or "") for name, value in found.groupdict().items()})
        raise RefusedError(404, f"no route {self.command} {path}")

    def answer(self, said: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer with bytes, or with anything else as JSON."""
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        kind = "application/octet-stream" if isinstance(said, bytes) else "application/json"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.change is not None:
            data = self.change(data)
        if self.midway:
            data = data[: len(data) // 2]
            self.close_connection = True
        self.wfile.write(data)

    def json(self) -> Any:
        """Return the request's body as JSON."""
        return json.loads(self.content or b"{}")

    def user(self) -> str | None:
        """Return who is asking.

        Raises:
            RefusedError: If the token is not a valid one.
        """
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.standin.store.tokens:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return self.standin.store.tokens.get(token)

    def repository(self, kind: str, name: str, write: bool = False) -> Repository:
        """Return a repository that the user may see, or with `write` change.

        Raises:
            RefusedError: If there is none, or the user may not.
        """
        user = self.user()
        found = self.standin.store.repositories.get((kind, name))
        if found is None or (found.private and user != found.owner):
            raise RefusedError(404 if user else 401, "Repository not found", "RepoNotFound")
        if write and user != found.owner:
            raise RefusedError(403 if user else 401, "Forbidden")
        return found

    def commit_at(self, repository: Repository, revision: str) -> Commit:
        """Return the commit of a branch, tag or id.

        Raises:
            RefusedError: If there is none.
        """
        if (found := repository.resolve(revision)) is None:
            raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


@contextmanager
def serving(tokens: dict[str, str] | None = None) -> Iterator[Standin]:
    """Run a stand-in for the time of the `with` block."""
    handler = type("BoundHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    standin = Standin(f"http://127.0.0.1:{server.server_address[1]}", Store(tokens or {"hf_org": "org"}))
    handler.standin = standin
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        for fault in standin.faults:
            if isinstance(fault.what, Hang):
                fault.what.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
