"""Where student code runs: in bubblewrap, or, where that cannot run, in a subprocess that is merely limited.

Confined, a process has no network, sees a read-only system without masters, checks, results or other submissions, may
write to a small disk in memory that dies with it, and cannot see any process but its own. Limits on time, memory and
processes are watched from outside, because the system's own do not bind root.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import selectors
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

PACKAGE = Path(__file__).parents[1]
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts")
HOME = "/student"
GIB, MIB = 2**30, 2**20
START_SECONDS = 120  # a cold disk reads torch for long
WALL = 5  # seconds of wall time for each of computing time


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Args:
        seconds: computing time of an exercise's cell, and of its probe. The wall time is bounded by a multiple of it,
            so that a busy machine fails nobody.
        memory: bytes of all its processes together.
        processes: how many of them.
        disk: bytes that it may write in each of its home, /tmp and /dev/shm; unconfined, in each file.
        reply: bytes of one reply.
    """

    seconds: float = 60
    memory: int = 3 * GIB
    processes: int = 32
    disk: int = 256 * MIB
    reply: int = MIB


class Stopped(Exception):
    """The sandbox is gone; *why* is ``time``, ``memory``, ``processes``, ``flood`` or ``died``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Sandbox:
    """One process for one submission's answers. Use it as a context manager; it is dead afterwards.

    Args:
        limits: what it may use.
        hidden: files and folders that it must not see, wherever they lie.
        confined: in bubblewrap; otherwise merely limited.
    """

    def __init__(self, limits: Limits, hidden: Iterable[Path] = (), *, confined: bool = True) -> None:
        self.limits, self.confined = limits, confined
        self.folder = None if confined else tempfile.TemporaryDirectory(prefix="lrcourse-", ignore_cleanup_errors=True)
        inside = [sys.executable, "-P", "-m", f"{__package__}.inside"]
        home = self.folder.name if self.folder else HOME
        environment = variables(home)
        self.process = subprocess.Popen(
            [*bubblewrap(tuple(hidden), limits.disk, environment), *inside] if confined else inside,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            cwd=None if confined else home, env=environment, start_new_session=True,
        )  # fmt: skip
        questions, replies = self.process.stdin, self.process.stdout
        assert questions is not None and replies is not None, "both are pipes"
        self.questions, self.replies = questions, replies
        for stream in (questions, replies):
            os.set_blocking(stream.fileno(), False)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self.questions, self.replies):
            stream.close()
        if self.folder:
            self.folder.cleanup()

    def start(self, sources: list[tuple[str, str]], setup: str, *, exercises: int) -> dict:
        """Load the probes and run the set-up cell; the reply to it."""
        limits = {
            "cpu": int(START_SECONDS + 2 * (exercises + 1) * self.limits.seconds),
            "file": self.limits.disk,
            "memory": self.limits.memory,
            "processes": self.limits.processes + 256 + _threads_of_mine(),  # counts threads, and all of this user's
        }
        allowed = [str(PACKAGE), *map(str, python_folders())]
        return self.ask("start", START_SECONDS, limits=limits, sources=sources, setup=setup, allowed=allowed)

    def ask(self, do: str, seconds: float, **question: object) -> dict:
        """The reply to a question.

        Raises:
            Stopped: there was none in time, or a limit was passed. The sandbox is dead then.
        """
        nonce = secrets.token_hex(16)
        data = json.dumps({"do": do, "nonce": nonce, **question}).encode() + b"\n"
        try:
            return self._reply(data, nonce, seconds)
        except Stopped:
            self.kill()
            raise

    def _reply(self, data: bytes, nonce: str, seconds: float) -> dict:
        questions, replies = self.questions, self.replies
        received, junk, watched = b"", 0, 0.0
        deadline, computed = time.monotonic() + WALL * seconds, self._watch()
        with selectors.DefaultSelector() as ready:
            ready.register(replies, selectors.EVENT_READ)
            ready.register(questions, selectors.EVENT_WRITE)
            while True:
                now = time.monotonic()
                if now > deadline:
                    raise Stopped("time")
                if now - watched > 0.1:
                    if self._watch() - computed > seconds:
                        raise Stopped("time")
                    watched = time.monotonic()
                for key, _ in ready.select(0.1):
                    if key.fileobj is questions:
                        try:
                            data = data[os.write(questions.fileno(), data) :]
                        except OSError:
                            raise Stopped("died") from None
                        if not data:
                            ready.unregister(questions)
                        continue
                    chunk = os.read(replies.fileno(), 2**16)
                    if not chunk:
                        raise Stopped("died")
                    *lines, received = (received + chunk).split(b"\n")
                    for line in lines:
                        reply = _read(line, nonce)
                        if reply is not None:
                            if len(line) > self.limits.reply:
                                raise Stopped("flood")
                            return reply
                        junk += len(line) + 1
                    if junk + len(received) > 2 * self.limits.reply:
                        raise Stopped("flood")

    def _watch(self) -> float:
        """Seconds that all processes have computed so far; stops what takes too much else."""
        memory = count = 0
        computed = 0.0
        for process in self._processes():
            with contextlib.suppress(psutil.Error):
                memory += process.memory_info().rss + _files_in_memory(process.pid)
                times = process.cpu_times()
                computed += times.user + times.system + times.children_user + times.children_system
                count += 1
        if count > self.limits.processes + 2:  # bubblewrap itself is two
            raise Stopped("processes")
        if memory > self.limits.memory:
            raise Stopped("memory")
        return computed

    def _processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def kill(self) -> None:
        """End every process of the sandbox. With bubblewrap the kernel does: they all live in a world of its own."""
        if self.confined:
            self.process.kill()
        else:
            for _ in range(100):  # bombs fork meanwhile: first nobody moves any more, then nobody lives
                mine = [process for process in self._processes() or [] if process.pid != self.process.pid]
                mine += _in_session(self.process.pid)
                for how in (signal.SIGSTOP, signal.SIGKILL):
                    for process in mine:
                        with contextlib.suppress(psutil.Error):
                            process.send_signal(how)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process.pid, signal.SIGKILL)
                if not mine:
                    break
        self.process.wait()


@functools.cache
def obstacle() -> str | None:
    """Why bubblewrap cannot run here; None if it can."""
    if not shutil.which("bwrap"):
        return "bwrap is not installed (Debian, Ubuntu, Fedora: the package bubblewrap)"
    try:
        command = [*bubblewrap((), MIB, variables(HOME)), sys.executable, "-S", "-c", ""]
        tried = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return tried.stderr.strip() or f"bwrap ends with {tried.returncode}" if tried.returncode else None


def bubblewrap(hidden: tuple[Path, ...], disk: int, environment: dict[str, str]) -> list[str]:
    """The command that runs what follows it confined."""
    small = ["--size", str(disk), "--tmpfs"]
    command = [
        shutil.which("bwrap") or "bwrap", "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000",
        "--cap-drop", "ALL", "--hostname", "student", "--die-with-parent", "--new-session", "--clearenv",
    ]  # fmt: skip
    for path in (*SYSTEM, *(f"/etc/{name}" for name in ETC)):
        command += ["--ro-bind-try", path, path]
    command += [*small, "/tmp", *small, HOME]  # before what is shown, which may lie in /tmp
    shown = [PACKAGE, *python_folders()]
    for path in shown:
        command += ["--ro-bind", str(path), str(path)]
    for path in _below((PACKAGE / "checks", PACKAGE / "_course", *hidden), (*shown, Path("/usr"))):
        if path.is_dir():
            command += ["--size", "4096", "--tmpfs", str(path), "--remount-ro", str(path)]
        else:
            command += ["--ro-bind", os.devnull, str(path)]
    command += ["--proc", "/proc", "--dev", "/dev", *small, "/dev/shm", "--remount-ro", "/dev"]
    command += ["--chdir", HOME, "--remount-ro", "/"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--"]


def variables(home: str) -> dict[str, str]:
    """The whole environment of student code."""
    return {
        "HOME": home, "TMPDIR": "/tmp" if home == HOME else home, "USER": "student", "LOGNAME": "student",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
        "LANG": "C.UTF-8", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }  # fmt: skip


def python_folders() -> list[Path]:
    """The folders that hold this Python and what is installed for it."""
    installed = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    folders = dict.fromkeys(Path(path).resolve() for path in (sys.prefix, sys.base_prefix, *installed))
    return [folder for folder in folders if folder.is_dir() and not folder.is_relative_to("/usr")]


def _below(hidden: Iterable[Path], shown: tuple[Path, ...]) -> Iterator[Path]:
    """Those of *hidden* that would be in sight, the outermost first, none of them twice."""
    covered: list[Path] = []
    for path in sorted({path.resolve() for path in hidden if path.exists()}, key=lambda path: len(path.parts)):
        in_sight = any(path != place and path.is_relative_to(place) for place in shown)
        if in_sight and not any(path.is_relative_to(place) for place in covered):
            covered.append(path)
            yield path


def _read(line: bytes, nonce: str) -> dict | None:
    """The reply in a line, if it is one to this question."""
    try:
        found = json.loads(line)
        reply = found["reply"] if found["nonce"] == nonce else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return reply if isinstance(reply, dict) else None


def _files_in_memory(pid: int) -> int:
    """Bytes in files without a name (memfd_create), which count as nobody's memory until they are mapped."""
    total = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(entry.path).startswith("/memfd:"):
                    total += os.stat(entry.path).st_blocks * 512
    return total


def _in_session(leader: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError):
            if process.pid != leader and os.getsid(process.pid) == leader:
                found.append(process)
    return found


def _threads_of_mine() -> int:
    if not hasattr(os, "getuid"):
        return 0
    mine = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid():
                mine += process.num_threads()
    return mine
