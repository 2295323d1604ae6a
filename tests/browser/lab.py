"""JupyterLab as a learner has it, driven in a real browser: a server on a copy of the course, and its pages."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from lrcourse.cli.doctor import find_browser
from tests.browser.chromium import FLAGS

VIEW = {"width": 1280, "height": 900}
SECONDS = 90  # for anything that a loaded machine of two cores has to do
WIDGET = "application/vnd.jupyter.widget-view+json"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# A learner's JupyterLab has no such parts; the environment of tests and authors brings them.
AUTHORS_PAGES = ("@jupyter/nbgrader", "@jupyter-notebook/lab-extension", "jupyterlab-jupytext")
AUTHORS_SERVERS = (
    "jupyterlab_jupytext",
    "nbgrader.server_extensions.assignment_list",
    "nbgrader.server_extensions.course_list",
    "nbgrader.server_extensions.formgrader",
    "nbgrader.server_extensions.validate_assignment",
)

# What a front end and the browser say by themselves, whatever the page does; each by its own words.
NOT_OURS: dict[str, tuple[str, ...]] = {
    "lab/tree": (),
    "notebooks": (
        "Cannot read properties of undefined (reading 'schema')",
        "Command 'filebrowser:open-path' not registered",
        "the server responded with a status of 403",
    ),
}


@dataclass(frozen=True)
class Lab:
    """A running ``lrcourse lab``.

    Attributes:
        folder: the copy of the course that it serves.
        url, token: where it listens, on this machine only, and the word it asks for.
    """

    folder: Path
    url: str
    token: str

    def request(self, path: str, method: str = "GET") -> object:
        """Ask the server's API."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def add(self, path: str, *cells: str) -> str:
        """Put a notebook with these code cells into the copy; returns its path."""
        new = [nbformat.v4.new_code_cell(code, metadata={"jupyter": {"source_hidden": True}}) for code in cells]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(nbformat.v4.new_notebook(cells=new, metadata=kernel), self.folder / path)
        return path

    def end_kernels(self) -> None:
        """End every kernel: a page that was left behind must not slow the next."""
        for session in self.request("api/sessions"):
            with contextlib.suppress(urllib.error.HTTPError):
                self.request(f"api/sessions/{session['id']}", "DELETE")


@contextlib.contextmanager
def serve(home: Path, language: str = "en") -> Iterator[Lab]:
    """Run ``lrcourse lab`` on a new copy below *home*, which also holds what JupyterLab would keep about a user.

    Raises:
        RuntimeError: it did not answer in time; with what it printed.
    """
    token = secrets.token_hex(16)
    pages = {"disabledExtensions": dict.fromkeys(AUTHORS_PAGES, True)}
    servers = {"ServerApp": {"jpserver_extensions": dict.fromkeys(AUTHORS_SERVERS, False)}}
    (home / "config" / "labconfig").mkdir(parents=True)
    (home / "config" / "labconfig" / "page_config.json").write_text(json.dumps(pages))
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(servers))
    kept = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    kept |= {"IPYTHONDIR": str(home / "ipython"), "JUPYTER_TOKEN": token}
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"} | kept
    command = [sys.executable, "-m", "lrcourse", "lab", "--dir", str(home / "copy"), "--lang", language]
    command += ["--no-browser", "--port", "0", "--"]
    command += [f"--{app}.expose_app_in_browser=True" for app in ("LabApp", "JupyterNotebookApp")]
    with open(home / "server.log", "w+", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            lab = Lab(home / "copy", _address(server, home), token)
            yield lab
            lab.end_kernels()
        finally:
            server.terminate()
            server.wait(SECONDS)


def _address(server: subprocess.Popen, home: Path) -> str:
    """Where the server listens: it leaves a note when it does."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        for note in (home / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                url = json.loads(note.read_text())["url"]
                urllib.request.urlopen(url + "api", timeout=5).close()
                return url
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + (home / "server.log").read_text(encoding="utf-8"))


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium without a window.

    Raises:
        RuntimeError: there is none.
    """
    path = find_browser()
    if path is None:
        raise RuntimeError("no browser")
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chrome
        chrome.close()


class Notebook:
    """A notebook open in JupyterLab, or in Notebook 7 with the front end ``"notebooks"``.

    Cells that are out of sight are not in the page, so what they hold is asked of JupyterLab's own model.

    Attributes:
        complaints: what the page threw and what it wrote to the console as errors.
    """

    def __init__(self, page: Page, lab: Lab, path: str, front: str = "lab/tree") -> None:
        self.page, self.known, self.complaints = page, NOT_OURS[front], []
        page.set_default_timeout(SECONDS * 1000)
        page.on("pageerror", lambda error: self._complain(f"thrown: {error}"))
        page.on("console", lambda message: message.type == "error" and self._complain(f"console: {message.text}"))
        page.goto(f"{lab.url}{front}/{path}?token={lab.token}&reset")
        page.wait_for_function(
            "path => window.jupyterapp?.shell?.currentWidget?.context?.path === path"
            " && jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'",
            arg=path,
        )
        page.evaluate("jupyterapp.shell.collapseLeft()")

    def _complain(self, text: str) -> None:
        if not any(known in text for known in self.known):
            self.complaints.append(text)

    def run_all(self) -> None:
        """What Run → Run All Cells does, until the last cell has run or one has stopped the run by an error."""
        for command in ("clear-all-cell-outputs", "run-all-cells"):
            self.page.evaluate(f"jupyterapp.commands.execute('notebook:{command}')")
        self.page.wait_for_function(
            """() => {
                const { content, sessionContext } = jupyterapp.shell.currentWidget;
                const cells = content.model.toJSON().cells.filter(cell => cell.cell_type === 'code');
                const stops = cell => cell.outputs.some(output => output.output_type === 'error')
                    && !cell.metadata.tags?.includes('raises-exception');
                return sessionContext.session?.kernel?.status === 'idle'
                    && (cells.some(stops) || cells.every(cell => cell.execution_count !== null));
            }"""
        )

    def run(self, index: int) -> None:
        """Run one cell, until it has run."""
        self.cell(index)
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")

    def cells(self) -> list[dict]:
        """Every cell as it would be saved now."""
        return self.page.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON()")["cells"]

    def cell(self, index: int) -> Locator:
        """One cell, brought into sight and selected."""
        self.page.evaluate(
            """async index => {
                const { content } = jupyterapp.shell.currentWidget;
                content.activeCellIndex = index;
                content.mode = 'command';
                await content.scrollToItem(index, 'start');
            }""",
            index,
        )
        found = self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')
        found.wait_for()
        return found

    def write(self, index: int, text: str) -> None:
        """Type *text* into a cell, in place of what it holds."""
        cell = self.cell(index)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Escape")

    def use_theme(self, theme: str) -> None:
        """Change JupyterLab's theme to ``"light"`` or ``"dark"``."""
        self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", THEMES[theme])
        light = "true" if theme == "light" else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def explorers(self) -> Iterator[Locator]:
        """Every explorer of the page, each brought into sight."""
        for index, cell in enumerate(self.cells()):
            if any(WIDGET in output.get("data", ()) for output in cell.get("outputs", ())):
                explorer = self.cell(index).locator(".lrx")
                explorer.locator("img").wait_for()
                yield explorer
