"""Take pictures of a built site: board, table, figures, submission and sample, light, dark and on a phone.

    cramboard leaderboard build -o site
    python scripts/screenshots.py site docs/pictures

Needs playwright and a Chromium (CRAMBOARD_CHROMIUM, else /usr/bin/chromium). The pictures are in few colours, so
that each stays small.
"""

import io
import os
import sys
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from cramboard.cli.leaderboard.serve import server

CHROMIUM = os.environ.get("CRAMBOARD_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
DESK, PHONE = {"width": 1440, "height": 1000}, {"width": 360, "height": 760}
COLOURS = 128
# Where a picture begins on a phone, whose first screen is heading and controls.
BEGINS = {"table": "#results", "submission": "#results-title", "sample": "#reading-1"}


def pages(site: Path) -> dict[str, str]:
    """Return the pages to take, each the fullest of its kind; what is not there is left out."""
    kinds = {"table": "board/*/*.html", "submission": "submissions/*.html", "sample": "samples/speeches/*.html"}
    found = {name: sorted(site.glob(pattern), key=lambda p: (-p.stat().st_size, p)) for name, pattern in kinds.items()}
    fullest = {name: str(paths[0].relative_to(site)) for name, paths in found.items() if paths}
    # The figures from the first one on: their page begins with words.
    return {"board": "index.html", "figures": "figures.html#surprisal"} | fullest


def main(site: Path, output: Path) -> None:
    """Take every page three times."""
    output.mkdir(parents=True, exist_ok=True)
    serving = server(site, 0)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{serving.server_address[1]}/"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, page in pages(site).items():
            take(browser, root + page, output / f"{name}-light.png", DESK, "light")
            take(browser, root + page, output / f"{name}-dark.png", DESK, "dark")
            take(browser, root + page + BEGINS.get(name, ""), output / f"{name}-phone.png", PHONE, "light")
        browser.close()
    serving.shutdown()


def take(browser: Browser, address: str, path: Path, size: dict[str, int], scheme: str) -> None:
    """Take what a visitor sees first."""
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
