"""``lrcourse doctor``: what is wrong with this environment, and what to do about each thing.

Reads metadata and asks the system; imports neither torch nor anything else that a broken environment may break.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..words import say
from .copies import Course, PersonalCopy, Problem, shown

FINE, WARNING, WRONG = "✓", "!", "✗"


class Finding(NamedTuple):
    """One line of the report: its sign, what was found, and, unless all is well, the way out."""

    sign: str
    what: str
    way_out: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.what}" + (f"\n    → {self.way_out}" if self.way_out else "")


def examine() -> Iterator[Finding]:
    """Every finding about the interpreter that runs this, its environment and the copy of the course in use."""
    yield python()
    yield from packages()
    yield from widgets()
    yield kernel()
    yield from commands()
    yield fonts()
    yield from browser()
    yield cores()
    yield from copy_of_the_course()


def pip(what: str) -> str:
    """The line that installs *what* into this interpreter's environment."""
    return f"{sys.executable} -m pip install {what}"


def installed(name: str) -> str | None:
    """The version of a distribution in this environment, None where it is not there."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    what = f"Python {'.'.join(map(str, version))}, {sys.executable}"
    if version < (3, 11):
        return Finding(WRONG, what, say("lrcourse needs Python 3.11 or newer: make a new environment with one",
                                        "lrcourse 需要 Python 3.11 或更新版本：请用它新建一个环境"))  # fmt: skip
    return Finding(FINE, what)


def packages(name: str = "lrcourse") -> Iterator[Finding]:
    """Compare what is installed with what the package asks for, for itself and its ``lab`` extra."""
    try:
        from packaging.requirements import Requirement

        asked = [Requirement(text) for text in importlib.metadata.requires(name) or []]
    except ModuleNotFoundError as error:  # PackageNotFoundError is one
        missing = error.name or name
        way_out = pip("packaging" if missing == "packaging" else "-e '.[lab]'")
        yield Finding(WRONG, say("{name} is not installed here", "这里没有安装 {name}", name=missing), way_out)
        return
    right = 0
    for requirement in asked:
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in ("", "lab")):
            continue
        name, version = requirement.name, installed(requirement.name)
        way_out = pip(f"'{name}{requirement.specifier}'")
        if version is None:
            yield Finding(WRONG, say("{name} is not installed here", "这里没有安装 {name}", name=name), way_out)
        elif not requirement.specifier.contains(version, prereleases=True):
            yield Finding(WRONG, say("{name} {version}, but the course needs {wanted}",
                                     "{name} {version}，而课程需要 {wanted}",
                                     name=name, version=version, wanted=requirement.specifier), way_out)  # fmt: skip
        else:
            right += 1
            if name == "torch":
                yield Finding(FINE, f"torch {version}")
    yield Finding(FINE, say("{n} packages as the course needs them", "{n} 个软件包符合课程要求", n=right))


def widgets() -> Iterator[Finding]:
    """The half of ipywidgets that lives in JupyterLab: without it, each slider is a line of text."""
    if not installed("ipywidgets"):
        return
    front_end = Path("share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json")
    if installed("jupyterlab_widgets") and (Path(sys.prefix) / front_end).is_file():
        yield Finding(FINE, say("sliders: JupyterLab's half is here", "滑块：JupyterLab 端组件已就绪"))
    else:
        yield Finding(WRONG, say("sliders: JupyterLab's half is missing", "滑块：缺少 JupyterLab 端组件"),
                      pip("--force-reinstall 'jupyterlab_widgets>=3,<4'"))  # fmt: skip


def kernel() -> Finding:
    """Where the kernel named python3 leads, for those who start JupyterLab themselves."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (ModuleNotFoundError, NoSuchKernel, OSError, ValueError) as error:
        return Finding(WRONG, say("no kernel for Python: {error}", "没有 Python 内核：{error}", error=error),
                       pip("ipykernel"))  # fmt: skip
    if not Path(command).is_absolute() or _same_environment(command):
        return Finding(FINE, say("the kernel `python3` is this Python", "内核 `python3` 就是当前的 Python"))
    return Finding(
        WARNING,
        say("the kernel `python3` is another Python, {command}", "内核 `python3` 是另一个 Python：{command}",
            command=command),
        say("start with `lrcourse lab`, which uses this one; or {python} -m ipykernel install --sys-prefix",
            "请用 `lrcourse lab` 启动，它会使用当前的 Python；或 {python} -m ipykernel install --sys-prefix",
            python=sys.executable),
    )  # fmt: skip


def commands() -> Iterator[Finding]:
    """Commands on the PATH that belong to another environment than this one."""
    for name in ("jupyter-lab", "lrcourse"):
        found = shutil.which(name)
        if found and not _same_environment(found):
            yield Finding(
                WARNING,
                say("`{name}` on your PATH belongs to another environment, {found}",
                    "PATH 中的 `{name}` 属于另一个环境：{found}", name=name, found=found),
                say("activate this environment, or type {python} -m lrcourse lab",
                    "请激活当前环境，或输入 {python} -m lrcourse lab", python=sys.executable),
            )  # fmt: skip


def fonts() -> Finding:
    """A font for the words in Chinese figures."""
    try:
        from ..figures.style import chinese_font
    except ImportError as error:
        return Finding(WRONG, say("figures cannot be drawn: {error}", "无法绘图：{error}", error=error),
                       pip(f"--force-reinstall {error.name or 'matplotlib'}"))  # fmt: skip
    if font := chinese_font():
        return Finding(FINE, say("Chinese words in figures: {font}", "图中的中文：{font}", font=font))
    return Finding(
        WARNING,
        say("no font for Chinese: the Chinese pages show English words in their figures",
            "没有中文字体：中文页面的图中将显示英文"),
        say("install Noto Sans CJK SC (Debian, Ubuntu: sudo apt install fonts-noto-cjk), then restart the kernel",
            "安装 Noto Sans CJK SC（Debian、Ubuntu：sudo apt install fonts-noto-cjk），然后重启内核"),
    )  # fmt: skip


def browser() -> Iterator[Finding]:
    """A browser for the tests; of no interest to those who do not run them."""
    if not installed("playwright"):
        return
    if found := find_browser():
        yield Finding(FINE, say("a browser for the tests: {found}", "测试用的浏览器：{found}", found=found))
    else:
        yield Finding(WARNING, say("no browser for the tests", "没有测试用的浏览器"),
                      say("{python} -m playwright install chromium (only `make test` needs it)",
                          "{python} -m playwright install chromium（只有 `make test` 需要）",
                          python=sys.executable))  # fmt: skip


def find_browser() -> str | None:
    """The program of a Chromium, Chrome or Edge, or of Playwright's own; ``LRCOURSE_BROWSER`` names another."""
    if chosen := os.environ.get("LRCOURSE_BROWSER"):
        return chosen
    names = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome", "microsoft-edge")
    if found := next(filter(None, map(shutil.which, names)), None):
        return found
    apps = ("Google Chrome", "Chromium", "Microsoft Edge")
    places = [Path(f"/Applications/{app}.app/Contents/MacOS/{app}") for app in apps]
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        for program in ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe"):
            places.append(Path(os.environ.get(variable, "."), program))
    caches = (Path.home() / ".cache", Path.home() / "Library/Caches", Path(os.environ.get("LOCALAPPDATA", ".")))
    for cache in caches:
        for name in ("chrome-linux*/chrome", "chrome-mac*/*.app/Contents/MacOS/*", "chrome-win*/chrome.exe"):
            places += cache.glob(f"ms-playwright/chromium-*/{name}")
    return next((str(place) for place in places if place.is_file()), None)


def cores(quota_file: Path = Path("/sys/fs/cgroup/cpu.max")) -> Finding:
    """Cores that may be used, against the threads that torch will start: one a core it sees."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    granted = float(seen)
    try:
        quota, period = quota_file.read_text().split()[:2]
        granted = min(granted, int(quota) / int(period))
    except (OSError, ValueError):  # no such limit here, or "max"
        pass
    threads = os.environ.get("OMP_NUM_THREADS", "")
    wanted = int(threads) if threads.isdigit() else seen
    what = say("{granted:g} cores, {threads} threads for torch", "{granted:g} 个核心，torch 使用 {threads} 个线程",
               granted=granted, threads=wanted)  # fmt: skip
    if wanted > max(1, round(granted)):
        return Finding(WARNING, what, say("more threads than cores slow torch down: export OMP_NUM_THREADS={n}",
                                          "线程多于核心会拖慢 torch：export OMP_NUM_THREADS={n}",
                                          n=max(1, round(granted))))  # fmt: skip
    return Finding(FINE, what)


def copy_of_the_course() -> Iterator[Finding]:
    """The course itself, and how far the copy in use has fallen behind it."""
    try:
        course = Course.here()
    except Problem as problem:
        yield Finding(WRONG, str(problem))
        return
    copy = PersonalCopy.locate()
    if not copy.exists:
        yield Finding(FINE, say("no copy of the course here yet; `lrcourse lab` makes one",
                                "这里还没有课程副本；`lrcourse lab` 会创建"))  # fmt: skip
    elif behind := copy.behind(course):
        yield Finding(
            WARNING,
            say("your copy, {folder}, is behind lrcourse {version} by {n} files",
                "你的副本 {folder} 落后于 lrcourse {version}，相差 {n} 个文件",
                folder=shown(copy.folder), version=course.version, n=behind),
            say("`lrcourse start {folder}` brings them and keeps all you wrote",
                "`lrcourse start {folder}` 会更新这些文件，并保留你写的一切", folder=shown(copy.folder)),
        )  # fmt: skip
    else:
        yield Finding(FINE, say("your copy of the course, {folder}, is up to date", "你的课程副本 {folder} 是最新的",
                                folder=shown(copy.folder)))  # fmt: skip


def _same_environment(command: str) -> bool:
    """Whether a program lies in a folder of programs that belongs to this interpreter."""
    folder, own = Path(command).parent, {Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))}
    return folder.is_dir() and any(place.is_dir() and folder.samefile(place) for place in own)
