"""The whole site: valid, closed in itself, the same twice, and saying what the results say."""

import csv
import io
import json
import math
import posixpath
import re
import socket
import struct
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from justhtml import JustHTML

from cramboard.board.site import Around, Found, Tasks, build_site, read_submissions
from cramboard.board.site.build import POLICY
from cramboard.board.site.details import _spreads
from cramboard.board.site.notes import releases
from cramboard.cli.leaderboard.serve import server
from cramboard.errors import MachineError
from cramboard.schema import BoardResults, from_json
from tests.board.site import made
from tests.waiting import PATIENCE_SECONDS

TABLE = f"board/speeches/{made.SMOLLM}.html"


def body(pages: dict[str, str], path: str) -> str:
    """Return a page's text."""
    return " ".join(re.sub(r"<[^>]*>", " ", pages[path]).split())


def rows_of(html: str, name: str) -> list[str]:
    """Return the rows of a board table that are about the submission `name`."""
    board = re.search(r'<table class="board.*?</table>', html, re.DOTALL)
    assert board
    return [row for row in re.findall(r"<tr[^>]*>.*?</tr>", board[0], re.DOTALL) if f">{name}<" in row]


def test_there_is_every_page(pages: dict[str, str]):
    assert {
        "index.html", "figures.html", "samples.html", "published.html", "measures.html", "submit.html",
        "downloads.html", "changelog.html", "cite.html", TABLE, "submissions/cram.html",
        f"results/cram/speeches/{made.SMOLLM}/k1.html", "samples/speeches/1866-johnson-1.html",
    } <= set(pages)  # fmt: skip


def test_every_page_is_valid_html(pages: dict[str, str]):
    for path, html in pages.items():
        JustHTML(html, strict=True)
        ids = re.findall(r'\sid="([^"]*)"', html)
        assert len(ids) == len(set(ids)), path


def test_every_link_leads_somewhere(pages: dict[str, str], site: dict[str, bytes]):
    for path, html in pages.items():
        for target in re.findall(r'(?:href|src)="([^"]*)"', html):
            if target.startswith("https://"):
                continue
            place, _, fragment = target.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), place)) if place else path
            assert there in site, f"{path}: {target}"
            if fragment:
                assert f'id="{fragment}"' in pages[there], f"{path}: {target}"


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(pages: dict[str, str], site: dict[str, bytes]):
    assert "'unsafe" not in POLICY
    for path, html in pages.items():
        assert f'http-equiv="Content-Security-Policy" content="{POLICY.replace(chr(39), "&#39;")}"' in html, path
        assert not re.search(r"<style|\sstyle=|\son\w+=|<iframe|<object|javascript:", html), path
        assert re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) == [""], path
    for name in ("board.css", "board.js"):
        assert not re.search(rb"https?://|url\(|@import|eval\(|innerHTML", site[name])


def test_the_script_is_small(site: dict[str, bytes]):
    assert len(site["board.js"]) < 15_000


def test_the_same_input_gives_the_same_bytes(around: Around, tmp_path: Path):
    for slug in ("one", "two"):
        made.add(made.submission(tmp_path, slug), limit=3, seconds=9)
    first, second = read_submissions(tmp_path, Tasks()), read_submissions(tmp_path, Tasks())
    assert first.broken == ()
    assert build_site(first.submissions, Tasks(), around) == build_site(second.submissions, Tasks(), around)


def test_a_table_has_a_row_a_result_under_the_heading_of_its_group(pages: dict[str, str]):
    words = body(pages, TABLE)
    for heading in (
        "Optimised · k = 1 · 50 samples", "Optimised · k = 2 · 16 samples", "Encoder, up to 0.1 s a sample · k = 1",
        "Encoder, up to 1 s a sample", "Uploaded · k = 1", "Control · k = 1",
    ):  # fmt: skip
        assert heading in words
    assert "2 of 50 missing, counted 0" in words
    assert "suffix of 1" in words
    assert 'title="not ranked: a control"' in pages[TABLE]
    assert "Correct in first 128" in words


def test_only_seed_0_is_in_the_tables_and_the_others_show_the_spread(pages: dict[str, str]):
    assert len(rows_of(pages[TABLE], "Cramming, standard")) == 4  # k = 1, 2, 4, 8
    assert re.search(r"seed 0\), [\d.]+ \(seed 1\), [\d.]+ \(seed 2\)", body(pages, "submissions/cram.html"))


def test_every_figure_is_drawn_and_told_in_words(pages: dict[str, str]):
    html = pages["figures.html"]
    assert html.count('class="plotted"') == 7
    assert html.count("<figure>") == 7
    for alternative in re.findall(r'role="img" aria-label="([^"]*)"', html):
        assert len(alternative) > 60
        assert re.search(r"\d", alternative)


def test_a_sample_shows_its_text_and_every_submission(pages: dict[str, str]):
    html = pages["samples/speeches/1866-johnson-1.html"]
    words = re.sub(r"<mark.*?</mark>|<[^>]*>", "", html)
    assert made.texts()["1866-johnson-1"][:60] in words
    assert "✗ first failure" in html
    assert html.count('<svg class="bits"') == 4
    listed = re.search(r"Every submission on this sample.*?</table>", html, re.DOTALL)
    assert listed
    assert listed[0].count('<tr><th scope="row">') > 8


def test_texts_that_may_not_be_shown_are_not(around: Around, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made.add(made.submission(tmp_path, "one"), limit=2)
    monkeypatch.setattr("cramboard.board.site.texts.may_show", lambda licence: False)
    site = build_site(read_submissions(tmp_path, Tasks()).submissions, Tasks(), around)
    html = site["samples/speeches/1866-johnson-1.html"].decode()
    assert made.texts()["1866-johnson-1"][:20] not in html
    assert "The text is not shown here" in html
    assert 'class="passage blocks"' in html


def test_the_downloads_agree_with_the_board(found: Found, site: dict[str, bytes], tmp_path: Path):
    results = from_json(BoardResults, site["data/results.json"].decode(), "results.json").results
    assert len(results) == sum(len(s.results) for s in found.submissions)
    rows = list(csv.DictReader(io.StringIO(site["data/leaderboard.csv"].decode())))
    assert [row["submission"] for row in rows] == [result.submission for result in results]
    (tmp_path / "results.parquet").write_bytes(site["data/results.parquet"])
    table = pq.read_table(tmp_path / "results.parquet").to_pylist()
    mine = [
        row["horizon"]
        for row in table
        if (row["submission"], row["task"], row["decoder"], row["k"], row["seed"])
        == ("cram-full", "speeches", made.SMOLLM, 1, 0)
    ]
    [full] = [r for r in results if (r.submission, r.decoder.name) == ("cram-full", made.SMOLLM)]
    assert sum(mine) / 50 == pytest.approx(full.measures["tokens_per_vector"].mean)
    assert full.rank == 1
    assert json.loads(site["data/results.schema.json"])["title"] == "BoardResults"


def test_the_page_of_a_sealed_result_keeps_its_samples_private(pages: dict[str, str]):
    page = pages[f"results/tiny-encoder/speeches/{made.SMOLLM}/k1-sealed-1a2b3c4d.html"]
    assert "stay private" in page


def test_what_a_run_did_is_flagged_whatever_its_submission_says(around: Around, tmp_path: Path):
    one = made.submission(tmp_path, "one", name="One", kind="encoder", method=None, encoder={})
    suffixed = made.decoder().model_copy(update={"suffix": (2, 3)})
    made.add(one, limit=4, isolation="none", decoder=suffixed)
    site = build_site(read_submissions(tmp_path, Tasks()).submissions, Tasks(), around)
    [row] = rows_of(site[TABLE].decode(), "One")
    assert "<small>suffix of 2; made without the sandbox</small>" in row
    assert "not ranked: its encoder ran without the sandbox" in row
    assert (
        "an ordinary process, without the sandbox"
        in site[f"results/one/speeches/{made.SMOLLM}/k1-first4.html"].decode()
    )


def test_a_protocols_own_layout_is_shown_and_never_ranks(around: Around, tmp_path: Path):
    one = made.submission(tmp_path, "one", name="One")
    made.add(one, limit=4, mean=40)
    own = made.submission(tmp_path, "own", name="Own")
    bare = made.decoder().model_copy(update={"layout": "bare"})
    made.add(own, limit=4, mean=90, decoder=bare, ranked=False)
    site = build_site(read_submissions(tmp_path, Tasks()).submissions, Tasks(), around)
    [row] = rows_of(site[TABLE].decode(), "Own")
    assert "<small>bare layout</small>" in row
    assert "not ranked: read in its protocol&#39;s own layout, without the anchor" in row
    [row] = rows_of(site[TABLE].decode(), "One")
    assert "not ranked" not in row
    assert "in its protocol&#39;s own layout: no rank · k = 1 · 4 samples" in site[TABLE].decode()
    assert "from the 2nd token" in rows_of(site[TABLE].decode(), "Own")[0]
    assert "from the 2nd token" not in rows_of(site[TABLE].decode(), "One")[0]
    assert rows_of(site["index.html"].decode(), "Own") == []
    for slug, said in (("own", True), ("one", False)):
        result = site[f"results/{slug}/speeches/{made.SMOLLM}/k1-first4.html"].decode()
        assert ("Counted from the second token: " in result) == said
    assert len(rows_of(site["index.html"].decode(), "One")) == 1
    assert "bare, no anchor: unranked" in site[f"results/own/speeches/{made.SMOLLM}/k1-first4.html"].decode()


def test_no_two_results_share_a_page_and_samples_of_another_number_are_no_other_seed(around: Around, tmp_path: Path):
    one = made.submission(tmp_path, "one")
    for changes in ({}, {"limit": 4}, {"span": 16}, {"seed": 2}, {"split": "sealed"}, {"k": 2}, {"name": made.GEMMA}):
        made.add(one, **changes)
    [submission] = read_submissions(tmp_path, Tasks()).submissions
    assert len({result.page for result in submission.results}) == len(submission.results) == 7
    [spread] = _spreads(submission)
    assert (spread[0], spread[1].count("seed")) == (f"speeches, {made.SMOLLM}, k = 1", 2)


def test_recovered_bits_are_explained_with_what_caps_them(pages: dict[str, str]):
    capped = "at random tasks at most the source entropy"
    assert capped in pages["measures.html"]
    assert capped in pages[f"board/speeches/{made.SMOLLM}.html"]
    assert capped in pages[f"results/cram/random-words/{made.SMOLLM}/k1.html"]


def test_published_figures_stand_apart(pages: dict[str, str], around: Around):
    assert "ACL" in pages["published.html"]
    words = body(pages, "published.html")
    assert "Llama-3.1-8B PG-19 1 1,568 1,094.1 ± 127.6 4,865.7 ± 546.6 7,020" in words
    assert "Kuratov" not in pages[TABLE]
    pages_given = [table.page for source in around.reported.sources for table in source.tables]
    assert all(page is None for page in pages_given)


def test_the_changelog_is_escaped_and_its_code_is_set_as_code():
    [release] = releases("# Changelog\n\nbefore\n\n## 1.0\n\nWhat `a<b`\nsays.\n\n- one\n  more\n- <i>two</i>\n")
    assert release.title == "1.0"
    assert release.paragraphs == ("What <code>a&lt;b</code> says.",)
    assert release.points == ("one more", "&lt;i&gt;two&lt;/i&gt;")


def test_a_board_without_results_is_whole_too(around: Around):
    site = build_site((), Tasks(), around)
    empty = site["index.html"].decode()
    assert "No result has been verified and filed yet" in empty
    assert made.SMOLLM in empty
    assert "these will be here: recovered bits against" in site["figures.html"].decode().lower()
    JustHTML(empty, strict=True)
    JustHTML(site["figures.html"].decode(), strict=True)


def test_a_column_that_no_row_has_anything_in_is_left_out(pages: dict[str, str]):
    assert "Public/sealed gap" in pages[TABLE]
    other = pages[f"board/random-words/{made.GEMMA}.html"]
    assert "Public/sealed gap" not in other
    assert "Recovered bits" in other
    widths = {row.count("<td") for row in re.findall(r"<tr data.*?</tr>|<tr><td.*?</tr>", other, re.DOTALL)}
    assert widths == {other.count('<th scope="col" data-key') - 1}


def test_a_port_that_is_taken_is_named(tmp_path: Path):
    with server(tmp_path, 0) as serving:
        taken = serving.server_address[1]
        with pytest.raises(MachineError, match=rf"--port {taken}: cannot be served on .*; give another, or 0"):
            server(tmp_path, taken)


def test_a_browser_that_goes_away_within_a_page_is_no_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "large").write_bytes(bytes(32 << 20))
    before = set(threading.enumerate())
    with server(tmp_path, 0) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        with socket.create_connection(serving.server_address) as browser:
            browser.sendall(b"GET /large HTTP/1.0\r\n\r\n")
            browser.recv(1)
            # Closing resets the connection instead of ending it.
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        serving.shutdown()
        for thread in set(threading.enumerate()) - before:
            if "process_request" in thread.name:  # One that answers; others are not this test's.
                thread.join(PATIENCE_SECONDS)
    assert "Exception occurred" not in capfd.readouterr().err


def test_the_front_page_says_how_much_for_whom_how_sure_and_of_what_limit(pages: dict[str, str], found: Found):
    front = re.search(r'<section [^>]*class="leaders">.*?</section>', pages["index.html"], re.DOTALL)
    assert front
    [cell] = re.findall(rf'<a href="board/speeches/{re.escape(made.SMOLLM)}.html">(.*?)</a>', front[0])
    [full] = [s for s in found.submissions if s.slug == "cram-full"]
    [held] = [r.summary.measures["tokens_per_vector"] for r in full.results if r.run.decoder.name == made.SMOLLM]
    said = " ".join(re.sub(r"<[^>]*>", " ", cell).split())
    share = 100 * held.mean / (16 * 576 / math.log2(49152))
    assert said == (
        f"speeches {held.mean:.1f} [{held.low:.1f}, {held.high:.1f}] {share:.1f}% of the capacity coder bound 3,545 "
        "Cramming, ten times the steps, k = 1, 50 samples"
    )
    assert "<small>theoretical capacity 591</small>" in front[0]
    assert '<svg class="track"' in cell
