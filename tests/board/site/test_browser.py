"""The site in a browser: sorting, filters, the address, copy and CSV, without JavaScript, on a phone, in the dark."""

import csv
import io
import os
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from cramboard.cli.leaderboard.serve import server
from tests.board.site import made
from tests.waiting import PATIENCE_SECONDS

CHROMIUM = os.environ.get("CRAMBOARD_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
TABLE = f"board/speeches/{made.SMOLLM}.html"
RESULT = f"results/cram/speeches/{made.SMOLLM}/k1.html"
SAMPLE = "samples/speeches/1866-johnson-1.html"
PAGES = (
    "index.html", TABLE, "figures.html", "submissions/cram.html", RESULT, SAMPLE, "published.html", "measures.html",
    "submit.html", "downloads.html",
)  # fmt: skip
PHONE = {"width": 360, "height": 740}
PATIENCE = 1000 * PATIENCE_SECONDS  # Playwright counts milliseconds.

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no Chromium at {CHROMIUM}; CRAMBOARD_CHROMIUM names one"),
]


@pytest.fixture(scope="module")
def root(site: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the served site."""
    folder = tmp_path_factory.mktemp("served")
    for path, data in site.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    with server(folder, 0) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}/"
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, root: str) -> Iterator[Page]:
    """A page that fails the test if the browser complains: of the policy, of a missing file, of the script."""
    context = patient(browser.new_context(permissions=["clipboard-read", "clipboard-write"], accept_downloads=True))
    made_page = context.new_page()
    complaints: list[str] = []
    made_page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made_page.on("pageerror", lambda error: complaints.append(str(error)))
    made_page.on(
        "request", lambda request: complaints.append(request.url) if not request.url.startswith(root) else None
    )
    yield made_page
    context.close()
    assert [line for line in complaints if not line.startswith("blob:")] == []


def patient(context: BrowserContext) -> BrowserContext:
    """Let the browser take its time; of itself Playwright gives up after half a minute."""
    context.set_default_timeout(PATIENCE)
    return context


def copied(page: Page) -> str:
    """Click on Copy, twice, see that the button says so for a moment, and return what is in the clipboard."""
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").click()
    page.get_by_role("button", name="Copied").wait_for()
    page.clock.run_for(3000)
    page.get_by_role("button", name="Copy").wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def names(page: Page) -> list[str]:
    """Return the submissions in the shown rows, from the top."""
    return page.locator("table.board tbody tr:not(.group):visible th.name a").all_inner_texts()


def column(page: Page, number: int) -> list[float]:
    cells = page.locator(f"table.board tbody tr:not(.group):visible > :nth-child({number})").all()
    return [float(cell.get_attribute("data-v") or cell.inner_text().replace(",", "")) for cell in cells]


def test_a_click_on_a_heading_sorts_and_a_third_brings_the_order_back(page: Page, root: str):
    page.goto(root + TABLE)
    before = names(page)
    heading = page.get_by_role("button", name="Bytes per vector", exact=True)
    heading.click()
    assert column(page, 6) == sorted(column(page, 6), reverse=True)
    assert page.locator("th[aria-sort=descending]").inner_text() == "Bytes per vector"
    assert page.locator("tr.group:visible").count() == 0
    heading.click()
    assert column(page, 6) == sorted(column(page, 6))
    heading.click()
    assert names(page) == before
    assert page.locator("tr.group:visible").count() > 4
    assert page.locator("th[aria-sort]").count() == 0


def test_filters_and_search_leave_the_rows_that_fit_and_the_address_keeps_them(page: Page, root: str):
    page.goto(root + TABLE)
    page.get_by_label("Kind").select_option("encoder")
    assert set(names(page)) == {"Mean of token embeddings", "Memory encoder", "Tiny encoder"}
    page.get_by_label("Cost class").select_option("up to 1 s")
    assert names(page) == ["Memory encoder", "Tiny encoder"]
    assert page.locator("tr.group:visible").count() == 1
    page.wait_for_url("**/*kind=encoder*")
    assert page.get_by_role("status").inner_text() == "2 of 11 rows"
    page.reload()
    assert names(page) == ["Memory encoder", "Tiny encoder"]
    assert page.get_by_label("Kind").input_value() == "encoder"
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("k", exact=True).select_option("4")
    page.get_by_label("Search").fill("STANDARD cramming")
    assert names(page) == ["Cramming, standard"]
    page.get_by_label("Search").fill("no such thing")
    assert names(page) == []


def test_the_overview_shows_one_task_and_keeps_its_state(page: Page, root: str):
    page.goto(root + "index.html?task=random-words&decoder=" + made.SMOLLM + "&sort=-random-words")
    assert page.locator("th[data-task]:visible").all_inner_texts() == ["random-words"]
    held = column(page, 6)
    assert held == sorted(held, reverse=True)
    assert len(held) == 7
    assert page.locator("table.board td:visible", has_text="gemma").count() == 0
    page.get_by_role("button", name="Reset").click()
    assert page.locator("th[data-task]:visible").count() == 2
    page.wait_for_url(root + "index.html")


def test_a_row_opens_its_result_its_sample_and_the_way_back(page: Page, root: str):
    page.goto(root + "index.html")
    page.locator(".leaders li a").last.click()
    page.wait_for_url("**/board/**")
    page.get_by_role("link", name="Cramming, standard").first.click()
    page.wait_for_url("**/k1.html")
    assert "tokens per vector" in page.locator("h1").inner_text()
    assert page.locator("pre.command").first.inner_text().startswith("cramboard evaluate -t speeches")
    page.get_by_role("link", name="1866-johnson-1").click()
    page.wait_for_url("**/1866-johnson-1.html")
    assert page.locator("h1").inner_text() == "1866-johnson-1"
    assert page.locator("mark.stop").count() > 1
    page.get_by_role("link", name="Board", exact=True).click()
    page.wait_for_url(root + "index.html")


def test_a_filter_goes_along_to_the_next_table(page: Page, root: str):
    page.goto(root + TABLE)
    page.get_by_label("k", exact=True).select_option("4")
    page.get_by_role("link", name="random-words").click()
    page.wait_for_url("**/random-words/*?k=4")
    assert set(column(page, 4)) == {4}


def test_copy_and_csv_hold_exactly_what_is_shown(page: Page, root: str):
    page.clock.install()
    page.goto(root + TABLE + "?kind=optimised&k=1&sort=-tokens")
    page.clock.pause_at(datetime.now() + timedelta(days=1))
    shown = copied(page)
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert [row["Submission"].split(" 2 of")[0] for row in rows] == names(page)
    assert len(rows) == 3
    assert rows[0]["Rank"] == "1"
    assert rows[0]["k"] == "1"
    page.get_by_role("button", name="Reset").click()
    grouped = list(csv.DictReader(io.StringIO(copied(page))))
    assert {row["Kind"] for row in grouped} == {"optimised", "encoder", "uploaded", "control"}
    assert {row["k"] for row in grouped} == {"1", "2", "4", "8"}
    page.goto(root + TABLE + "?kind=optimised&k=1&sort=-tokens")
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV").click()
    assert started.value.suggested_filename == f"speeches-{made.SMOLLM}.csv"
    assert Path(started.value.path()).read_text() == shown


def test_a_gap_is_sorted_by_and_copied_with_its_interval_and_its_flag(page: Page, root: str):
    page.clock.install()
    page.goto(root + TABLE)
    page.clock.pause_at(datetime.now() + timedelta(days=1))
    page.get_by_role("button", name="Public/sealed gap").click()
    assert names(page)[0] == "Memory encoder"
    rows = list(csv.DictReader(io.StringIO(copied(page))))
    assert re.fullmatch(r"[\d.]+x [\d.]+ to [\d.]+ flagged", rows[0]["Public/sealed gap"])
    assert rows[-1]["Public/sealed gap"] == ""


def test_without_javascript_everything_is_there(browser: Browser, root: str):
    context = patient(browser.new_context(java_script_enabled=False))
    page = context.new_page()
    page.goto(root + TABLE)
    assert len(names(page)) == 11
    assert page.locator("form.controls").is_hidden()
    assert page.locator("tr.group:visible").count() > 4
    page.goto(root + "figures.html")
    assert page.locator(".plot.wide svg").count() == 7
    page.goto(root + SAMPLE)
    assert page.locator(".passage .certified").count() > 100
    context.close()


def test_a_phone_shows_every_page_without_scrolling_sideways(browser: Browser, root: str):
    page = patient(browser.new_context(viewport=PHONE)).new_page()  # type: ignore[arg-type]
    for path in PAGES:
        page.goto(root + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    page.context.close()


def test_dark_mode_has_a_dark_ground_and_figures_follow(browser: Browser, root: str):
    page = patient(browser.new_context(color_scheme="dark")).new_page()
    page.goto(root + "figures.html")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(20, 23, 26)"
    label = page.locator(".plot.wide text").first
    assert label.evaluate("node => getComputedStyle(node).fill") in ("rgb(164, 171, 178)", "rgb(232, 230, 225)")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser: Browser, root: str, scheme: str):
    # The checker brings its own script, which the site's policy would refuse.
    context = patient(browser.new_context(color_scheme=scheme, bypass_csp=True))  # type: ignore[arg-type]
    page = context.new_page()
    # The ground that colours stand on differs by theme, the rest does not.
    for path in PAGES if scheme == "light" else PAGES[:6]:
        page.goto(root + path)
        faults = Axe().run(page).response["violations"]
        serious = [fault for fault in faults if fault["impact"] in ("serious", "critical")]
        assert [(path, fault["id"], fault["nodes"][0]["html"][:120]) for fault in serious] == []
    context.close()
