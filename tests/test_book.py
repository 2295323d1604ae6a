"""The book: every page in both languages, nothing lost of what is stored, no dead link, nothing from the network."""

import html
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from nbformat.v4 import new_markdown_cell

from lrcourse.cli.doctor import find_browser
from tools import LANGUAGES, book
from tools.build import BuildError

ROOT = Path(__file__).parent.parent
SECTION = "02_schedulers"


@pytest.fixture(scope="module")
def prepared():
    return {language: book.pages(ROOT, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One section of the book, as ``make book`` makes it."""
    pytest.importorskip("myst_nb")
    place = tmp_path_factory.mktemp("book") / "site"
    book.build(ROOT, place, sections=[SECTION])
    return place


# ---- pages


def test_both_languages_have_the_same_pages_all_of_the_course(prepared):
    assert list(prepared["en"]) == list(prepared["zh"])
    lessons = {path.name for path in ROOT.glob("notebooks/*.ipynb")}
    exercises = {f"exercises/{path.name}" for path in ROOT.glob("exercises/*.ipynb")}
    assert lessons | exercises < set(prepared["en"])
    assert {f"api/{module.removeprefix('lrcourse.')}.rst" for module in book.MODULES} < set(prepared["en"])


def test_no_cell_of_a_lesson_is_lost(prepared):
    for path in ROOT.glob("notebooks/*.ipynb"):
        kept = {cell.id: cell for cell in prepared["en"][path.name].cells}
        for cell in book.stored(ROOT, "notebooks", "en", path.stem).cells:
            assert kept[cell.id].get("outputs") == cell.get("outputs")
            assert "remove-input" not in kept[cell.id].metadata.get("tags", ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_explorer_says_where_it_is_live(prepared, language):
    seen = 0
    for name, page in prepared[language].items():
        if name.endswith(".ipynb") and "/" not in name:
            said = sum(cell.source.startswith("{.live}") for cell in page.cells)
            assert said == sum(cell.source.count("\nexplorers.") + cell.source.startswith("explorers.")
                               for cell in page.cells), name  # fmt: skip
            seen += said
    assert seen >= len(list(ROOT.glob("notebooks/*.ipynb")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_schedule_browser_tells_its_story(prepared, language):
    cells = prepared[language]["02_schedulers.ipynb"].cells
    at = next(i for i, cell in enumerate(cells) if "schedule_browser()" in cell.source)
    gallery = cells[at + 2].outputs[0].data["text/html"]
    pictures = re.findall(r'<img src="(.*?)" alt="(.+?)"', gallery)
    assert len({png for png, _ in pictures}) == len(pictures) == len(book.BROWSER_STORY)
    gaps = [float(re.search(r"(?:blue and green: |蓝绿之间的最大差别：)([\de.-]*\d)", alt)[1]) for _, alt in pictures]
    same = ["one curve" in still.en for still in book.BROWSER_STORY]
    assert [gap <= 0.001 for gap in gaps] == same


@pytest.mark.parametrize("language", LANGUAGES)
def test_exercises_come_with_their_solutions_folded(prepared, language):
    for path in ROOT.glob("exercises/*.ipynb"):
        cells = prepared[language][f"exercises/{path.name}"].cells
        folded, open_text = False, ""
        for cell in cells:
            folded = cell.source.startswith("<details class") or (folded and cell.source != "</details>")
            open_text += "" if folded else cell.source
        cards = sum("card" in cell.metadata.get("tags", ()) for cell in cells)
        assert open_text.count("raise NotImplementedError") >= cards
        assert sum(cell.source.startswith("<details class") for cell in cells) == cards
        for cell in book.stored(ROOT, "solutions", language, path.stem).cells:
            if set(cell.metadata.get("tags", ())) & {"answer", "solution"}:
                assert cell.source not in open_text
                assert any(cell.source == one.source for one in cells)


def test_a_link_to_no_page_is_refused(prepared):
    page = book.nbformat.v4.new_notebook(cells=[new_markdown_cell("[next](10_gone.ipynb)")])
    with pytest.raises(BuildError, match=r"01_dynamics.*10_gone\.ipynb"):
        book.relink(page, "01_dynamics.ipynb", prepared["en"], "en")
    page.cells[0].source = "[english](../03_warmup.ipynb)"
    with pytest.raises(BuildError, match="no page of this language"):
        book.relink(page, "01_dynamics.ipynb", prepared["zh"], "zh")
    page.cells[0].source = "[solve](../../solutions/zh/03_warmup.ipynb#x) [read](03_warmup.ipynb)"
    book.relink(page, "01_dynamics.ipynb", prepared["zh"], "zh")
    assert page.cells[0].source == "[solve](exercises/03_warmup.ipynb#x) [read](03_warmup.ipynb)"


# ---- the site

PAGE = '<title>x</title><h1 id="top">x</h1><img src="a.png" alt="a"><a href="#top">x</a><a href="https://x.org/">y</a>'


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ("", None),
        ('<a href="gone.html">x</a>', "dead link gone.html"),
        ('<a href="#gone">x</a>', "no such place"),
        ('<a href="../zh/index.html#gone">x</a>', "no such place"),
        ('<img src="a.png">', "no text alternative"),
        ('<img src="gone.png" alt="x">', "dead link gone.png"),
        ('<script src="https://cdn.example.org/x.js"></script>', "from the network"),
        ('<script src="//cdn.example.org/x.js"></script>', "from the network"),
        ('<link rel="stylesheet" href="https://x.org/x.css">', "from the network"),
        ('<link rel="preload" href="https://x.org/x.woff2">', "from the network"),
    ],
)
def test_what_is_wrong_with_a_site_is_said(tmp_path, added, fault):
    for language in LANGUAGES:
        (tmp_path / language).mkdir()
        (tmp_path / language / "a.png").touch()
        (tmp_path / language / "index.html").write_text(PAGE)
    (tmp_path / "en" / "index.html").write_text(PAGE + added)
    found = list(book.faults(tmp_path))
    assert [fault in one for one in found] == [True] if fault else not found


def test_a_page_without_its_twin_and_a_font_from_afar_are_said(tmp_path):
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "only.html").write_text("x")
    (tmp_path / "zh" / "x.css").write_text('@font-face {src: url("https://fonts.example.org/x.woff2")}')
    twin, font = book.faults(tmp_path)
    assert "only.html: no such page in the other language" in twin
    assert "from the network" in font


def test_a_dead_link_stops_sphinx_and_the_old_site_stays(tmp_path, monkeypatch):
    pytest.importorskip("myst_nb")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old")
    monkeypatch.setattr(book, "pages", lambda *_: {"index.md": "# A\n\n[b](gone.md)\n"})
    with pytest.raises(BuildError, match=r"gone\.md"):
        book.build(ROOT, tmp_path / "site", languages=("en",))
    assert (tmp_path / "site" / "index.html").read_text() == "old"


def test_one_section_is_built_and_nothing_of_it_is_lost(site):
    for language in LANGUAGES:
        text = (site / language / f"{SECTION}.html").read_text(encoding="utf-8")
        cells = book.stored(ROOT, "notebooks", language, SECTION).cells
        for cell in cells:
            for output in cell.get("outputs", []):
                if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                    assert html.escape(alt, quote=False) in text.replace("&quot;", '"')
                if lines := output.get("text", "").splitlines():
                    assert lines[0].strip() in html.unescape(re.sub("<.*?>", "", text))
        solutions = (site / language / "exercises" / f"{SECTION}.html").read_text(encoding="utf-8")
        assert solutions.count('<details class="solution">') == 6


@pytest.mark.browser
def test_the_site_asks_nothing_of_the_network_and_reads_well_on_a_phone(site):
    if find_browser() is None:
        pytest.skip("no browser")
    from tests.browser.lab import browser

    asked, complaints = [], []
    with browser() as chrome:
        page = chrome.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.goto((site / "index.html").as_uri())
        page.wait_for_url("**/en/index.html")
        for name in (f"{SECTION}.html", f"exercises/{SECTION}.html"):
            page.goto((site / "en" / name).as_uri())
            page.wait_for_selector(".math svg", state="attached")
            for table in page.locator(".text_html table").all():
                assert table.locator("svg").count() and "$" not in table.inner_text()
            assert not page.locator("article details[open]").count()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            page.locator(".language").click()
            page.wait_for_url(f"**/zh/{name}")
            assert page.locator(".language").inner_text() == "English"
            assert page.locator("[aria-label='颜色模式'], .primary-toggle[aria-label='网页导航']").count() == 2
        for words in ("余弦退火", "热重启", "momentum"):
            page.goto(f"{(site / 'zh' / 'search.html').as_uri()}?q={quote(words)}")
            page.wait_for_selector(f"#search-results a[href*='{SECTION}.html']")
        page.goto(f"{(site / 'zh' / 'search.html').as_uri()}?q={quote('启重热')}")
        page.wait_for_function("document.querySelector('#search-results').innerText.length > 10")
        assert not page.locator("#search-results li").count()
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert not complaints
