"""What the verifier finds."""

from pydantic import Field

from cramboard.schema.base import Boundary, SampleId, Sha256, StoredDtype, Strict

# A token is certified from this margin (logits) on.
CERTIFIED_MARGIN = 0.05


class LengthMeasures(Strict):
    """Measures over the first `length` tokens; gains are bits for all k vectors together."""

    length: int = Field(ge=1)
    gain_bits: float
    control_gain_bits: float
    accuracy: float
    token_gain: float
    utilisation: float


class StoredHorizon(Strict):
    """What a stored dtype costs and how much of the horizon it keeps."""

    bits: int
    horizon: int


class TokenMarks(Strict):
    """Per token, from the first: where it ends in the text (characters), its margin, its surprisal in bits.

    `ends` is null for tokens that are drawn as ids: they have no text.
    """

    ends: tuple[int, ...] | None
    margins: tuple[float, ...]
    bits: tuple[float, ...]


class SampleRecord(Boundary):
    """A line of `samples.jsonl`: one verified sample. It holds no text.

    `bytes` is null where the tokens have no text. `source_bits`, at random tasks alone, is the source entropy of the
    tokens up to the horizon, and caps `recovered_bits`.
    """

    sample: SampleId
    author: str
    certificate_key: Sha256
    measurement_key: Sha256
    span: int
    tokens: int
    horizon: int
    greedy_horizon: int
    censored: bool
    self_limited: bool
    bytes: int | None
    source_bits: float | None = None
    recovered_bits: float
    density: float
    coder_efficiency: float
    coder_bound: int | None
    gain_bits: float
    control_gain_bits: float
    lengths: tuple[LengthMeasures, ...]
    stored: dict[StoredDtype, StoredHorizon]
    coarsest: StoredDtype
    bfloat16_decoder_horizon: int
    bfloat16_decoder_device: str
    marks: TokenMarks


class Verification(Boundary):
    """A line of `verifications.jsonl`: one later verification of a run's horizons, and where it was made."""

    certificate_sha256: Sha256
    verifier_version: int
    device: str
    attention: str
    threads: int
    torch: str
    samples: int
    confirmed: int
    identical: int
    unconfirmed: tuple[str, ...]
    largest_bits_difference_per_token: float
