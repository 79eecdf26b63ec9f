"""The page of one run: a single HTML file that needs no network, no script and no other file.

Guarantees: every word from a run is escaped (Jinja2 with autoescape); the Content-Security-Policy allows
nothing but the page's own style sheet, by its hash; equal input gives equal bytes.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence

from cramboard.board import figures
from cramboard.board.drawing import Figure
from cramboard.board.environment import environment, style_sheet
from cramboard.board.facts import cost_rows, curve_rows, provenance
from cramboard.board.figures import Bar
from cramboard.board.sample import OUTCOMES, outcome, sample_view
from cramboard.errors import InputError
from cramboard.results.table import closing_sections, length_rows, measured
from cramboard.results.words import interval, number, plain, whole
from cramboard.schema import Interval, RunRecord, SampleRecord, Summary

FEW_AUTHORS = 10
OPEN_SAMPLES = 6


def render_run(run: RunRecord, summary: Summary, records: Sequence[SampleRecord], texts: Mapping[str, str]) -> str:
    """Return the HTML page of a run.

    Args:
        run: run.json.
        summary: summary.json.
        records: The lines of samples.jsonl, in any order.
        texts: The texts by sample id; a sample whose text may not be shown is simply not in it.

    Raises:
        InputError: If the summary has no horizon to show.
    """
    headline = _headline(summary)
    ordered = sorted(records, key=lambda record: (-record.horizon, record.sample))
    missing = sorted({failure.sample for failure in summary.failures})
    css = style_sheet("page.css")
    authors = len({record.author for record in records})
    return (
        environment()
        .get_template("page.html")
        .render(
            css=css,
            css_hash=base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii"),
            run=run,
            summary=summary,
            subject=_subject(run, summary),
            headline=headline,
            headline_text=interval(headline),
            mean=number(headline.mean, max(abs(headline.high), abs(headline.mean))),
            results=measured(summary),
            missing=[plain(sample, 120) for sample in missing],
            sections=closing_sections(summary),
            lengths=length_rows(summary),
            tokens="tokens of text" if "bytes_per_vector" in summary.measures else "random tokens",
            few_authors=authors if authors < FEW_AUTHORS else 0,
            horizon_figure=_horizon_figure(ordered, missing, summary),
            span_beyond=_span_beyond(ordered),
            gain_figure=_gain_figure(summary),
            curve_figure=_curve_figure(run),
            outcomes=_outcomes_shown(ordered, missing),
            samples=[
                sample_view(record, texts.get(record.sample), position, run.k)
                for position, record in enumerate(ordered, 1)
            ],
            open_samples=OPEN_SAMPLES,
            outcome_words=OUTCOMES,
            groups=provenance(run, summary),
            command=plain(run.command, 4000),
            costs=cost_rows(run.units),
            curve=curve_rows(run.units),
        )
    )


def _headline(summary: Summary) -> Interval:
    if "tokens_per_vector" not in summary.measures:
        raise InputError("summary.json: field measures: tokens_per_vector is missing; verify the run again")
    return summary.measures["tokens_per_vector"]


def _subject(run: RunRecord, summary: Summary) -> list[str]:
    """Return what was measured, in the order of the title line."""
    seed = f"seed {run.seed}" if run.preset is None else f"{run.preset}, seed {run.seed}"
    names = [f"{summary.subset} {run.task.version}", run.decoder.name, f"{run.method.name} ({seed})"]
    return [plain(name) for name in (*names, f"k = {run.k}")]


def _bars(ordered: Sequence[SampleRecord], missing: Sequence[str]) -> list[Bar]:
    """Return the bars of the plot, most tokens first, those without a result last."""
    bars = [Bar(record.sample, record.horizon, record.span, outcome(record)) for record in ordered]
    return bars + [Bar(sample, 0, 0, "missing") for sample in missing]


def _horizon_figure(ordered: Sequence[SampleRecord], missing: Sequence[str], summary: Summary) -> Figure | None:
    bars = _bars(ordered, missing)
    if not bars:
        return None
    per_vector, k = _headline(summary), summary.k
    mean = Interval(mean=per_vector.mean * k, low=per_vector.low * k, high=per_vector.high * k)
    words = (
        f"Tokens recovered exactly by each of {len(bars)} samples, from {bars[0].horizon} down to "
        f"{bars[-1].horizon}; mean {number(mean.mean)}. The table of samples below has every value."
    )
    return figures.horizons(bars, mean, words)


def _span_beyond(ordered: Sequence[SampleRecord]) -> str:
    """Return the largest span in words if it does not fit into the plot, else nothing."""
    bars = _bars(ordered, [])
    return whole(max(bar.span for bar in bars)) if bars and figures.span_limit(bars) is None else ""


def _gain_figure(summary: Summary) -> Figure | None:
    if not summary.lengths:
        return None
    rows = length_rows(summary)
    parts = [f"{row.length} tokens: {row.gain} against {row.control} of the control" for row in rows]
    return figures.gains(summary.lengths, "Information gain in bits per vector. " + "; ".join(parts) + ".")


def _curve_figure(run: RunRecord) -> Figure | None:
    points = sum(len(cost.curve) for cost in run.units)
    if points < 2:
        return None
    words = f"Mean horizon against seconds, {points} points of {len(run.units)} units"
    return figures.anytime(run.units, f"{words}; the table below has every value.")


def _outcomes_shown(ordered: Sequence[SampleRecord], missing: Sequence[str]) -> list[str]:
    """Return the kinds of marks that occur in the plot, for its legend."""
    present = {bar.outcome for bar in _bars(ordered, missing)}
    return [kind for kind in OUTCOMES if kind in present]
