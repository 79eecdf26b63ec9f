"""A hostile submission changes nothing but its own row and pages."""

import re
from pathlib import Path

import pytest
from justhtml import JustHTML

from cramboard.board.site import Around, Tasks, build_site, read_submissions
from cramboard.board.site.words import cell, link
from cramboard.schema import DecoderRef
from tests.board.site import made

SCRIPT = "</title></style><script>alert(1)</script>'\"><img src=x onerror=alert(1)>{{ 7 * 7 }}{% raw %}"
TRICKS = "\u202egnp.exe\u2066\u200b\u200d\u0000\u001b[31m\u2028\ufeff"
ZALGO = "Z" + "\u0301\u0489\u0322" * 20
WORDS = SCRIPT + TRICKS
# Of a name and its like no schema lets more through: what turns or controls is refused there.
NAME = ("\u200b\u200d\ufeff" + ZALGO + SCRIPT)[:120]


def board(root: Path, hostile: bool) -> Path:
    for number, slug in enumerate(("aaa", "zzz")):
        made.add(made.submission(root, slug, name=f"Honest {number}"), mean=60 + 9 * number, limit=12, draws=number)
    if hostile:
        place = made.submission(
            root,
            "hostile",
            name=NAME,
            authors=[NAME] * 90,
            description=WORDS * 12,
            links={NAME: "https://example.org/" + "%3Cscript%3E\u202e<"[:-1], "user": "https://a.org@b.org/"},
            licence=NAME,
            training_data=WORDS,
        )
        decoder = made.decoder()
        packages = {WORDS: WORDS}
        run = made.records.run(["a"]).provenance.model_copy(
            update={"device": WORDS, "packages": packages, "driver": WORDS, "platform": WORDS, "processor": WORDS}
        )
        made.add(place, mean=20, limit=12, draws=7, command=WORDS * 100, started=WORDS, preset=WORDS, provenance=run)
        other = DecoderRef(name="other", tensors_sha256=decoder.tensors_sha256, anchor=0)
        made.result(place / "results/speeches/other/k1", limit=12, decoder=other)
    return root


@pytest.fixture(scope="module")
def sites(around: Around, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """The site without and with the hostile submission."""
    built = []
    for hostile in (False, True):
        found = read_submissions(board(tmp_path_factory.mktemp("hostile"), hostile), Tasks())
        assert found.broken == ()
        site = build_site(found.submissions, Tasks(), around)
        built.append({path: data.decode() for path, data in site.items() if not path.endswith(".parquet")})
    return built[0], built[1]


def without_row(html: str) -> str:
    """Take the hostile submission's rows away, and what counts rows."""
    html = re.sub(
        r"<tr[^>]*>(?:(?!</tr>).)*(?:submissions/hostile\.html|results/hostile/)(?:(?!</tr>).)*</tr>\n?", "", html
    )
    return re.sub(r"\d+ submissions, \d+ results", "", html)


def test_other_rows_stay_as_they_were(sites: tuple[dict[str, str], dict[str, str]]):
    before, after = sites
    pages = ["index.html", f"board/speeches/{made.SMOLLM}.html"]
    for page in pages:
        assert "hostile" in after[page]
        boards = [re.search(r'<table class="board.*?</table>', site[page], re.DOTALL) for site in sites]
        assert boards[0]
        assert boards[1]
        assert without_row(boards[1][0]) == without_row(boards[0][0])
    own = {path for path in after if "/hostile" in path}
    assert set(after) - own == set(before)
    assert after["board.js"] == before["board.js"]
    for path in ("submissions/aaa.html", "measures.html", "published.html", "samples.html"):
        assert after[path] == before[path]


def test_an_unlisted_decoder_makes_no_table(sites: tuple[dict[str, str], dict[str, str]]):
    _, after = sites
    assert "board/speeches/other.html" not in after
    assert "results/hostile/speeches/other/k1.html" in after
    assert "its decoder is not listed" in after["submissions/hostile.html"]


def test_nothing_is_obeyed_and_nothing_is_hidden(sites: tuple[dict[str, str], dict[str, str]]):
    for path, html in sites[1].items():
        assert not re.search("[\x00-\x08\x0b-\x1f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", html), path
        if path.endswith(".html"):
            JustHTML(html, strict=True)
            assert "<img src=x" not in html
            assert html.count("<script") == 1
            assert len(html) < 500_000
    page = sites[1]["submissions/hostile.html"]
    assert "alert(1)" in page
    assert "{{ 7 * 7 }}" in page
    assert "\\u{202e}" in page


def test_links_are_checked(sites: tuple[dict[str, str], dict[str, str]]):
    page = sites[1]["submissions/hostile.html"]
    links = re.findall(r'<a href="(https://[^"]*)"([^>]*)>', page)
    assert [address for address, _ in links] == ["https://example.org/%3Cscript%3E%E2%80%AE"]
    assert 'rel="nofollow noopener noreferrer ugc"' in links[0][1]


@pytest.mark.parametrize(
    "address",
    ["http://a.org/", "javascript:alert(1)", "https://user@a.org/", "https://a.org:8443/", "https://localhost/",
     "https://[::1]/", "https://a.org\\@b.org", "data:text/html,x"],
)  # fmt: skip
def test_addresses_that_may_not_be_followed(address: str):
    assert link(address) is None


def test_hosts_are_shown_as_they_are_asked_for():
    assert link("https://bücher.example/a b") == ("https://xn--bcher-kva.example/a%20b", "xn--bcher-kva.example")


def test_no_cell_is_a_formula():
    assert [cell(words) for words in ("=1+1", "+1", "-1", "@x", "\tx", "x", "")] == [
        "'=1+1", "'+1", "'-1", "'@x", "'\tx", "x", "",
    ]  # fmt: skip
