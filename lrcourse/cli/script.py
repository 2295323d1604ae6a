"""``lrcourse watch script.py``: run a script as ``python script.py`` would, and say what its learning rates did."""

from __future__ import annotations

import builtins
import io
import os
import sys
import types
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

from ..words import say
from .copies import Problem

if TYPE_CHECKING:
    from ..practice import Report


def watched(script: str, arguments: Sequence[str], planned_updates: int | None = None) -> int:
    """Run *script* with every optimizer and scheduler watched, and write the reports to stderr when it ends.

    The script finds what it finds under ``python script.py``: ``__main__``, ``sys.argv``, ``sys.path[0]``, the working
    directory; an exception is shown from the script's first line on. Only torch is there before its first line.

    Returns:
        The exit status of the script: 1 after an exception, 130 after Ctrl-C.

    Raises:
        Problem: the script cannot be read.
        SystemExit: the script's own.
    """
    path = Path(script)
    if path.is_dir():
        raise Problem(say("{script} is a folder; name a Python file", "{script} 是文件夹；请给出一个 Python 文件",
                          script=script))  # fmt: skip
    try:
        with io.open_code(os.path.abspath(script)) as file:
            source = file.read()
    except OSError as error:
        raise Problem(f"{script}: {error.strerror or error}") from None
    from ..practice import watching_everything

    main = types.ModuleType("__main__")
    name = os.path.abspath(script)
    vars(main).update(__file__=name, __builtins__=builtins, __loader__=SourceFileLoader("__main__", name),
                      __cached__=None)  # fmt: skip
    sys.modules["__main__"] = main
    sys.argv = [script, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    reports: list[Report] = []
    code = None
    try:
        code = compile(source, name, "exec", dont_inherit=True)
        with watching_everything(planned_updates) as reports:
            exec(code, vars(main))
    except SystemExit:
        raise
    except BaseException as error:
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_code is not code:  # ours, above the script's
            traceback = traceback.tb_next
        sys.excepthook(type(error), error.with_traceback(traceback), traceback)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    finally:
        _tell(reports)
    return 0


def _tell(reports: Sequence[Report]) -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
    print("── lrcourse watch", file=sys.stderr)
    if not reports:
        print(say("no optimizer was stepped", "没有任何优化器执行过 step"), file=sys.stderr)
    for report in reports:
        if len(reports) > 1:
            print(f"{type(report.optimizer).__name__}:", file=sys.stderr)
        print(report, file=sys.stderr)
