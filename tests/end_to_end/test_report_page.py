"""The page as a browser shows it."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from calcmeasure.report.text import format_mm
from program import table

pytestmark = pytest.mark.timeout(900)  # a busy machine may need minutes for a whole run

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--virtual-time-budget=15000",
)  # fmt: skip
COUNT_PICTURES = """<script>
addEventListener("load", () => {
  const pictures = [...document.images], whole = pictures.filter(picture => picture.naturalWidth > 0);
  document.body.setAttribute("data-pictures", `${whole.length}/${pictures.length}`);
});
</script></body>"""


class Links(HTMLParser):
    """Every address a page refers to, and its visible words."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.pictures: list[bytes] = []
        self.words: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "data"):
                self.addresses.append(value or "")
        source = dict(attrs).get("src") or ""
        if tag == "img" and source.startswith("data:image/png;base64,"):
            self.pictures.append(base64.b64decode(source.partition(",")[2]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def page(sample_run) -> Links:
    """The page, parsed."""
    links = Links()
    links.feed((sample_run.out / "report.html").read_text(encoding="utf-8"))
    return links


def chromium(*arguments: str, profile: Path) -> subprocess.CompletedProcess[bytes]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    return subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *arguments], capture_output=True, timeout=150, check=True
    )


def test_the_page_needs_nothing_else(sample_run, page):
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in page.addresses)
    assert not page.tags & {"script", "link", "iframe", "object", "embed"}
    source = re.sub(r'"data:[^"]*"', "", (sample_run.out / "report.html").read_text(encoding="utf-8"))
    assert not re.search(r"https?://|@import|url\(", source)


def test_every_number_and_category_is_on_the_page(sample_run, page):
    words = " ".join("".join(page.words).split())
    for row in table(sample_run.out / "measurements.csv"):
        value = format_mm(float(row["value_mm"]) if row["value_mm"] else None)
        assert value in words, value
        assert row["patient_id"] in words
    for row in table(sample_run.out / "responses.csv"):
        assert row["rule"] in words
        assert row["category"].replace("_", " ") in words
    for said in ("Research use only", "k-space-centre-90s", "spacing 0."):
        assert said in words


def test_there_is_a_picture_for_every_measurement_and_each_decodes(sample_run, page):
    assert len(page.pictures) == len(table(sample_run.out / "measurements.csv"))
    for content in page.pictures:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            assert min(picture.size) > 200
            assert set(picture.info) <= {"dpi"}


@pytest.mark.slow
def test_a_browser_shows_numbers_and_pictures(sample_run, tmp_path):
    source = (sample_run.out / "report.html").read_text(encoding="utf-8")
    probed = tmp_path / "page.html"
    # Pictures are loaded as one scrolls; here all of them at once.
    probed.write_text(source.replace(' loading="lazy"', "").replace("</body>", COUNT_PICTURES), encoding="utf-8")
    shown = chromium("--dump-dom", probed.as_uri(), profile=tmp_path / "profile").stdout.decode()
    n = len(table(sample_run.out / "measurements.csv"))
    assert f'data-pictures="{n}/{n}"' in shown
    for row in table(sample_run.out / "responses.csv"):
        assert f'<span class="cat cat-{row["category"]}"' in shown


@pytest.mark.slow
def test_the_screenshot_is_not_blank(sample_run, tmp_path):
    target = tmp_path / "page.png"
    address = (sample_run.out / "report.html").as_uri()
    chromium(f"--screenshot={target}", "--window-size=1400,2400", address, profile=tmp_path / "profile")
    pixels = np.asarray(Image.open(target).convert("RGB"), dtype=int)
    assert pixels.shape[:2] == (2400, 1400)
    assert pixels.std() > 15
    amber = (abs(pixels - (230, 159, 0)).sum(axis=2) < 60).sum()
    assert amber > 200, "no length is written in amber"
    rows_with_content = (pixels.std(axis=1).sum(axis=1) > 5).mean()
    assert rows_with_content > 0.7
