"""One JupyterLab and one browser for all tests here, as a learner has them."""

from pathlib import Path

import pytest

from lrcourse.cli.doctor import find_browser
from tests.browser.lab import VIEW, Notebook, browser, serve


def pytest_addoption(parser):
    text = "keep a picture of every explorer, in both languages and themes"
    parser.addoption("--shots", metavar="DIR", type=Path, help=text)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("learner")) as lab:
        yield lab


@pytest.fixture(scope="session")
def chrome():
    if find_browser() is None:
        pytest.skip("no browser")
    with browser() as chrome:
        yield chrome


@pytest.fixture
def open_notebook(chrome, lab):
    """Open a notebook of the learner's copy, by its path. What its page complained about fails the test."""
    opened = []

    def open_notebook(path: str, *front: str) -> Notebook:
        opened.append(Notebook(chrome.new_page(viewport=VIEW), lab, path, *front))
        return opened[-1]

    yield open_notebook
    lab.end_kernels()
    for notebook in opened:
        notebook.page.close()
    assert not [text for notebook in opened for text in notebook.complaints]


@pytest.fixture
def keep(request):
    """Keep a picture of a part of a page, in light and dark, where ``--shots`` says so."""
    folder = request.config.getoption("--shots", default=None)

    def keep(notebook: Notebook, part, name: str) -> None:
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        for theme in ("dark", "light"):
            notebook.use_theme(theme)
            part.screenshot(path=folder / f"{name}-{theme}.png")

    return keep
