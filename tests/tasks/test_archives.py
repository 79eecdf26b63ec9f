"""Pinned files of archives: the same bytes from every place, or one clear line."""

import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cramboard.errors import CramboardError, InputError, MachineError
from cramboard.schema import Archive
from cramboard.tasks.sources import download, open_source
from tests.tasks.archives import COMMIT, packed, pin, source_of, unpacked

FILES = {"a/one.txt": "Ünïcode.".encode(), "two.txt": b"The second."}
TOP = f"letters-{COMMIT}"


@pytest.fixture(autouse=True)
def alone(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache and no archives but the test's own."""
    for name in ("CRAMBOARD_ARCHIVES", "CRAMBOARD_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which take no time here."""
    taken: list[float] = []
    monkeypatch.setattr(download.time, "sleep", taken.append)
    return taken


class Server(ThreadingHTTPServer):
    """Gives its answers (status, body, headers) one after the other, the last one for ever."""

    def __init__(self, *answers: tuple[int, bytes, dict[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers = list(answers)
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/a.tar.gz"


class Answering(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        status, body, headers = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator:
    servers = []

    def start(*answers: tuple[int, bytes, dict[str, str]]) -> Server:
        server = Server(*answers)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def read_all(archive: Archive, given: Path | None = None) -> dict[str, str]:
    source = open_source(source_of(archive), given)
    return {path: source.read(path) for path in source.paths()}


TEXTS = {"letters/a/one.txt": "Ünïcode.", "letters/two.txt": "The second."}


@pytest.mark.parametrize("form", ["folder", "gz", "xz", "plain", "archive itself"])
@pytest.mark.parametrize("by", ["--source", "variable"])
def test_every_form_of_a_copy_gives_the_pinned_texts(
    form: str, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "copies"
    place.mkdir()
    if form == "folder":
        unpacked(place, FILES)
    else:
        ending, mode = {"gz": (".tar.gz", "w:gz"), "xz": (".tar.xz", "w:xz")}.get(form, (".tar", "w"))
        (place / (TOP + ending)).write_bytes(packed(FILES, mode))
        place = place / (TOP + ending) if form == "archive itself" else place
    if by == "variable":
        monkeypatch.setenv("CRAMBOARD_ARCHIVES", str(place))
    assert read_all(pin(FILES), place if by == "--source" else None) == TEXTS


def test_what_was_unpacked_is_there_without_the_archive(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / f"{TOP}.tar.gz"
    copy.write_bytes(packed(FILES))
    read_all(pin(FILES), copy)
    copy.unlink()
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")
    assert read_all(pin(FILES)) == TEXTS
    for kept in (own_cache / "files").iterdir():
        kept.write_bytes(b"damaged")
    with pytest.raises(MachineError, match="is not on this machine, and offline nothing is fetched"):
        read_all(pin(FILES))


def test_it_is_downloaded_once_and_kept(serve, waits: list[float]) -> None:
    server = serve((200, packed(FILES), {}))
    assert read_all(pin(FILES, url=server.url)) == TEXTS
    assert read_all(pin(FILES, url=server.url)) == TEXTS
    assert (server.asked, waits) == (1, [])


def test_a_server_that_is_busy_or_breaks_off_is_asked_again(serve, waits: list[float]) -> None:
    whole = packed(FILES)
    half = whole[: len(whole) // 2]
    server = serve((503, b"", {}), (429, b"", {"Retry-After": "7"}), (200, half, {}), (200, whole, {}))
    assert read_all(pin(FILES, url=server.url)) == TEXTS
    assert server.asked == 4
    assert waits[:2] == [1, 7]


@pytest.mark.parametrize(
    ("answer", "asked", "expected"),
    [
        ((404, b"", {}), 1, "the server answers 404 Not Found; correct the url"),
        (
            (500, b"", {}),
            4,
            "the server (127.0.0.1) answers 500 (tried 4 times); try again later",
        ),
        ((200, b"no archive", {}), 4, "it broke off 4 times"),
        ((200, packed({"two.txt": b"The second."}), {}), 1, f"no {TOP}/a/one.txt there; correct the source"),
        ((200, packed(FILES | {"a/one.txt": b"other"}), {}), 1, f"{TOP}/a/one.txt has not the pinned bytes"),
    ],
)
def test_what_cannot_be_had_is_one_line_and_not_asked_for_twice(
    answer, asked: int, expected: str, serve, waits: list[float]
) -> None:
    server = serve(answer)
    source = open_source(source_of(pin(FILES, url=server.url)))
    for _ in range(2):
        message = refusal(lambda: source.read("letters/a/one.txt"))
        assert expected in message
        assert server.url in message
    assert server.asked == asked


def test_a_network_that_is_down_is_one_line(serve, waits: list[float]) -> None:
    server = serve((200, b"", {}))
    url = server.url
    server.shutdown()
    server.server_close()
    assert "the server (127.0.0.1) cannot be reached" in refusal(lambda: read_all(pin(FILES, url=url)))
    assert waits == [1, 2, 4]


def test_offline_never_opens_a_connection(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve((200, packed(FILES), {}))
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")
    message = refusal(lambda: read_all(pin(FILES, url=server.url)))
    assert "offline nothing is fetched; put a copy into a folder and name that in CRAMBOARD_ARCHIVES" in message
    assert server.asked == 0


def test_one_wrong_file_of_a_copy_does_not_spoil_the_others(tmp_path: Path) -> None:
    copies = unpacked(tmp_path / "loose", FILES | {"a/one.txt": b"other"})
    archive = tmp_path / f"{TOP}.tar.gz"
    archive.write_bytes(packed(FILES | {"a/one.txt": b"other"}))
    for place in (copies, archive):
        source = open_source(source_of(pin(FILES)), place)
        assert source.read("letters/two.txt") == "The second."
        message = refusal(lambda source=source: source.read("letters/a/one.txt"))
        assert "pinned bytes (wrong sha256); fetch it anew" in message


def test_a_copy_without_the_file_is_named(tmp_path: Path) -> None:
    copies = unpacked(tmp_path, {"two.txt": b"The second."})
    assert f"{tmp_path}: no {TOP}/a/one.txt there" in refusal(lambda: read_all(pin(FILES), copies))
    missing = tmp_path / "nowhere"
    assert f"{missing}: there is no such folder or archive" in refusal(lambda: read_all(pin(FILES), missing))


def test_the_variable_fills_from_elsewhere_what_its_folder_lacks(
    tmp_path: Path, serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRAMBOARD_ARCHIVES", str(unpacked(tmp_path, {"two.txt": b"The second."})))
    server = serve((200, packed(FILES), {}))
    assert read_all(pin(FILES, url=server.url)) == TEXTS


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_not_read(kind: bytes, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(f"{TOP}/a/one.txt")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    copy = tmp_path / f"{TOP}.tar"
    copy.write_bytes(stream.getvalue())
    assert "no " in refusal(lambda: read_all(pin(FILES), copy))


def test_files_beside_the_top_folder_are_not_read(tmp_path: Path) -> None:
    copy = tmp_path / f"{TOP}.tar"
    copy.write_bytes(packed(FILES, "w", name="../letters"))
    assert "no " in refusal(lambda: read_all(pin(FILES), copy))


def test_a_file_that_the_task_does_not_pin_is_not_given(tmp_path: Path) -> None:
    source = open_source(source_of(pin({"two.txt": b"The second."})), unpacked(tmp_path, FILES))
    for path in ("letters/a/one.txt", "other/two.txt", "letters/../two.txt", "two.txt"):
        assert "the task pins no such file" in refusal(lambda path=path: source.read(path))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    files = {"a.txt": b"ab\xff"}
    message = refusal(lambda: read_all(pin(files), unpacked(tmp_path, files)))
    assert "letters/a.txt: not UTF-8 text (byte 2)" in message


def refusal(act) -> str:
    with pytest.raises((InputError, MachineError)) as caught:
        act()
    assert isinstance(caught.value, CramboardError)
    message = str(caught.value)
    assert "\n" not in message
    return message
