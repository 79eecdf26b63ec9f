"""The page of a run: whole, safe, alone, and the same twice."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from cramboard.board import render_run
from cramboard.board.colours import DARK, LIGHT
from cramboard.errors import InputError
from cramboard.schema import Failure
from tests.records import TEXTS, essays, marks_of, record, run, summary

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b\x00\u202e{{ 7 * 7 }}'


class Page(HTMLParser):
    """A walk over a page that fails on unbalanced tags and collects what the tests ask about."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stream: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == [], "tags are left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is out of place"

    def handle_data(self, data: str) -> None:
        self.stream.append((self.open[-1] if self.open else "", data))

    def text(self) -> str:
        return "".join(data for tag, data in self.stream if tag != "style")

    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]


@pytest.fixture(scope="module")
def html() -> str:
    return render_run(*essays())


def test_the_page_is_balanced_and_its_ids_are_unique(html: str):
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert len(page.ids()) == len(set(page.ids()))
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "href"):
            if name in attributes:
                assert (attributes[name] or "").removeprefix("#") in page.ids()


def test_the_page_asks_for_nothing_and_runs_nothing(html: str):
    page = Page(html)
    assert "http://" not in html
    assert "https://" not in html
    assert not {"script", "link", "iframe", "img", "object"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"src", "style", "srcset"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_its_own_style_and_nothing_else(html: str):
    policy = next(
        attributes["content"]
        for tag, attributes in Page(html).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_title_says_what_was_measured(html: str):
    heading = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert heading
    assert re.sub(r"<[^>]*>", "", heading[1]) == "One vector held at least 29.8 tokens of text, on average"


def test_every_sample_is_there_and_the_missing_one_too(html: str):
    made, _, records, texts = essays()
    text = Page(html).text()
    for sample in made.samples:
        assert sample in text
    for entry in records:
        assert entry.author in text
    assert TEXTS[3] in text
    assert "The text of this sample cannot be shown here" in text
    assert texts.keys() < set(made.samples)
    assert "the vectors are not finite" in text
    assert made.command in text
    assert made.task.manifest_sha256 in text


def test_the_anytime_curve_is_certified_throughout(html: str):
    assert "Mean horizon of a unit (a few samples made together), certified in float32" in html
    assert "counted by the search" not in html


def test_the_first_failure_is_marked_at_its_token():
    sample = record("a", horizon=30)
    made = run(["a"])
    page = Page(render_run(made, summary(made, [sample]), [sample], {"a": TEXTS[0]}))
    at = next(
        number
        for number, (tag, data) in enumerate(page.stream)
        if tag == "mark" and data == "✗ first failure: token 31 is wrong"
    )
    following = next(data for tag, data in page.stream[at + 1 :] if tag == "span")
    start, end = sample.marks.ends[29], sample.marks.ends[30]
    assert following == TEXTS[0][start:end].lstrip()
    marked = [
        attributes for tag, attributes in page.tags if tag == "span" and "here" in (attributes.get("class") or "")
    ]
    assert [attributes["class"] for attributes in marked] == ["wrong here"]
    assert (marked[0]["title"] or "").startswith("token 31: margin -0.750; ")


def test_hostile_words_are_shown_and_never_obeyed():
    made, _, records, _ = essays()
    names = [HOSTILE, *(entry.sample for entry in records[1:])]
    hostile = records[0].model_copy(update={"sample": HOSTILE, "author": HOSTILE, "bfloat16_decoder_device": HOSTILE})
    settings = made.method.model_copy(update={"name": HOSTILE, "settings": {HOSTILE: HOSTILE}})
    made = made.model_copy(
        update={
            "samples": (*names, "lost" + HOSTILE),
            "command": HOSTILE * 1000,
            "method": settings,
            "preset": HOSTILE,
            "started": HOSTILE,
            "decoder": made.decoder.model_copy(update={"name": HOSTILE}),
            "provenance": made.provenance.model_copy(update={"packages": {HOSTILE: HOSTILE}, "driver": HOSTILE}),
            "units": tuple(unit.model_copy(update={"device": HOSTILE}) for unit in made.units),
        }
    )
    failure = Failure(sample="lost" + HOSTILE, reason=HOSTILE)
    words = TEXTS[0][:40] + HOSTILE + TEXTS[0][40:]
    html = render_run(
        made, summary(made, [hostile, *records[1:]], [failure]), [hostile, *records[1:]], {HOSTILE: words}
    )
    page = Page(html)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", html)
    assert "alert(1)" in page.text()
    assert "{{ 7 * 7 }}" in page.text()
    html.encode("utf-8")


def test_the_page_is_the_same_twice_and_in_any_order(html: str):
    made, its_summary, records, texts = essays()
    assert render_run(made, its_summary, records[::-1], dict(reversed(texts.items()))) == html


def test_a_run_without_any_result_still_has_a_page():
    made = run(["a", "b"], units=())
    text = Page(render_run(made, summary(made, []), [], {})).text()
    assert "2 of 2 samples have no result." in text


def test_a_page_of_drawn_tokens_shows_their_marks_and_says_nothing_of_text():
    drawn = record(
        bytes=None,
        source_bits=170.25,
        recovered_bits=170.25,
        marks=marks_of(TEXTS[0], 30).model_copy(update={"ends": None}),
    )
    made = run([drawn.sample])
    html = render_run(made, summary(made, [drawn]), [drawn], {})
    page = Page(html)
    assert "One vector held <strong>30.0</strong> random tokens</h1>" in html
    assert "make no text; each block is one token" in page.text()
    assert "bytes" not in page.text().lower()
    assert page.text().count("Source entropy of the prefix") == 2  # in the summary, and of the sample
    blocks = [a for tag, a in page.tags if tag == "span" and (a.get("title") or "").startswith("token ")]
    assert len(blocks) == len(drawn.marks.margins)
    assert (blocks[0]["class"], blocks[0]["title"]) == ("certified", "token 1: margin 0.100; 1.50 bits")


def test_several_vectors_are_said_in_the_title():
    made = run(["a"], k=8)
    html = render_run(made, summary(made, [record("a")]), [record("a")], {})
    assert "8 vectors held <strong>3.75</strong> tokens of text each</h1>" in html


def test_a_summary_without_its_headline_is_refused():
    made, its_summary, records, texts = essays()
    with pytest.raises(InputError, match="tokens_per_vector is missing"):
        render_run(made, its_summary.model_copy(update={"measures": {}}), records, texts)


def luminance(colour: str) -> float:
    """Return the relative luminance of '#rrggbb' (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_contrast_on_every_ground(theme: dict[str, str]):
    pairs = [(ink, ground) for ink in ("ink", "muted", "accent", "stop") for ground in ("paper", "card")]
    pairs += [(ink, ground) for ink in ("ink", "muted") for ground in ("certified", "thin", "wrong")]
    pairs += [("stop-ink", "stop"), ("ink", "band")]
    for ink, ground in pairs:
        light, dark = sorted((luminance(theme[ink]), luminance(theme[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_both_themes_name_the_same_colours():
    assert list(LIGHT) == list(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)
