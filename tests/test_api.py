"""Each public function and class has an example, one that a reader can copy: it runs, and says what it says it does."""

import doctest
import importlib
import inspect
import re

import pytest

from tools.book import MODULES

EXAMPLE = re.compile(r"\n\nExample:\n {4}>>> .+(\n {4}.+|\n)*\Z")  # as Napoleon wants it, and nothing after it
FINDER = doctest.DocTestFinder()


def entries():
    """Name → function or class: all that the API's pages show, each once, though the package shows some again."""
    found = {}
    for module in map(importlib.import_module, reversed(MODULES)):  # the package comes last
        own = [name for name, thing in vars(module).items()
               if getattr(thing, "__module__", "") == module.__name__ and not name.startswith("_")]  # fmt: skip
        for name in getattr(module, "__all__", own):
            entry = getattr(module, name)
            if callable(entry):
                found.setdefault(id(entry), (f"{module.__name__}.{name}", entry))
    return dict(found.values())


ENTRIES = entries()


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_has_an_example_that_holds(name, tmp_path, monkeypatch):
    entry, said = ENTRIES[name], []
    assert EXAMPLE.search(inspect.cleandoc(entry.__doc__ or "")), f"{name}'s docstring does not end in an Example:"
    monkeypatch.chdir(tmp_path)
    for test in FINDER.find(entry, name, globs={}):  # of a class its methods' too; no name is there but what it imports
        doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)
    assert not list(tmp_path.iterdir()), f"the example of {name} leaves files where the reader stands"


def test_all_pages_are_read():
    modules = {name.rpartition(".")[0] for name in ENTRIES}
    assert modules == set(MODULES) and len(ENTRIES) > 120
