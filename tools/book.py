"""Makes the book: a static, searchable site of both languages, with the outputs that the notebooks store.

    python -m tools.book            build/book/: open its index.html
    python -m tools.book --check    say what is wrong with the site that is there

Pages are prepared here and made HTML by Sphinx and MyST-NB, whose settings are in book/. Nothing is executed but the
schedule browser, for its pictures. A fault leaves the site that was there.
"""

from __future__ import annotations

import argparse
import base64
import functools
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import nbformat
from nbformat import NotebookNode

import lrcourse
from lrcourse import words
from lrcourse.words import say

from . import LANGUAGES
from .build import BuildError

ROOT = Path(__file__).parent.parent
SITE = Path("build", "book")
NOTEBOOK_LINK = re.compile(r"(?<=\]\()[^)\s#]+\.ipynb(?=[)#])")
CSS_LOADS = re.compile(r"""(?:url\(|@import )["']?((?:https?:)?//[^)"';]+)""")
README_ROW = re.compile(r"^\| (\d\d) \| (.*?) \|", re.M)

# The public modules, in the order of the course: what a page of the API is called after the module's name.
MODULES = {
    "lrcourse": ("names that you can import from the package itself", "可以直接从软件包导入的名字"),
    "lrcourse.curves": ("closed forms and their algebra", "解析式及其代数"),
    "lrcourse.training": ("data, models, one loop, many trainings at once", "数据、模型、训练循环与批量训练"),
    "lrcourse.checks": ("checks of the exercises", "练习的检查"),
    "lrcourse.dynamics": ("01 what a learning rate is", "01 学习率是什么"),
    "lrcourse.schedulers": ("02 every scheduler of torch", "02 torch 的每一个调度器"),
    "lrcourse.warmup": ("03 warm-up", "03 预热"),
    "lrcourse.cyclic": ("04 cyclic learning rates", "04 循环学习率"),
    "lrcourse.custom": ("05 schedules of your own", "05 自定义调度"),
    "lrcourse.chaining": ("06 schedules one after another", "06 链式组合"),
    "lrcourse.finder": ("07 the learning-rate finder", "07 学习率查找器"),
    "lrcourse.practice": ("08 choose, watch, resume", "08 选择、监视、断点续训"),
    "lrcourse.physics": ("09 what the physics is worth", "09 物理图像的价值"),
}


@dataclass(frozen=True)
class Still:
    """One picture of the schedule browser: its controls moved again and again, and what there is to see, twice."""

    moves: tuple[dict[str, object], ...]
    en: str
    zh: str


BROWSER_STORY = (
    Still(
        ({"blue_step_size": 10, "blue_gamma": 0.5},),
        "`step_size=10`, `gamma=0.5`: more and lower steps, and the staircase follows an exponential.",
        "`step_size=10`、`gamma=0.5`：台阶更多、更矮，整段阶梯沿着一条指数曲线下降。",
    ),
    Still(
        (
            {"blue_step_size": 1, "blue_gamma": 0.95},
            {"edit": "green", "green_scheduler": "ExponentialLR", "green_gamma": 0.95},
        ),
        "A step at each `t`, `step_size=1`: StepLR *is* ExponentialLR. Two classes, one curve.",
        "每个 `t` 都下一级台阶，即 `step_size=1`：StepLR *就是* ExponentialLR。两个类，一条曲线。",
    ),
    Still(
        (
            {"edit": "blue", "blue_scheduler": "CosineAnnealingLR", "blue_T_max": 50},
            {"edit": "green", "green_scheduler": "CosineAnnealingWarmRestarts", "green_T_0": 50, "green_T_mult": 1},
        ),
        "`T_max=50` and `T_0=50`: past its end a cosine climbs back, one with restarts jumps.",
        "`T_max=50` 与 `T_0=50`：走完之后，余弦会慢慢爬回去，带热重启的余弦则一步跳回。",
    ),
    Still(
        (
            {"edit": "blue", "blue_scheduler": "LinearLR", "blue_start_factor": 1.0, "blue_end_factor": 0.0,
             "blue_total_iters": 100},
            {"edit": "green", "green_scheduler": "PolynomialLR", "green_total_iters": 100, "green_power": 1.0},
        ),
        "LinearLR from factor 1 to 0, PolynomialLR with `power=1`: one curve once more.",
        "LinearLR 的倍率从 1 到 0，PolynomialLR 取 `power=1`：又是一条曲线。",
    ),
    Still(
        ({"green_power": 3.0},),
        "`power=3`: cold early, and a long time there.",
        "`power=3`：早早变冷，然后长时间停在低处。",
    ),
    Still(
        (
            {"edit": "blue", "blue_scheduler": "OneCycleLR", "blue_pct_start": 0.3},
            {"edit": "green", "green_scheduler": "CyclicLR", "green_step_size_up": 30, "green_step_size_down": 70},
        ),
        "OneCycleLR and CyclicLR rise alike for 30 updates; the one ends cold, the other begins anew.",
        "OneCycleLR 与 CyclicLR 同样用 30 步升温；前者最后变冷，后者又从头再来。",
    ),
)  # fmt: skip


# ---- pages


def pages(root: Path, language: str, sections: list[str] | None = None) -> dict[str, NotebookNode | str]:
    """Every page of one language by its name in the site, ``"exercises/01_dynamics.ipynb"``: what Sphinx shall read.

    The API comes with the whole course only, not with some *sections* of it.

    Raises:
        BuildError: a notebook links to one that is no page.
    """
    found = sorted(path.stem for path in folder(root, "notebooks", language).glob("*.ipynb"))
    sections = sections or found
    before = words.language()
    words.use_language(language)
    try:
        made: dict[str, NotebookNode | str] = {}
        for section in sections:
            made[f"{section}.ipynb"] = lesson(root, language, section)
            if has_exercises(root, language, section):
                made[f"exercises/{section}.ipynb"] = exercises(root, language, section)
        reference = api(language) if sections == found else {}
        made["index.md"] = front(root, language, made, list(reference)[:1])
        made |= reference
    finally:
        words.use_language(before)
    for name, page in made.items():
        if not isinstance(page, str):
            relink(page, name, made, language)
    return made


def folder(root: Path, room: str, language: str) -> Path:
    return root / room if language == "en" else root / room / language


def stored(root: Path, room: str, language: str, section: str) -> NotebookNode:
    return nbformat.read(folder(root, room, language) / f"{section}.ipynb", as_version=4)


def has_exercises(root: Path, language: str, section: str) -> bool:
    return (folder(root, "exercises", language) / f"{section}.ipynb").exists()


def markdown(text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def lesson(root: Path, language: str, section: str) -> NotebookNode:
    """A lesson as it is stored; below each explorer's picture a line says where it is live."""
    notebook = stored(root, "notebooks", language, section)
    cells = []
    for cell in notebook.cells:
        cells.append(described(cell))
        explorer = shown_explorer(cell)
        if explorer:
            cells.append(markdown("{.live}\n" + say(
                "A still picture of its first values. In JupyterLab it is live: move the sliders, reach the goal.",
                "这是它初始状态的静态图。在 JupyterLab 中它是活的：拖动滑块，达到目标。",
            )))  # fmt: skip
        if explorer == "schedulers.schedule_browser":
            cells.append(story(language))
    if has_exercises(root, language, section):
        cells.append(markdown(f"```{{toctree}}\n:hidden:\n\nexercises/{section}\n```"))
    notebook.cells = cells
    return notebook


def shown_explorer(cell: NotebookNode) -> str:
    """``"dynamics.landscape"`` where a cell ends with ``explorers.dynamics.landscape()``, else an empty text."""
    found = cell.cell_type == "code" and re.search(r"^explorers\.([\w.]+)\([^\n]*\)\s*\Z", cell.source, re.M)
    return found[1] if found else ""


def described(cell: NotebookNode, *, folded: bool = False, output_only: bool = False) -> NotebookNode:
    """The cell, its picture with the text alternative that was stored beside it.

    Args:
        folded: its code is hidden until asked for.
        output_only: its code is not shown.
    """
    cell = nbformat.from_dict(cell)
    for output in cell.get("outputs", []):
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt:
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
    if folded or output_only:
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input" if folded else "remove-input"]
    return cell


def exercises(root: Path, language: str, section: str) -> NotebookNode:
    """All exercises of a section: card, stub and check as learners get them, the solution folded below."""
    page = stored(root, "exercises", language, section)
    (head, *stubs), (_, *solved) = blocks(page), blocks(stored(root, "solutions", language, section))
    cells = [described(cell, folded=cell.cell_type == "code") for cell in head]
    for stub, solution in zip(stubs, solved, strict=True):
        cells += [described(cell) for cell in stub]
        cells.append(markdown(f'<details class="solution"><summary>{say("Solution", "参考答案")}</summary>'))
        for cell in solution:
            tags = set(cell.metadata.get("tags", ()))
            if tags & {"answer", "check", "show", "solution"}:
                cells.append(described(cell, output_only=bool(tags & {"check", "show"})))
                cells[-1].id = f"{cell.id}-solved"  # its stub has the same
        cells.append(markdown("</details>"))
    page.cells = cells
    return page


def blocks(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """What stands before the first card, then one list of cells an exercise."""
    split: list[list[NotebookNode]] = [[]]
    for cell in notebook.cells:
        if "card" in cell.metadata.get("tags", ()):
            split.append([])
        split[-1].append(cell)
    return split


def story(language: str) -> NotebookNode:
    """A cell that holds the schedule browser's pictures."""
    output = nbformat.v4.new_output("display_data", {"text/html": gallery(language)})
    return nbformat.v4.new_code_cell("# not shown", outputs=[output], metadata={"tags": ["remove-input"]})


@functools.cache
def gallery(language: str) -> str:
    """What the schedule browser shows as its sliders move, in the *language* in use."""
    from lrcourse import explorers

    browser = explorers.schedulers.schedule_browser()
    figures = []
    for still in BROWSER_STORY:
        for move in still.moves:
            browser.set(**move)
            if browser.error:
                raise BuildError(f"the schedule browser cannot be set to {move}:\n{browser.error}")
        data, _ = browser._repr_mimebundle_()
        caption = re.sub(r"\*(.+?)\*", r"<em>\1</em>", escape(say(still.en, still.zh), quote=False))
        caption = re.sub(r"`(.+?)`", r"<code>\1</code>", caption)
        png = base64.b64encode(data["image/png"]).decode()
        figures.append(
            f'<figure><img src="data:image/png;base64,{png}" alt="{escape(browser.picture.figure.alt)}" loading="lazy">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    return f'<div class="gallery">{"".join(figures)}</div>'


def front(root: Path, language: str, made: dict, reference: list[str]) -> str:
    """The first page: book/en.md, then the course's map, from the README and the lessons' own titles."""
    readme = (root / ("README.md" if language == "en" else "README.zh.md")).read_text(encoding="utf-8")
    about = dict(README_ROW.findall(readme))
    rows = [say("| | lesson | what you will see |", "| | 课程 | 你会看到 |"), "|---|---|---|"]
    order = []
    for name in [name for name in made if "/" not in name]:
        number, title = name[:2], made[name].cells[0].source.partition("\n")[0].removeprefix("# ")
        rows.append(f"| {number} | [{title}]({name}) | {about[number]} |")
        order.append(f"{number} · {title} <{name.removesuffix('.ipynb')}>")
    text = (root / "book" / f"{language}.md").read_text(encoding="utf-8")
    toc = "\n".join(["```{toctree}", ":hidden:", "", *order, *reference, "```"])
    return "\n".join([text, *rows, "", toc, ""])


def api(language: str) -> dict[str, str]:
    """The reference: a page a module, from the docstrings."""
    title = say("API", "API 参考")
    note = say(
        "What notebooks call, module by module. ``lr(t)`` is the learning rate that update t uses, t = 0, 1, 2, …",
        "notebook 所调用的一切，一个模块一页。``lr(t)`` 是第 t 个更新步所用的学习率，t = 0, 1, 2, …。"
        "文档字符串是英文的。",
    )
    names = [module.replace("lrcourse.", "") for module in MODULES]
    contents = "\n".join(f"   {name}" for name in names)
    made = {"api/index.rst": f"{title}\n{'=' * 20}\n\n{note}\n\n.. toctree::\n   :maxdepth: 1\n\n{contents}\n"}
    for (module, about), name in zip(MODULES.items(), names, strict=True):
        heading = f"{module} · {say(*about)}"
        members, elsewhere = reexports() if module == "lrcourse" else ("", "")
        made[f"api/{name}.rst"] = (
            f"{heading}\n{'=' * 3 * len(heading)}\n\n.. automodule:: {module}\n   :members: {members}\n\n{elsewhere}"
        )
    return made


def reexports() -> tuple[str, str]:
    """The package's own names: those that only it shows, and a list of the others, which have their place elsewhere."""
    here, elsewhere = [], []
    for name in lrcourse.__all__:
        origin = getattr(lrcourse, name).__module__
        homes = [module for module in MODULES if module != "lrcourse" and f"{origin}.".startswith(f"{module}.")]
        if homes and name in getattr(importlib.import_module(homes[0]), "__all__", [name]):
            elsewhere.append(f"- :py:obj:`lrcourse.{name} <{homes[0]}.{name}>`\n")
        else:
            here.append(name)
    return ", ".join(here), "".join(elsewhere)


def relink(notebook: NotebookNode, name: str, made: dict, language: str) -> None:
    """Let links between notebooks lead to pages: an exercise and its solution are one page.

    Raises:
        BuildError: a link to a notebook that is no page.
    """
    room = "exercises" if "/" in name else "notebooks"

    def page(found: re.Match) -> str:
        target = PurePosixPath(os.path.normpath(PurePosixPath(room, *language_part, found[0])))
        wanted = target.name if target.parts[0] == "notebooks" else f"exercises/{target.name}"
        if wanted not in made or target.parent != PurePosixPath(target.parts[0], *language_part):
            raise BuildError(f"{room}/{name}: it links to {found[0]}, which is no page of this language")
        return os.path.relpath(wanted, PurePosixPath(name).parent)

    language_part = () if language == "en" else (language,)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = NOTEBOOK_LINK.sub(page, cell.source)


# ---- the site


def build(root: Path, site: Path, *, sections: list[str] | None = None, languages=LANGUAGES) -> None:
    """Make the site; what was there is replaced when the new one is without a fault.

    Raises:
        BuildError: a page cannot be prepared, Sphinx warns, or the site has a dead link, a page without its twin, or
            anything that is loaded from the network.
    """
    with tempfile.TemporaryDirectory(prefix="book") as draft:
        for language in languages:
            for name, page in pages(root, language, sections).items():
                place = Path(draft, "source", language, name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(page if isinstance(page, str) else nbformat.writes(page), encoding="utf-8")
            shutil.copy(root / "docs" / "explorer.png", Path(draft, "source", language))
        with ThreadPoolExecutor() as pool:
            said = "".join(pool.map(lambda language: sphinx(root, Path(draft), language), languages))
        if said:
            raise BuildError(said)
        new = Path(draft, "site")
        shutil.rmtree(new / "jupyter_execute", ignore_errors=True)  # where MyST-NB keeps pictures before it copies them
        shutil.copy(root / "book" / "index.html", new)
        found = list(faults(new))
        if found:
            raise BuildError("\n".join(found))
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(new, site)


def sphinx(root: Path, draft: Path, language: str) -> str:
    """Build one language; what Sphinx complains about."""
    source, site, work = (draft / part / language for part in ("source", "site", "work"))
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-W", "--keep-going", "-N"]
    command += ["-t", language, "-c", root / "book", "-d", work, source, site]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    said = done.stderr or f"Sphinx ended with {done.returncode}\n"
    return said.replace(str(draft), "") if done.returncode else ""


class Links(HTMLParser):
    """What one page offers and asks for.

    Attributes:
        ids: its anchors.
        links: the addresses it leads to.
        loaded: the addresses it loads.
        mute: pictures without a text alternative.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.mute: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {value for key, value in attributes if key in ("id", "name")}
        if "src" in given:
            self.loaded.append(given["src"])
        if tag == "img" and not given.get("alt"):
            self.mute.append(given.get("src", ""))
        if "href" in given:
            loads = tag == "link" and given.get("rel") not in ("index", "search", "next", "prev", "alternate", "author")
            (self.loaded if loads else self.links).append(given["href"])


def faults(site: Path) -> Iterator[str]:
    """What is wrong with a site, one line each: dead links, pages without a twin, what comes from the network."""
    written = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    read = {path: Links(path.read_text(encoding="utf-8")) for path in written}
    for path, page in read.items():
        name = path.relative_to(site)
        for address in page.loaded:
            if urlsplit(address).scheme not in ("", "data") or address.startswith("//"):
                yield f"{name}: loads {address[:100]} from the network"
        for address in page.links + page.loaded:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            if not target.exists():
                yield f"{name}: dead link {address}"
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].ids:
                yield f"{name}: dead link {address}: no such place on that page"
        for picture in page.mute:
            yield f"{name}: the picture {picture[:100]} has no text alternative"
        if name.parts[0] in LANGUAGES:
            other = next(language for language in LANGUAGES if language != name.parts[0])
            if not (site / other).joinpath(*name.parts[1:]).exists():
                yield f"{name}: no such page in the other language"
    for path in site.rglob("*.css"):
        for address in CSS_LOADS.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {address} from the network"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="say what is wrong with the site that is there")
    options = parser.parse_args(arguments)
    if options.check:
        found = list(faults(root / SITE))
        print("\n".join(found), file=sys.stderr, end="\n" if found else "")
        return 1 if found else 0
    start = time.perf_counter()
    try:
        build(root, root / SITE)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    files = [path for path in (root / SITE).rglob("*") if path.is_file()]
    size, count = sum(path.stat().st_size for path in files) / 1e6, sum(path.suffix == ".html" for path in files)
    print(f"{SITE / 'index.html'}: {count} pages, {size:.0f} MB, {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
