"""What huggingface_hub raises, as one line with a remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

from cramboard.errors import CramboardError, InputError, MachineError


@contextmanager
def clear_hub_errors(what: str) -> Iterator[None]:
    """Turn what huggingface_hub raises into one line that begins with `what`.

    Raises:
        InputError: If the Hub has not got it, or does not give it to this token.
        MachineError: If the Hub cannot be reached or breaks off.
    """
    import httpx2

    try:
        yield
    except (MachineError, httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
        clear = _clear(what, _unwrapped(error))
        if clear is None:
            raise
        raise clear from None


def _unwrapped(error: BaseException) -> BaseException:
    """Return what an upload (RuntimeError) or a download (LocalEntryNotFoundError) failed for."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(error, RuntimeError | LocalEntryNotFoundError) and error.__cause__ is not None:
        return _unwrapped(error.__cause__)
    return error


def _clear(what: str, error: BaseException) -> CramboardError | None:
    import httpx2
    from huggingface_hub import errors

    token = "HF_TOKEN or `hf auth login`"
    match error:
        case MachineError():
            return MachineError(f"{what}: {error}")
        case errors.HFValidationError():
            return InputError(f"{what}: not an id that the Hub can have; give ORGANISATION/NAME")
        case errors.GatedRepoError():
            return InputError(f"{what}: its owner asks for consent; give it on the Hub, and a token ({token})")
        case errors.RepositoryNotFoundError():
            # The Hub says the same of what does not exist and of what is not to be seen.
            return InputError(f"{what}: there is no such repository, or this token ({token}) may not see it")
        case errors.RevisionNotFoundError():
            return InputError(f"{what}: the repository has no such revision; correct it")
        case errors.RemoteEntryNotFoundError():
            return InputError(f"{what}: the repository has no such file at this revision")
        case errors.HfHubHTTPError(response=response) if response.status_code == 401:
            return InputError(f"{what}: the Hub does not accept the token; give a valid one ({token})")
        case errors.HfHubHTTPError(response=response) if response.status_code == 403:
            return InputError(f"{what}: the token may not do this; give one with the right to ({token})")
        case errors.HfHubHTTPError(response=response):
            return InputError(f"{what}: the Hub refuses with {response.status_code} ({_first_line(error)})")
        case OSError() | httpx2.HTTPError():
            return MachineError(f"{what}: did not come whole ({_first_line(error)}); try again")
    return None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
