"""A Hub that is down, slow, limiting or refusing: bounded in time, and one line."""

import socket
import time
from dataclasses import replace

import pytest
from huggingface_hub import set_client_factory

from cramboard import hub
from cramboard.errors import CramboardError, InputError, MachineError
from cramboard.hub.patience import Patience, PatientClient
from tests.hub.conftest import QUICK
from tests.hub.standin import Answer, BreakOff, Change, Fault, Hang, Standin
from tests.hub.standin.store import Blob, Repository

PATH = "GET /datasets/org/texts/resolve/"


@pytest.fixture
def dataset(standin: Standin) -> Standin:
    """A Hub with one dataset of one file."""
    repository = Repository("datasets", "org/texts", private=False)
    repository.commit("main", "add", {"a.txt": Blob(b"twelve bytes"), "b.parquet": Blob(b"large", large=True)})
    standin.store.repositories["datasets", "org/texts"] = repository
    return standin


def read() -> bytes:
    return hub.read_file("org/texts", "main", "a.txt")


def failure(kind: type[CramboardError]) -> str:
    """Read, and return the line that it fails with."""
    with pytest.raises(kind) as caught:
        read()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.txt of the dataset org/texts at main: ")
    return str(caught.value)


def test_a_file_is_read(dataset: Standin) -> None:
    assert read() == b"twelve bytes"
    assert hub.list_files("org/texts", "main")["b.parquet"].sha256 == Blob(b"large").sha256
    assert hub.commit_of("org/texts", "v9") is None


@pytest.mark.parametrize("what", [Answer(500), Answer(503), Answer(429), Answer(408), BreakOff(), BreakOff(True)])
def test_what_passes_is_got_over(dataset: Standin, what: Answer | BreakOff) -> None:
    dataset.faults.append(Fault(PATH, what, times=1))
    dataset.faults.append(Fault("HEAD /datasets/org/texts", Answer(502), times=2))
    assert read() == b"twelve bytes"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_stays_is_given_up(dataset: Standin, waits: list[float], status: int) -> None:
    dataset.faults.append(Fault("(HEAD|GET) ", Answer(status)))
    assert failure(MachineError).endswith(f"the Hub (127.0.0.1) answers {status} (tried 3 times); try again later")
    assert (len(dataset.requests), waits) == (3, [0.5, 1])


def test_retry_after_is_waited_for(dataset: Standin, waits: list[float]) -> None:
    dataset.faults.append(Fault(PATH, Answer(429, {"Retry-After": "2"}), times=1))
    assert read() == b"twelve bytes"
    assert waits == [2]


def test_a_long_retry_after_is_not_waited_for(dataset: Standin, waits: list[float]) -> None:
    dataset.faults.append(Fault("", Answer(429, {"Retry-After": "3600"})))
    assert "answers 429 and asks to wait 3600 s (tried once)" in failure(MachineError)
    assert waits == []


def test_no_request_takes_longer_than_its_bound(dataset: Standin, waits: list[float]) -> None:
    dataset.faults.append(Fault("(HEAD|GET) ", Answer(503, {"Retry-After": "2"})))
    assert "(tried 2 times)" in failure(MachineError)
    assert sum(waits) <= QUICK.total_seconds


def test_a_hub_that_is_down_is_given_up(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert "cannot be reached (tried 3 times)" in failure(MachineError)


def test_a_silent_hub_is_given_up(dataset: Standin) -> None:
    dataset.faults.append(Fault("", Hang()))
    set_client_factory(lambda: PatientClient(Patience(attempts=2, timeout_seconds=0.2, first_wait_seconds=0.05)))
    with pytest.raises(MachineError, match=r"does not answer in time \(tried 2 times\)"):
        hub.commit_of("org/texts")


def test_a_retry_after_that_is_no_number_is_passed_over(dataset: Standin) -> None:
    dataset.faults.append(Fault(PATH, Answer(429, {"Retry-After": "\u00b2"}), times=1))
    assert read() == b"twelve bytes"


def test_a_body_that_always_breaks_off_is_given_up(dataset: Standin) -> None:
    dataset.faults.append(Fault(PATH, BreakOff(midway=True)))
    set_client_factory(lambda: PatientClient(replace(QUICK, grace_seconds=0.5)))
    with pytest.raises(MachineError, match=r"only \d+ bytes a second come"):
        read()


def test_a_body_that_drips_is_given_up(standin: Standin) -> None:
    from cramboard.hub.pace import Paces

    paces = Paces(grace_seconds=0.05, least_bytes_per_second=1_000)
    body = PatientClient().build_request("POST", standin.url, content=b"a").stream
    chunks = iter(paces.watch("url", body))
    time.sleep(0.1)
    with pytest.raises(MachineError, match=r"only \d+ bytes a second come"):
        list(chunks)


@pytest.mark.parametrize(
    ("token", "name", "revision", "path", "expected"),
    [
        ("hf_org", "org/none", "main", "a.txt", "there is no such repository, or this token"),
        ("", "org/none", "main", "a.txt", "there is no such repository|does not accept the token"),
        ("hf_org", "org/texts", "f" * 40, "a.txt", "no such revision"),
        ("hf_org", "org/texts", "main", "b.txt", "no such file at this revision"),
        ("hf_wrong", "org/texts", "main", "a.txt", "does not accept the token"),
        ("hf_org", "org texts", "main", "a.txt", "not an id that the Hub can have"),
    ],
)
def test_what_is_not_there_is_the_inputs_fault(
    dataset: Standin, monkeypatch: pytest.MonkeyPatch, token: str, name: str, revision: str, path: str, expected: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(InputError, match=expected) as caught:
        hub.read_file(name, revision, path)
    assert "\n" not in str(caught.value)


def test_a_private_dataset_is_read_by_its_owner_alone(dataset: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset.dataset("org/texts").private = True
    assert read() == b"twelve bytes"
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    assert "this token" in failure(InputError)


def test_a_damaged_download_is_not_found_in_a_cache_the_next_time(dataset: Standin) -> None:
    dataset.faults.append(Fault(PATH, Change(bytes.upper), times=1))
    assert read() == b"TWELVE BYTES"
    assert read() == b"twelve bytes"


@pytest.mark.parametrize("variable", ["CRAMBOARD_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_no_socket_is_opened(dataset: Standin, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(socket, "socket", None)
    for ask in (read, lambda: hub.commit_of("org/texts"), lambda: hub.create_dataset("org/texts", False)):
        with pytest.raises(MachineError, match="this is offline"):
            ask()
    with pytest.raises(MachineError, match="this is offline"):
        PatientClient(QUICK).get(dataset.url)
