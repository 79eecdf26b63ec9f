"""What the verifier finds."""

from typing import Annotated, Literal

from pydantic import Field

from cramboard.schema.base import Boundary, SampleId, Sha256, StoredDtype, Strict

# A token is certified from this margin (logits) on.
CERTIFIED_MARGIN = 0.05
# No number that is measured is nearly as large; sums and means of larger ones would overflow.
_LARGEST = 10**15

Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
Count = Annotated[int, Field(ge=0, le=_LARGEST)]


class LengthMeasures(Strict):
    """Measures over the first `length` tokens; gains are bits for all k vectors together.

    `surprisal_bits` is what the decoder needs for them without vectors: the size of an ideal arithmetic coder's code.
    In a bare layout without a suffix nothing foretells t_1 without vectors: it has 0 bits and counts for no gain.
    """

    length: Annotated[int, Field(ge=1, le=_LARGEST)]
    surprisal_bits: Annotated[float, Field(ge=0, le=_LARGEST)]
    gain_bits: Number
    control_gain_bits: Number
    accuracy: Number
    token_gain: Number
    utilisation: Number


class OtherHorizons(Strict):
    """Leading tokens by rules that others count by; never ranked.

    `argmax` asks for no margin: behind the true prefix the argmax is right. `after_first` takes t_1 as given: the
    certified tokens from t_2 on. `argmax_after_first` does both.
    """

    argmax: Count
    after_first: Count
    argmax_after_first: Count


class StoredHorizon(Strict):
    """What a stored dtype costs and how much of the horizon it keeps."""

    bits: Count
    horizon: Count


class TokenMarks(Strict):
    """Per token, from the first: where it ends in the text (characters), its margin, its surprisal in bits.

    `ends` is null for tokens that are drawn as ids: they have no text.
    """

    ends: tuple[Count, ...] | None
    margins: tuple[Number, ...]
    bits: tuple[Number, ...]


class SampleRecord(Boundary):
    """A line of `samples.jsonl`: one verified sample. It holds no text.

    `first` holds the measures of t_1 alone, which some protocols take as given and count all the same.
    `bytes` is null where the tokens have no text. `source_bits`, at random tasks alone, is the source entropy of the
    tokens up to the horizon, and caps `recovered_bits`.
    """

    sample: SampleId
    author: str
    certificate_key: Sha256
    measurement_key: Sha256
    span: Count
    tokens: Count
    horizon: Count
    greedy_horizon: Count
    other_horizons: OtherHorizons
    censored: bool
    self_limited: bool
    bytes: Count | None
    source_bits: Number | None = None
    recovered_bits: Number
    density: Number
    coder_efficiency: Number
    coder_bound: Count | None
    gain_bits: Number
    control_gain_bits: Number
    first: LengthMeasures
    at_span: LengthMeasures
    lengths: tuple[LengthMeasures, ...]
    stored: dict[StoredDtype, StoredHorizon]
    coarsest: StoredDtype
    bfloat16_decoder_horizon: Count
    bfloat16_decoder_device: str
    marks: TokenMarks


class Verification(Boundary):
    """A line of `verifications.jsonl`: one later verification of a run, and where it was made.

    `scope` says what was measured again: `all` measures, or the `horizons` alone, which are what ranks; then
    `identical` counts equal horizons and not equal records, and no difference of bits is known.
    """

    certificate_sha256: Sha256
    scope: Literal["all", "horizons"] = "all"
    verifier_version: int
    device: str
    attention: str
    threads: int
    torch: str
    samples: int
    confirmed: int
    identical: int
    unconfirmed: tuple[str, ...]
    largest_bits_difference_per_token: float | None
