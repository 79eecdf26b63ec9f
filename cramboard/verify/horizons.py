"""Confirm horizons alone: what ranks, for a fraction of the time, on another machine than the one that made them."""

from collections.abc import Callable, Sequence

import torch

from cramboard.certificate import CertificateFiles
from cramboard.decoders import Decoder
from cramboard.reading import Reading
from cramboard.schema import CERTIFIED_MARGIN, SampleRecord
from cramboard.verify.confirm import Confirmation
from cramboard.verify.greedy import greedy_horizons
from cramboard.verify.measures import confirms, horizon
from cramboard.verify.scoring import score
from cramboard.verify.verifier import check_entry, scored_tokens

# Tokens that are read beyond a horizon: the first of them decides.
_BEYOND = 16


def confirm_horizons(
    files: CertificateFiles,
    readings: Sequence[Reading],
    decoder: Decoder,
    recorded: Sequence[SampleRecord],
    lengths: Sequence[int],
    heard: Callable[[SampleRecord], None] = lambda record: None,
) -> Confirmation:
    """Say which horizons h this machine confirms: `h(0.06) <= h <= h(0.04)`, and as many tokens read back step by step.

    Only h + 16 tokens of each text are read, as far as `verify` scores it, in strict float32, and h decoded greedily.
    `identical` counts the samples whose h(0.05) is the same here. No gain and no bit is measured again.

    Args:
        files: The certificate and its vectors.
        readings: The samples of its entries, as the decoder reads them.
        decoder: The certificate's decoder.
        recorded: The records of its entries.
        lengths: The task's fixed lengths, in tokens.
        heard: Called with each record as its horizon has been looked at; the greedy decode follows at the end.

    Raises:
        InputError: If the decoder's tokens of a text are not the ones that the certificate was made for, or vectors and
            decoder do not fit each other.
    """
    certificate = files.certificate
    read = {reading.sample.id: reading for reading in readings}
    records = {record.certificate_key: record for record in recorded}
    stands, identical, texts = [], 0, []
    for entry in certificate.entries:
        record, tokens = records[entry.key], read[entry.sample].tokens
        check_entry(entry, certificate, tokens, decoder)
        reach = min(record.horizon + _BEYOND, scored_tokens(decoder, tokens, entry.span, certificate.k, lengths))
        ids = torch.tensor(tokens.ids[:reach], device=decoder.device)
        margins = score(decoder, ids, files.of(entry)).margins
        stands.append(confirms(margins, record.horizon))
        identical += horizon(margins, CERTIFIED_MARGIN) == record.horizon
        texts.append(ids[: record.horizon])
        heard(record)
    decoded = greedy_horizons(decoder, texts, [files.of(entry) for entry in certificate.entries])
    unconfirmed = tuple(
        entry.sample
        for entry, stood, count in zip(certificate.entries, stands, decoded, strict=True)
        if not stood or count != records[entry.key].greedy_horizon
    )
    return Confirmation(len(decoded) - len(unconfirmed), identical, unconfirmed, None)
