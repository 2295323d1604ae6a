"""nbval, made honest about this course's notebooks. Without ``--nbval`` or ``--nbval-lax`` nothing here acts.

    pytest --nbval --nbval-current-env notebooks/*.ipynb solutions/*.ipynb    every output as stored
    pytest --nbval-lax --nbval-current-env exercises/01_*.ipynb               your answers: green when solved
    pytest --nbval-lax --nbval-current-env --stubs exercises/*.ipynb          untouched stubs: no check may pass

All three may go into one run: ``pytest --nbval --nbval-current-env --stubs`` and the files.
"""

import os
import queue
import re
import time

import pytest

from tools import KERNEL_ENVIRONMENT

CELL_TIMEOUT = 120  # seconds; nbval's own default is 2000
MESSAGE_LINES = 4  # longer is a traceback
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def pytest_addoption(parser):
    parser.addoption("--stubs", action="store_true", help="exercises are untouched: each check must say so in one line")


def pytest_configure(config):
    if config.getoption("nbval", False) or config.getoption("nbval_lax", False):
        if config.option.nbval_cell_timeout == 2000:
            config.option.nbval_cell_timeout = CELL_TIMEOUT
        os.environ.update(KERNEL_ENVIRONMENT)
        teach_nbval()


def teach_nbval():
    """Let nbval's kernel honour a trailing ``;`` and notice at once when it dies."""
    import nbval.plugin

    class Kernel(nbval.plugin.RunningKernel):
        def execute_cell_input(self, cell_input, allow_stdin=None):
            # IPython looks for the ; in the history, and nbval keeps none (its issue 194).
            return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

        def await_reply(self, msg_id, timeout=None):
            end = time.monotonic() + timeout
            while True:
                try:
                    message = self.get_message("shell", timeout=min(1, max(0, end - time.monotonic())))
                except queue.Empty:
                    if not self.is_alive():
                        raise RuntimeError("the kernel died: out of memory, a crash or an exit") from None
                    if time.monotonic() >= end:
                        raise
                else:
                    if message["parent_header"].get("msg_id") == msg_id:
                        return

    nbval.plugin.RunningKernel = Kernel


def tags(item):
    return item.cell.metadata.get("tags", ()) if hasattr(item, "cell") else ()


def pytest_collection_modifyitems(items):
    for item in items:
        if {"check", "show"} & set(tags(item)):
            # raises-exception lets Run All go on in JupyterLab; here an exception is a failure.
            item.options["check_exception"] = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    # In a stub, checks refuse with a message; in a solution they may not.
    stub = set(tags(item)) if item.config.getoption("stubs") and "raises-exception" in tags(item) else set()
    try:
        result = yield
    except Exception as error:
        shown = ANSI.sub("", getattr(error, "inner_traceback", None) or "").strip()
        if "check" in stub and shown.startswith("✗ ") and shown.count("\n") < MESSAGE_LINES:
            pytest.xfail(shown)
        raise
    if "check" in stub:
        item.raise_cell_error("the check passes on the untouched stub")
    return result
