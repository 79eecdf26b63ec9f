"""Build the site: from what was read to the bytes of every file, always the same for the same input."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cramboard.board.environment import environment, style_sheet
from cramboard.board.site import downloads
from cramboard.board.site.details import result_view, submission_view
from cramboard.board.site.entries import Submission
from cramboard.board.site.front import front
from cramboard.board.site.notes import releases
from cramboard.board.site.overview import overview, overview_groups
from cramboard.board.site.plots import all_plots, cost
from cramboard.board.site.read import Tasks
from cramboard.board.site.samples import SampleView, sample_views
from cramboard.board.site.standings import Rules, Standing, standings
from cramboard.board.site.tables import Sealed, Table, sealed_twins, tables
from cramboard.results.costs import COST_CLASSES
from cramboard.schema import Reported

POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
NAVIGATION = (
    ("index.html", "Board"),
    ("figures.html", "Figures"),
    ("samples.html", "Samples"),
    ("published.html", "Published"),
    ("measures.html", "Measures"),
    ("submit.html", "Submit"),
    ("downloads.html", "Downloads"),
)
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0a6868"/>'
    '<path d="M3 11h10M3 8h7M3 5h4" stroke="#fff" stroke-width="1.6"/></svg>\n'
)
MARKER = "data/results.json"
"""The file by which an older site is known again."""


@dataclass(frozen=True)
class Around:
    """What the site is built from besides the submissions."""

    rules: Rules
    reported: Reported
    changelog: str
    citation: str


class Site:
    """Collects pages; each is rendered with the way back to the root in its links."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def page(self, path: str, template: str, **context: Any) -> None:
        """Render a page."""
        root = "../" * path.count("/")
        here = next((page for page, _ in NAVIGATION if page == path), "")
        html = (
            environment()
            .get_template(f"site/{template}")
            .render(root=root, here=here, navigation=NAVIGATION, policy=POLICY, **context)
        )
        self.files[path] = html.encode("utf-8", "replace")


def build_site(submissions: Sequence[Submission], tasks: Tasks, around: Around) -> dict[str, bytes]:
    """Return the bytes of every file of the site, by its path."""
    site = Site()
    everywhere = standings(submissions, tasks, around.rules)
    placed = _on_the_board(everywhere, around.rules)
    in_bytes = _on_the_board(standings(submissions, tasks, around.rules, across_decoders=True), around.rules)
    sealed = sealed_twins(submissions)
    board = tables(placed, sealed)
    samples = {task: sample_views(task, placed, tasks) for task in sorted({table.task for table in board})}
    _board(site, submissions, board, placed, in_bytes, [decoder.name for decoder in around.rules.listed])
    plots = all_plots(placed, sealed, board)
    site.page("figures.html", "figures.html", plots=plots)
    sample_pages = {view.page for views in samples.values() for view in views}
    _submissions(site, submissions, everywhere, sample_pages, sealed)
    _samples(site, samples)
    site.page("published.html", "published.html", sources=around.reported.sources)
    site.page("measures.html", "measures.html")
    site.page("submit.html", "submit.html")
    site.page("changelog.html", "changelog.html", releases=releases(around.changelog))
    site.page("cite.html", "cite.html", citation=around.citation, sources=around.reported.sources)
    _downloads(site, submissions, everywhere, sealed)
    site.files["board.css"] = style_sheet("page.css", "site/site.css").encode()
    site.files["board.js"] = environment().get_template("site/board.js").render().encode()
    site.files["icon.svg"] = ICON.encode()
    site.files[".nojekyll"] = b""
    return dict(sorted(site.files.items()))


def _on_the_board(placed: Sequence[Standing], rules: Rules) -> list[Standing]:
    """Leave out decoders that are not listed: anyone could name one. They are on their submission's own pages."""
    return [s for s in placed if rules.lists(s.result.run.decoder) or s.submission.local]


def _board(
    site: Site,
    submissions: Sequence[Submission],
    board: Sequence[Table],
    placed: Sequence[Standing],
    in_bytes: Sequence[Standing],
    listed: Sequence[str],
) -> None:
    with_bytes = {standing.result.run.task.name for standing in in_bytes}
    tasks = sorted(with_bytes, key=lambda task: (-_rows(board, task), task))
    rows = overview(in_bytes, tasks)
    site.page(
        "index.html",
        "index.html",
        tasks=tasks,
        groups=overview_groups(rows),
        rows=len(rows),
        front=front(board),
        choices={
            "task": tasks,
            "decoder": _several(row.decoder for row in rows),
            "k": sorted({row.k for row in rows}),
            "kind": _several(row.kind for row in rows),
            "cost": [name for name in COST_CLASSES if any(row.cost_class == name for row in rows)],
        },
        submissions=len([s for s in submissions if not s.local]),
        results=sum(len(s.results) for s in submissions),
        listed=listed,
    )
    for table in board:
        site.page(
            table.page,
            "table.html",
            table=table,
            plot=cost(placed, table.task, table.decoder),
            siblings=board,
            choices={
                "k": sorted({row.k for row in table.rows}),
                "kind": _several(row.kind for row in table.rows),
                "cost": [name for name in COST_CLASSES if any(row.cost_class == name for row in table.rows)],
            },
        )


def _rows(board: Sequence[Table], task: str) -> int:
    return sum(len(table.rows) for table in board if table.task == task)


def _several(values: Iterable[str]) -> list[str]:
    """Return each value once, in order of first appearance."""
    return list(dict.fromkeys(values))


def _submissions(
    site: Site, submissions: Sequence[Submission], placed: Sequence[Standing], pages: set[str], sealed: Sealed
) -> None:
    by_slug: dict[str, list[Standing]] = {}
    for standing in placed:
        by_slug.setdefault(standing.submission.slug, []).append(standing)
    for submission in submissions:
        mine = by_slug.get(submission.slug, [])
        by_page = {standing.result.page: standing for standing in mine}
        if submission.results:
            site.page(submission.page, "submission.html", view=submission_view(submission, mine))
        for result in submission.results:
            view = result_view(result, submission, by_page.get(result.page), pages, sealed)
            site.page(result.page, "result.html", view=view, submission=submission)


def _samples(site: Site, samples: Mapping[str, Sequence[SampleView]]) -> None:
    site.page("samples.html", "samples.html", tasks=samples)
    for views in samples.values():
        for at, view in enumerate(views):
            before = views[at - 1] if at else None
            after = views[at + 1] if at + 1 < len(views) else None
            site.page(view.page, "sample.html", view=view, before=before, after=after)


def _downloads(site: Site, submissions: Sequence[Submission], placed: Sequence[Standing], sealed: Sealed) -> None:
    results = downloads.board_results(submissions, placed, sealed)
    site.files[MARKER] = downloads.as_json(results).encode("utf-8", "replace")
    site.files["data/results.schema.json"] = downloads.schema_json().encode()
    site.files["data/leaderboard.csv"] = downloads.as_csv(results).encode("utf-8", "replace")
    site.files["data/results.parquet"] = downloads.as_parquet(submissions, sealed)
    sizes = {path: len(data) for path, data in site.files.items() if path.startswith("data/")}
    site.page("downloads.html", "downloads.html", sizes=sizes, results=len(results.results))
