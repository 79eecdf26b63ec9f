"""What the page says of one sample: its key numbers in words, and its passage."""

from dataclasses import dataclass

from cramboard.board.facts import Fact
from cramboard.board.figures import Outcome
from cramboard.board.passage import Passage, passage
from cramboard.results.words import number, plain, whole
from cramboard.schema import SampleRecord

OUTCOMES: dict[Outcome, str] = {
    "failure": "stopped at its first failure",
    "censored": "reached the end of the sample (censored: it may hold more)",
    "limited": "stopped at the method's own target (self-limited)",
    "missing": "no result (counts 0)",
}


@dataclass(frozen=True)
class SampleView:
    """One sample, ready for the template: every value is text."""

    anchor: str
    id: str
    author: str
    outcome: Outcome
    horizon: str
    recovered_bits: str
    gain: str
    control: str
    facts: tuple[Fact, ...]
    more: tuple[Fact, ...]
    lengths: tuple[tuple[str, ...], ...]
    passage: Passage


def outcome(record: SampleRecord) -> Outcome:
    """Say why the horizon ends where it does."""
    return "censored" if record.censored else "limited" if record.self_limited else "failure"


def sample_view(record: SampleRecord, text: str | None, position: int, k: int) -> SampleView:
    """Put one record into words; `position` (from 1) makes its anchor on the page."""
    at_least = ">= " if record.censored else ""
    agrees = record.greedy_horizon >= record.horizon
    per_vector = f" ({number(record.horizon / k)} per vector)" if k > 1 else ""
    return SampleView(
        anchor=f"sample-{position}",
        id=plain(record.sample, 120),
        author=plain(record.author, 80),
        outcome=outcome(record),
        horizon=f"{at_least}{whole(record.horizon)}",
        recovered_bits=f"{at_least}{number(record.recovered_bits)}",
        gain=number(record.gain_bits),
        control=number(record.control_gain_bits),
        facts=(
            Fact(
                "Recovered exactly",
                f"{at_least}{whole(record.horizon)} tokens{per_vector}{_bytes(record)}",
            ),
            Fact("Given to the method", f"{whole(record.span)} tokens"),
            Fact("Recovered bits", f"{at_least}{number(record.recovered_bits)}"),
            *_source_bits(record, at_least),
            Fact("Information gain", f"{number(record.gain_bits)} bits"),
            Fact("Constant control's", f"{number(record.control_gain_bits)} bits"),
            Fact("Survives storing as", record.coarsest),
        ),
        more=(
            Fact("Scored", f"the first {whole(record.tokens)} tokens of the sample"),
            Fact("Density", f"{number(record.density)} bits per number"),
            Fact("Coder efficiency", f"{number(100 * record.coder_efficiency)}%"),
            Fact(
                "Coder bound",
                f"{_bound(record)} tokens: what an ideal entropy coder would fit into the stored bits",
            ),
            Fact(
                "Step-by-step greedy decoding",
                f"{whole(record.greedy_horizon)} tokens, " + ("agrees" if agrees else "does not reach the horizon"),
            ),
            *(
                Fact(f"Stored as {dtype}", f"{whole(kept.horizon)} tokens from {whole(kept.bits)} bits")
                for dtype, kept in record.stored.items()
            ),
            Fact(
                "Under a bfloat16 decoder",
                f"{whole(record.bfloat16_decoder_horizon)} tokens "
                f"on {plain(record.bfloat16_decoder_device, 60)}, never ranked",
            ),
            Fact("Certificate key", record.certificate_key, True),
            Fact("Measurement key", record.measurement_key, True),
        ),
        lengths=tuple(
            (
                whole(row.length),
                number(row.gain_bits),
                number(row.control_gain_bits),
                f"{number(100 * row.accuracy)}%",
                number(row.token_gain),
                f"{number(100 * row.utilisation)}%",
            )
            for row in record.lengths
        ),
        passage=passage(record, text),
    )


def _bytes(record: SampleRecord) -> str:
    """Write the bytes of text that came back; tokens that are drawn as ids have none."""
    return "" if record.bytes is None else f", {whole(record.bytes)} bytes"


def _source_bits(record: SampleRecord, at_least: str) -> tuple[Fact, ...]:
    """Say what the source of a random sample put into its horizon."""
    if record.source_bits is None:
        return ()
    return (Fact("Source entropy of the prefix", f"{at_least}{number(record.source_bits)} bits"),)


def _bound(record: SampleRecord) -> str:
    """Write the coder bound; without one, the scored tokens do not exceed the stored bits."""
    return f"more than {whole(record.tokens)}" if record.coder_bound is None else whole(record.coder_bound)
