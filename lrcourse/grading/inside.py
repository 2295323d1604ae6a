"""Runs in the sandbox, beside the student's code: executes answer cells, and probes what they define.

It reads questions, one JSON object a line, from what was its standard input, and answers each on what was its standard
output. A reply carries the nonce of its question, so that nothing written in advance passes for one. Nobody outside
trusts a reply to say more than "these numbers came out": the student's code can do here whatever this module can.
"""

from __future__ import annotations

import json
import os
import sys
import types

OUT_OF_SIGHT = "lrcourse.checks"
EVENTS = {
    "socket.connect": "network", "socket.getaddrinfo": "network", "subprocess.Popen": "process",
    "os.system": "process", "os.exec": "process", "os.posix_spawn": "process", "os.fork": "process",
    "ctypes.dlopen": "library", "gc.get_objects": "memory", "gc.get_referrers": "memory",
}  # fmt: skip


class Watch:
    """Notes what student code reaches for. It reports, it does not hold anything back: that is the sandbox's task."""

    def __init__(self, allowed: list[str], home: str) -> None:
        self.on = False
        self.noted: dict[str, None] = {}
        self.allowed = (*map(os.path.abspath, allowed), home, "/dev/", "/tmp", "/sys", "<",
                        *(f"/proc/{name}" for name in ("self", "stat", "cpuinfo", "meminfo")))
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        self.on = False  # what follows may itself raise events
        try:
            if event == "import" and str(arguments[0]).startswith(OUT_OF_SIGHT):
                self.note("import", arguments[0])
            elif event == "open" and isinstance(arguments[0], str | bytes):
                path = os.path.abspath(os.fsdecode(arguments[0]))
                if not path.startswith(self.allowed):
                    self.note("file", path)
            elif event in EVENTS:
                self.note(EVENTS[event], event)
        finally:
            self.on = True

    def note(self, kind: str, what: object) -> None:
        if sum(noted.startswith(kind) for noted in self.noted) < 4:  # enough to look at the answer oneself
            self.noted[f"{kind} {str(what)[:200]}"] = None


class Session:
    """The names that the cells define, and the probes that ask for them."""

    def __init__(self) -> None:
        self.probes: dict = {}
        self.tools: dict = {}
        self.watch: Watch | None = None  # from the set-up cell on, which is the master's

    def start(self, limits: dict, sources: list, setup: str, allowed: list[str]) -> dict:
        """Load the probes, put a stand-in where the checks were, and run the master's set-up cell."""
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        stand_in = sys.modules[OUT_OF_SIGHT] = types.ModuleType(OUT_OF_SIGHT)
        stand_in.__path__ = []
        for name, source in sources:
            module = sys.modules[name] = types.ModuleType(name)
            module.__package__ = OUT_OF_SIGHT
            exec(compile(source, f"<{name}>", "exec"), module.__dict__)
            self.probes |= module.PROBES
        tools = self.tools = vars(sys.modules[f"{OUT_OF_SIGHT}.exercise"])
        for name, _ in sources:
            del sys.modules[name]
        vars(stand_in).update(
            {name: tools[name] for name in ("NotYet", "Unsolved", "once_solved")} | {"check": lambda *_, **__: None}
        )
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell.instance(config=config, colors="nocolor")
        ready = self.cell(setup)
        self.watch = Watch([sys.prefix, sys.base_prefix, "/usr", "/lib", "/etc", *allowed], os.getcwd())
        limit(limits)
        return ready

    def cell(self, source: str) -> dict:
        """Run a cell as a notebook would, magics, top-level await and all."""
        if self.watch:
            self.watch.on = True
        result = self.shell.run_cell(source, store_history=False)
        if self.watch:
            self.watch.on = False
        error = result.error_before_exec or result.error_in_exec
        return {"error": self.told(error)} if error else {}

    def probe(self, id: str, answer: str, cases: object) -> dict:
        """What the probe sees of an answer, or why it sees nothing."""
        run, each = self.probes[id]
        ask, NotYet, Unsolved = (self.tools[name] for name in ("ask", "NotYet", "Unsolved"))
        self.watch.on = True  # type: ignore[union-attr]  # start made it
        try:
            found = eval(answer, self.shell.user_ns)
            return {"seen": ask((lambda a, cs: [run(a, c) for c in cs]) if each else run, found, cases)}
        except Unsolved:
            return {"unsolved": True}
        except NotYet as error:
            return {"refused": str(error)[:1000]}
        except BaseException as error:  # KeyboardInterrupt and SystemExit of an answer too
            return {"refused": self.told(error)["message"]}
        finally:
            self.watch.on = False  # type: ignore[union-attr]  # start made it

    def told(self, error: BaseException) -> dict:
        """An error of a cell in one line."""
        line = self.tools["_one_line"]
        if isinstance(error, SyntaxError):
            where = self.tools["say"]("line {n}", "第 {n} 行", n=error.lineno)
            return {"kind": "SyntaxError", "message": line(f"{type(error).__name__}: {error.msg}, {where}")}
        message = line(f"{type(error).__name__}: {error}") + self.tools["_where"](error)
        return {"kind": type(error).__name__, "message": message}


def limit(limits: dict) -> None:
    """Bound this process and its children, for good: nobody in the sandbox can raise a hard limit again."""
    import resource

    bounds = {
        resource.RLIMIT_CPU: limits["cpu"],
        resource.RLIMIT_FSIZE: limits["file"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":
        bounds[resource.RLIMIT_NPROC] = limits["processes"]
        with open("/proc/self/statm") as file:  # what torch has mapped by now is not the student's
            bounds[resource.RLIMIT_AS] = limits["memory"] + int(file.read().split()[0]) * resource.getpagesize()
    for which, bound in bounds.items():
        hard = resource.getrlimit(which)[1]
        bound = int(bound if hard == resource.RLIM_INFINITY else min(bound, hard))
        resource.setrlimit(which, (bound, bound))


def main() -> None:
    """Answer questions until there are none."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    loads, dumps, write = json.loads, json.dumps, os.write  # before a student puts others in their places
    session = Session()
    for line in inbox:
        question = loads(line)
        nonce = question.pop("nonce")
        try:
            reply = getattr(session, question.pop("do"))(**question)
            text = dumps(reply | {"noted": list(session.watch.noted) if session.watch else []})
        except BaseException as error:
            text = dumps({"broken": f"{type(error).__name__}: {error}"[:1000]})
        data = f'{{"nonce": "{nonce}", "reply": {text}}}\n'.encode()
        while data:
            data = data[write(outbox, data) :]


if __name__ == "__main__":
    main()
