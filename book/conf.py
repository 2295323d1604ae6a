"""Sphinx's settings for the book, one build a language: ``sphinx -t zh`` makes the Chinese one (see tools/book.py)."""

import re
from importlib.metadata import files
from itertools import pairwise

from sphinx.locale import translators
from sphinx.search.en import SearchEnglish

chinese = tags.has("zh")  # noqa: F821, Sphinx hands `tags` to this file

project = "lrcourse"
author = "The lrcourse authors"
copyright = author
language = "zh_CN" if chinese else "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
templates_path = ["templates"]
smartquotes = False  # the course's quotes are as its authors typed them

# --- lessons and exercises: what the notebooks store is shown, nothing is executed

nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "显示代码" if chinese else "Show the code"
nb_code_prompt_hide = "收起代码" if chinese else "Hide the code"
nb_mime_priority_overrides = [("html", "image/png", 1), ("html", "text/html", 2)]
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

# --- formulas: MathJax 3 in one local file, drawn as SVG, so that no font is fetched either

(mathjax,) = [path for path in files("sphinx-mathjax-offline") if path.name == "tex-svg.js"]
mathjax_path = mathjax.name
mathjax3_config = {
    "options": {"enableMenu": False},
    "svg": {"mtextInheritFont": True},
    "tex": {"inlineMath": [["\\(", "\\)"], ["$", "$"]]},  # dollars are for tables that a cell has printed, see below
}
myst_mathjax_classes = "tex2jax_process|mathjax_process|math|text_html"

# --- API: signatures as they are written, types of other libraries without links (nothing is fetched to resolve them)

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_maximum_signature_line_length = 90
add_module_names = False
toc_object_entries_show_parents = "hide"
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(torch|numpy|matplotlib|collections|typing|pathlib|random|nn|np)\b.*"),  # other libraries: no look-up
    ("py:class", r"Array|Figure|NDArray.*|Optimizer|Path|Tensor|optional|keyword only"),  # types
    ("py:.*", r"(lrcourse\.practice\.advise\.)?Evidence|EXERCISES|ResumableLR\..*"),  # ours, but without a page
]

# --- look

html_theme = "sphinx_book_theme"
html_title = "lrcourse · 学习率调度" if chinese else "lrcourse · learning-rate scheduling"
html_static_path = ["static", str(mathjax.locate())]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
pygments_style = "friendly"
other = ("en", "English") if chinese else ("zh", "中文")
html_context = {"default_mode": "auto", "other": other[0], "other_name": other[1]}
html_sidebars = {"**": ["navbar-logo.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
html_theme_options = {
    "article_header_end": ["language", "article-header-buttons"],
    "footer_content_items": [],
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "pygments_dark_style": "github-dark",
    "search_bar_text": "搜索…" if chinese else "Search…",
    "show_navbar_depth": 2,
    "show_toc_level": 2,
    "toc_title": "本页内容" if chinese else "On this page",
    "use_download_button": False,
    "use_fullscreen_button": False,
}

# --- words that the theme has in English only


MORE_CHINESE = {
    "Color mode": "颜色模式",
    "System Settings": "跟随系统",
}


class MoreChinese:
    """What gettext asks when the theme's own catalog has no answer."""

    def gettext(self, text: str) -> str:
        return MORE_CHINESE.get(text, text)


def translate_more(app):
    if chinese:
        translators["general", "sphinx"].add_fallback(MoreChinese())


# --- search

html_show_search_summary = False  # a page that was opened as a file may not read other files


class SearchChinese(SearchEnglish):
    """Chinese by single characters and pairs of neighbours, so that every phrase is found without a dictionary."""

    lang = "zh"
    language_name = "English"  # whose stemmer the browser takes, for words in Latin letters
    js_splitter_code = r"""
function splitQuery(query) {
    return [...query.matchAll(/\p{Script=Han}+|[\p{Letter}\p{Number}_]+/gu)].flatMap(([run]) => {
        const pairs = [...run].slice(1).map((character, i) => run[i] + character);
        return /\p{Script=Han}/u.test(run) && pairs.length ? pairs : [run];
    });
}
"""

    def split(self, text: str) -> list[str]:
        words = re.findall(r"[a-zA-Z0-9_]+", text)
        for run in re.findall("[\u3400-\u9fff]+", text):
            words += [*run, *map("".join, pairwise(run))]
        return words


def code_blocks(app, what, name, thing, options, lines):
    """Let what is indented in a docstring be code, as in Markdown: reStructuredText wants two colons before it."""
    section = False
    for i in range(len(lines) - 1, 0, -1):
        if lines[i].startswith("    ") and not lines[i - 1].strip():
            before = next((line for line in reversed(lines[:i]) if line.strip() and not line.startswith("    ")), "")
            section = re.fullmatch(r"\w+:", before)  # Args:, Raises: and the like
            inner = any(line.strip() for line in lines[i - 2 : i - 1]) and lines[i - 2].startswith("    ")
            if not (section or inner or before.rstrip().endswith("::") or before.startswith((".. ", "- "))):
                lines.insert(i, "")
                lines.insert(i, "::")


values = {}


def keep(app, what, name, thing, options, lines):
    """Remember what is said of a value: Napoleon would take all before the first colon for its type."""
    if what in ("data", "attribute", "property") and not any(re.fullmatch(r"\w+:", line) for line in lines):
        values[name] = list(lines)


def give_back(app, what, name, thing, options, lines):
    lines[:] = values.get(name, lines)


def setup(app):
    app.add_search_language(SearchChinese)
    app.connect("builder-inited", translate_more)
    for priority, change in (400, code_blocks), (400, keep), (600, give_back):  # Napoleon has 500
        app.connect("autodoc-process-docstring", change, priority)
