"""Methods that are submitted: an encoder, run apart from everything; or vectors that were made elsewhere."""

from cramboard.errors import UsageError
from cramboard.methods.catalog import ChosenMethod, choose_method
from cramboard.methods.submitted.encoder import Runner, choose_encoder
from cramboard.methods.submitted.upload import choose_upload
from cramboard.methods.submitted.within import within
from cramboard.schema import Isolation
from cramboard.submission import Submission

__all__ = ["Runner", "choose_submission", "within"]


def choose_submission(
    submission: Submission, task: str, decoder: str, k: int, runner: Runner, isolation: Isolation
) -> ChosenMethod:
    """Return what a submission makes its vectors with.

    Args:
        submission: The submission.
        task: The task's name; uploaded vectors are of one task.
        decoder: The decoder's name.
        k: Vectors a text.
        runner: What an encoder is run with.
        isolation: What to call that.

    Raises:
        UsageError: If it is not for this decoder, or declares nothing for this k.
        InputError: If a file of it is missing or is not the declared one.
    """
    spec = submission.spec
    if decoder not in spec.decoders:
        raise UsageError(
            f"submission {submission.slug} is for decoder {' and '.join(spec.decoders)}, not {decoder}; "
            "give one that it is for"
        )
    if spec.method is not None:
        return choose_method(spec.method, spec.preset)
    if spec.kind == "upload":
        return choose_upload(submission, task, decoder, k)
    return choose_encoder(submission, k, runner, isolation)
