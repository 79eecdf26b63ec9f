"""Turn a certificate's entry back into text with a frozen decoder, and measure what it holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from cramboard.certificate import CertificateFiles
from cramboard.decoders import Decoder, Tokens
from cramboard.errors import InputError
from cramboard.keys import key, sha256_bytes, sha256_ids
from cramboard.reading import Reading
from cramboard.schema import (
    CERTIFIED_MARGIN,
    Certificate,
    CertificateEntry,
    DecoderRef,
    LengthMeasures,
    OtherHorizons,
    SampleRecord,
    TaskRef,
    TokenMarks,
)
from cramboard.tasks import Sample
from cramboard.verify import measures
from cramboard.verify.greedy import greedy_horizons
from cramboard.verify.kept import kept_score
from cramboard.verify.robustness import bfloat16_decoder_horizon, stored_horizons
from cramboard.verify.scoring import TokenScores, score

# Raised by any change that could move a number; a measurement's key holds it.
VERIFIER_VERSION = 3
# Tokens whose margins and bits are kept beyond h(0.04), so that a page can show the failure in its place.
_MARKS_BEYOND = 64


def check_claims(files: CertificateFiles, task: TaskRef, decoder: DecoderRef, samples: Sequence[Sample]) -> None:
    """Refuse a certificate that is not about this task, this decoder and these texts.

    Raises:
        InputError: In one line, naming what differs.
    """
    certificate = files.certificate
    if certificate.task != task:
        raise InputError(
            f"the certificate is of task {certificate.task.name} {certificate.task.version}, this is {task.name} "
            f"{task.version}; install the cramboard that has that version"
        )
    if certificate.decoder != decoder:
        claimed, here = (
            f"{ref.name} with tensors {ref.tensors_sha256[:12]} and anchor {ref.anchor} ({ref.layout})"
            for ref in (certificate.decoder, decoder)
        )
        raise InputError(f"the certificate is of decoder {claimed}, this is {here}")
    texts = {sample.id: sample.sha256 for sample in samples}
    for entry in certificate.entries:
        if texts.get(entry.sample) != entry.text_sha256:
            raise InputError(f"the certificate's text of sample {entry.sample} is not the text of task {task.name}")


def check_entry(entry: CertificateEntry, certificate: Certificate, tokens: Tokens, decoder: Decoder) -> None:
    """Refuse an entry whose tokens or vectors are not what this decoder reads.

    Raises:
        InputError: In one line, naming what differs.
    """
    if len(tokens.ids) < entry.span or sha256_ids(tokens.ids[: entry.span]) != entry.tokens_sha256:
        raise InputError(
            f"sample {entry.sample}: the decoder's tokens are not the ones that the certificate was made for"
        )
    if certificate.d != decoder.d:
        raise InputError(
            f"the certificate's vectors have {certificate.d} numbers, decoder {decoder.name} reads {decoder.d}"
        )
    if decoder.room(certificate.k) < entry.span:
        raise InputError(
            f"sample {entry.sample}: {certificate.k} vectors and {entry.span} tokens do not fit "
            f"{decoder.context} positions"
        )


def measurement_key(files: CertificateFiles, entry: CertificateEntry) -> str:
    """Return the content key of this verifier's measurement of an entry."""
    return key([entry.key, sha256_bytes(files.of(entry).numpy().tobytes()), VERIFIER_VERSION])


def scored_tokens(decoder: Decoder, tokens: Tokens, span: int, k: int, lengths: Sequence[int]) -> int:
    """Return how many tokens are scored: the span and the longest fixed length, as far as text and context reach."""
    return min(len(tokens.ids), decoder.room(k), max(span, *lengths))


def verify(
    files: CertificateFiles,
    readings: Sequence[Reading],
    decoder: Decoder,
    control: torch.Tensor,
    lengths: Sequence[int],
    heard: Callable[[SampleRecord], None] = lambda record: None,
) -> tuple[SampleRecord, ...]:
    """Measure every sample of a certificate, in the order of its entries.

    Args:
        files: The certificate and its vectors, with the values that their bytes hold.
        readings: The samples of its entries, as the decoder reads them.
        decoder: The certificate's decoder.
        control: `[k, d]` constant control, fitted on other texts of the task.
        lengths: The task's fixed lengths, in tokens.
        heard: Called with each record as it is measured; the cross-check follows at the end.

    Raises:
        InputError: If the decoder's tokens of the text are not the ones that the certificate was made for, the
            vectors are not as wide as the decoder's embeddings, k leaves no room in its context, or its logits behind
            the vectors are not finite.
    """
    read = {reading.sample.id: reading for reading in readings}
    records = []
    for entry in files.certificate.entries:
        records.append(_measure(files, entry, read[entry.sample], decoder, control, lengths))
        heard(records[-1])
    recovered = [torch.tensor(read[record.sample].tokens.ids[: record.horizon]) for record in records]
    decoded = greedy_horizons(decoder, recovered, [files.of(entry) for entry in files.certificate.entries])
    return tuple(
        record.model_copy(update={"greedy_horizon": count}) for record, count in zip(records, decoded, strict=True)
    )


def _measure(
    files: CertificateFiles,
    entry: CertificateEntry,
    reading: Reading,
    decoder: Decoder,
    control: torch.Tensor,
    lengths: Sequence[int],
) -> SampleRecord:
    """Measure one sample, all but the greedy cross-check."""
    certificate = files.certificate
    k, d = certificate.k, certificate.d
    sample, tokens = reading.sample, reading.tokens
    check_entry(entry, certificate, tokens, decoder)
    n = scored_tokens(decoder, tokens, entry.span, k, lengths)
    ids = torch.tensor(tokens.ids[:n], device=decoder.device)
    vectors = files.of(entry)
    scores = _score(decoder, ids, vectors, control)
    margins, without = scores.whole.margins, scores.without
    if not bool(scores.whole.bits.isfinite().all()):
        raise InputError(f"sample {sample.id}: decoder {decoder.name} gives no finite logits behind these vectors")

    h = measures.horizon(margins, CERTIFIED_MARGIN)
    # Another machine may have recorded a horizon up to here, and it is confirmed from the marks.
    reach = measures.horizon(margins, measures.CONFIRM_LOOSE)
    source_bits = _source_bits(reading, decoder, h)
    recovered = measures.recovered_bits(without.bits, h, source_bits)
    stored = stored_horizons(decoder, ids[:h], vectors, certificate.dtype)
    reaches_end = n in (len(tokens.ids), decoder.room(k))
    return SampleRecord(
        sample=sample.id,
        author=sample.author,
        certificate_key=entry.key,
        measurement_key=measurement_key(files, entry),
        span=entry.span,
        tokens=n,
        horizon=h,
        greedy_horizon=0,
        other_horizons=OtherHorizons(
            argmax=measures.argmax_horizon(margins),
            after_first=measures.horizon(margins[1:], CERTIFIED_MARGIN),
            argmax_after_first=measures.argmax_horizon(margins[1:]),
        ),
        censored=h == n and reaches_end,
        self_limited=h >= entry.span and not (h == n and reaches_end),
        bytes=tokens.text_bytes(sample.text, h),
        source_bits=None if source_bits is None else _bits(source_bits),
        recovered_bits=_bits(recovered),
        density=_ratio(measures.density(recovered, k, d)),
        coder_efficiency=_ratio(measures.coder_efficiency(recovered, stored[certificate.dtype].bits)),
        coder_bound=measures.coder_bound(without.bits, stored[certificate.dtype].bits),
        gain_bits=_bits(measures.information_gain(without.bits, scores.vectors.bits, h)),
        control_gain_bits=_bits(measures.information_gain(without.bits, scores.control.bits, h)),
        first=_at_length(1, scores, k, decoder),
        at_span=_at_length(entry.span, scores, k, decoder),
        lengths=tuple(_at_length(length, scores, k, decoder) for length in lengths if length <= n),
        stored=stored,
        coarsest=min((t for t in stored if stored[t].horizon >= h), key=lambda t: stored[t].bits),
        bfloat16_decoder_horizon=bfloat16_decoder_horizon(decoder, ids[:h], vectors),
        bfloat16_decoder_device=decoder.device.type,
        marks=_marks(tokens, scores, min(n, max(2 * reach, reach + _MARKS_BEYOND))),
    )


@dataclass(frozen=True)
class _Scores:
    """One text's scores.

    Attributes:
        whole: Every token, with the vectors: what they hold.
        vectors: The same, as far as it can be compared with the decoder alone. In a bare layout without a suffix
            nothing foretells t_1 without the vectors, so no gain, surprisal or recovered bit counts it.
        without: Without vectors.
        control: With the constant control.
    """

    whole: TokenScores
    vectors: TokenScores
    without: TokenScores
    control: TokenScores


def _score(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor, control: torch.Tensor) -> _Scores:
    whole, without, constant = (
        score(decoder, ids, vectors),
        kept_score(decoder, ids, None),
        kept_score(decoder, ids, control),
    )
    if decoder.foretells_first:
        return _Scores(whole, whole, without, constant)
    return _Scores(whole, whole.less_first(), without, constant.less_first())


def _source_bits(reading: Reading, decoder: Decoder, h: int) -> float | None:
    """Return the source entropy of the first h tokens, less t_1 where that counts for nothing."""
    bits = reading.source_bits_of(h)
    if bits is None or decoder.foretells_first or not h:
        return bits
    return bits - (reading.source_bits_of(1) or 0.0)


def _at_length(length: int, scores: _Scores, k: int, decoder: Decoder) -> LengthMeasures:
    without, vectors, control = scores.without, scores.vectors, scores.control
    gained = measures.token_gain(without.margins, vectors.margins, length)
    return LengthMeasures(
        length=length,
        surprisal_bits=_bits(float(without.bits[:length].sum())),
        gain_bits=_bits(measures.information_gain(without.bits, vectors.bits, length)),
        control_gain_bits=_bits(measures.information_gain(without.bits, control.bits, length)),
        accuracy=_ratio(measures.accuracy(scores.whole.margins, length)),
        token_gain=gained,
        utilisation=_ratio(measures.utilisation(gained, k, decoder.d, decoder.vocabulary)),
    )


def _marks(tokens: Tokens, scores: _Scores, count: int) -> TokenMarks:
    return TokenMarks(
        ends=None if tokens.ends is None else tokens.ends[:count],
        margins=tuple(round(value, 4) for value in scores.whole.margins[:count].tolist()),
        bits=tuple(round(value, 3) for value in scores.without.bits[:count].tolist()),
    )


def _bits(value: float) -> float:
    return round(value, 4)


def _ratio(value: float) -> float:
    return round(value, 6)
