"""The command ``lrcourse``: open the course, check exercises, begin one anew, mend the environment."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from .. import __version__, use_language
from ..words import LANGUAGES, language, say
from .copies import DEFAULT, Changes, Course, PersonalCopy, Problem, in_language, shown

COMMANDS = ("lab", "start", "check", "reset", "watch", "grade", "doctor")
CHECK_SECONDS = 60  # a cell of an exercise that runs longer than this is stopped


def main(argv: list[str] | None = None, course: Course | None = None) -> int:
    """Run the command with these arguments (those of the process if None), on this course (the package's own if None).

    Returns:
        0 where all is well; 1 where an exercise is not solved or the doctor found something wrong; 2 where the
        command could not do what was asked; 130 after Ctrl-C.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not (stream is sys.stdout and "watch" in argv):  # that is the script's
            stream.reconfigure(errors="replace")  # a terminal that lacks ✓ or Chinese gets "?", not a traceback
    try:
        return _run(argv, course)
    except Problem as problem:
        print(f"✗ {problem}", file=sys.stderr)
    except BrokenPipeError:  # `lrcourse doctor | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"✗ {where}{error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\n" + say("stopped", "已停止"), file=sys.stderr)
        return 130
    return 2


def _run(argv: list[str], course: Course | None) -> int:
    argv, for_script = _split_at_script(argv)
    argv, for_jupyter = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    early = _Parser(prog="lrcourse", add_help=False, allow_abbrev=False)
    early.add_argument("--lang", choices=LANGUAGES)
    asked, argv = early.parse_known_args(argv)
    if asked.lang:
        use_language(asked.lang)
    if argv and not argv[0].startswith("-") and argv[0] not in COMMANDS:
        near = get_close_matches(argv[0], COMMANDS, n=1, cutoff=0)[0]
        raise Problem(
            say("there is no command {word!r}; the nearest is `lrcourse {near}`",
                "没有命令 {word!r}；最接近的是 `lrcourse {near}`", word=argv[0], near=near)
        )  # fmt: skip
    parser = _parser()
    options = parser.parse_args(argv)
    if for_jupyter and options.command != "lab":
        raise Problem(say("only `lrcourse lab` takes arguments after --", "只有 `lrcourse lab` 接受 -- 之后的参数"))
    if options.command is None:
        parser.print_help()
        return 2
    copy = PersonalCopy.locate(getattr(options, "dir", None))
    if not asked.lang and not os.environ.get("LRCOURSE_LANG") and copy.language in LANGUAGES:
        use_language(copy.language)
    if options.command == "doctor":
        return _doctor()
    if options.command == "watch":
        from .script import watched

        return watched(options.script, for_script, options.planned_updates)
    course = course or Course.here()
    if options.command == "grade":
        from .grade import graded

        return graded(course, options)
    match options.command:
        case "lab":
            return _lab(copy, course, options.port, options.browser, for_jupyter)
        case "start":
            return _start(copy, course)
        case "check":
            return _check(copy, course, options.section, options.timeout)
        case "reset":
            return _reset(copy, course, options.section)
    raise NotImplementedError(options.command)


def _split_at_script(argv: list[str]) -> tuple[list[str], list[str]]:
    """What follows the script's name in ``lrcourse watch script.py --lr 0.1`` belongs to the script."""
    commands = [word for word in argv if word in COMMANDS]
    if commands[:1] != ["watch"]:
        return argv, []
    at = argv.index("watch") + 1
    while at < len(argv) and argv[at].startswith("-"):
        at += 1 if "=" in argv[at] or argv[at] in ("-h", "--help") else 2
    return argv[: at + 1], argv[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    """The parser; built when the language is known, because its help speaks it."""
    parser = _Parser(prog="lrcourse", description=say(
        "Learning-rate scheduling in PyTorch, seen as physics: the course's command.",
        "从物理角度看 PyTorch 学习率调度：本课程的命令。"))  # fmt: skip
    parser.add_argument("--version", action="version", version=f"lrcourse {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, en: str, zh: str) -> argparse.ArgumentParser:
        text = say(en, zh)
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--lang", choices=LANGUAGES, help=say(
            "the language; your copy remembers the one it was last opened in",
            "语言；副本会记住上次打开时的语言"))  # fmt: skip
        return added

    def on_a_copy(added: argparse.ArgumentParser) -> None:
        added.add_argument("--dir", metavar="DIR", help=say(
            "your copy (default: the one you are in, else ./{name})", "你的副本（默认：当前所在的副本，否则 ./{name}）",
            name=DEFAULT))  # fmt: skip

    lab = command("lab", "open JupyterLab on your copy of the course, made or brought up to date first",
                  "在你的课程副本上打开 JupyterLab；必要时先创建或更新副本")  # fmt: skip
    on_a_copy(lab)
    lab.add_argument("--port", type=int, help=say("port of the server (default: the first free one from 8888)",
                                                  "服务器端口（默认：从 8888 起第一个空闲端口）"))  # fmt: skip
    lab.add_argument("--no-browser", dest="browser", action="store_false",
                     help=say("only print the address", "只打印地址，不打开浏览器"))  # fmt: skip
    lab.usage = "lrcourse lab [-h] [--lang {en,zh}] [--dir DIR] [--port PORT] [--no-browser] [-- JUPYTER ...]"

    start = command("start", "make your copy of the course, or bring it up to date; what you wrote stays",
                    "创建你的课程副本，或更新它；你写的内容会保留")  # fmt: skip
    start.add_argument("dir", metavar="DIR", nargs="?",
                       help=say("its folder (default: the copy you are in, else ./{name})",
                                "副本的文件夹（默认：当前所在的副本，否则 ./{name}）", name=DEFAULT))  # fmt: skip

    check = command("check", "check your exercises, as last saved", "检查你的练习（以最近一次保存为准）")
    section_help = say("a section: 02, schedulers or 02_schedulers", "某一节：02、schedulers 或 02_schedulers")
    check.add_argument("section", metavar="SECTION", nargs="*", help=section_help)
    on_a_copy(check)
    check.add_argument("--timeout", type=_positive, default=CHECK_SECONDS, metavar="SECONDS", help=say(
        "stop a cell after this long (default: {n})", "单元格运行超过这么多秒就停止（默认：{n}）",
        n=CHECK_SECONDS))  # fmt: skip

    reset = command("reset", "give back a section's exercises as handed out; yours are kept beside them as a backup",
                    "把某一节的练习恢复成最初的样子；你的版本会作为备份留在旁边")  # fmt: skip
    reset.add_argument("section", metavar="SECTION", help=section_help)
    on_a_copy(reset)

    watch = command("watch", "run a script, unchanged, and say what its learning rates did",
                    "原样运行一个脚本，并说明其中的学习率发生了什么")  # fmt: skip
    watch.add_argument("script", metavar="SCRIPT", help=say(
        "a Python file; what follows it are its own arguments", "Python 文件；其后的参数都属于它"))  # fmt: skip
    watch.add_argument("--planned-updates", type=_positive, metavar="N", help=say(
        "how many updates the whole run makes: with it a schedule of another length is found",
        "整个训练共有多少个更新步：给出后就能发现长度不符的调度"))  # fmt: skip
    watch.usage = "lrcourse watch [-h] [--lang {en,zh}] [--planned-updates N] SCRIPT [ARGUMENT ...]"

    grade = command("grade", "grade what a class handed in, without trusting its code",
                    "给全班提交的练习评分，不信任其中的任何代码")  # fmt: skip
    grade.add_argument("submissions", metavar="SUBMISSIONS", help=say(
        "a folder with a notebook or a folder for each student, or a zip as Moodle or Canvas exports it",
        "文件夹（每个学生一个 notebook 或一个子文件夹），或 Moodle、Canvas 导出的 zip"))  # fmt: skip
    grade.add_argument("--out", metavar="RESULTS", required=True, help=say(
        "a folder for grades and feedback; run again, and only what is new or changed is graded",
        "存放成绩与反馈的文件夹；再次运行时，只评新的或有改动的提交"))  # fmt: skip
    grade.add_argument("--due", metavar="WHEN", help=say(
        "mark what came later as late: 2026-12-01T23:59, local time",
        "把此后的提交标为迟交：2026-12-01T23:59，本地时间"))  # fmt: skip
    grade.add_argument("--only", metavar="STUDENT", nargs="+", default=[], help=say(
        "only these students", "只评这些学生"))  # fmt: skip
    grade.add_argument("--again", action="store_true", help=say(
        "grade also what is graded already", "已评过的也重新评分"))  # fmt: skip
    grade.add_argument("--jobs", type=_positive, metavar="N", help=say(
        "submissions at once (default: one for each core)", "同时评几份（默认：每个核一份）"))  # fmt: skip
    grade.add_argument("--timeout", type=_positive, default=CHECK_SECONDS, metavar="SECONDS", help=say(
        "stop an exercise after this long (default: {n})", "练习运行超过这么多秒就停止（默认：{n}）",
        n=CHECK_SECONDS))  # fmt: skip
    grade.add_argument("--memory", type=_positive, default=3, metavar="GB", help=say(
        "stop an exercise that takes more memory (default: {n})", "练习占用的内存超过这么多就停止（默认：{n}）",
        n=3))  # fmt: skip
    grade.add_argument("--gradebook", metavar="URL", help=say(
        "write the grades also into nbgrader's gradebook: sqlite:///gradebook.db",
        "同时把成绩写入 nbgrader 的成绩册：sqlite:///gradebook.db"))  # fmt: skip
    grade.add_argument("--no-sandbox", dest="sandbox", action="store_false", help=say(
        "run the code with limits only: it can then read your files and use the network",
        "只限制资源、不隔离地运行代码：它将能读取你的文件并使用网络"))  # fmt: skip

    command("doctor", "say what is wrong with this environment, and what to do", "检查当前环境有什么问题，以及如何解决")
    return parser


class _Parser(argparse.ArgumentParser):
    """argparse, but its errors end as all others do."""

    def error(self, message: str) -> NoReturn:
        raise Problem(f"{message}; `{self.prog} --help`")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            say("needs a whole number from 1, got {text}", "需要不小于 1 的整数，得到 {text}", text=text)
        )
    return int(text)


def _lab(copy: PersonalCopy, course: Course, port: int | None, browser: bool, extra: list[str]) -> int:
    if find_spec("jupyterlab") is None:
        raise Problem(
            say("JupyterLab is not installed for {python}: {python} -m pip install 'jupyterlab>=4.4,<5' ipykernel",
                "{python} 没有安装 JupyterLab：{python} -m pip install 'jupyterlab>=4.4,<5' ipykernel",
                python=sys.executable)
        )  # fmt: skip
    _start(copy, course)
    command, environment = lab_command(copy.folder.resolve(), port, browser, extra)
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment)  # Ctrl-C and signals reach JupyterLab itself
    return subprocess.call(command, env=environment)


def lab_command(folder: Path, port: int | None, browser: bool, extra: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command that opens JupyterLab on the copy in *folder*, and its environment.

    ``-m jupyterlab`` rather than ``-m jupyter lab``: the latter looks for a program of that name on the PATH, which may
    belong to another environment.
    """
    start_page = "/".join(["/lab/tree", in_language("notebooks", "00_start", language())])
    command = [
        sys.executable, "-m", "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url={start_page}",
    ]  # fmt: skip
    if not any(argument.startswith(("--ip", "--ServerApp.ip")) for argument in extra):
        command.append("--ServerApp.ip=localhost")
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # Defaults under the learner's own settings: the first thing to see is the start page, not a question about news.
    settings = [str(Path(__file__).parent / "jupyter"), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    environment = os.environ | {
        "LRCOURSE_LANG": language(),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(settings),
        "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel before one that the user's home may hold
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".lrcourse" / "workspaces"),  # open tabs belong to the copy
    }
    return command + extra, environment


def _start(copy: PersonalCopy, course: Course) -> int:
    fresh = not copy.exists
    changes = copy.update(course, language())
    _tell(copy, changes, fresh)
    return 0


def _tell(copy: PersonalCopy, changes: Changes, fresh: bool) -> None:
    where = shown(copy.folder)
    if fresh:
        print(say("Your copy of the course is in {where}.", "你的课程副本在 {where}。", where=where))
    elif changes.added or changes.replaced:
        print(say("Your copy in {where}: {added} files added, {replaced} brought up to date.",
                  "你的副本 {where}：新增 {added} 个文件，更新 {replaced} 个文件。",
                  where=where, added=len(changes.added), replaced=len(changes.replaced)))  # fmt: skip
    else:
        print(say("Your copy in {where} is up to date.", "你的副本 {where} 已是最新。", where=where))
    for mine, newer in changes.kept:
        print(say("{mine} has your changes and stays; its new version lies beside it: {newer}",
                  "{mine} 有你的修改，保持不变；新版本放在旁边：{newer}",
                  mine=shown(mine), newer=newer.name))  # fmt: skip


def _check(copy: PersonalCopy, course: Course, sections: list[str], timeout: int) -> int:
    from .exercises import titles, verdicts

    copy.require()
    wanted = dict.fromkeys(map(course.exercise_section, sections)) or course.sections("exercises")
    solved = total = 0
    for section in wanted:
        name = in_language("exercises", section, language())
        names, here = titles(course.read(name)), 0
        print(section, flush=True)
        try:
            for verdict in verdicts(course, copy, section, language(), timeout):
                here += verdict.state == "solved"
                title = f"{verdict.id} {names.get(verdict.id, '')}".rstrip()
                print(f"  {verdict.sign} {title}" + (f": {verdict.text}" if verdict.text else ""), flush=True)
        except Problem as problem:
            print(f"  ✗ {problem}", flush=True)
        if here == len(names):
            print(say("  Now compare with the worked solutions: {page}", "  现在可以对照参考答案：{page}",
                      page=in_language("solutions", section, language())))  # fmt: skip
        solved, total = solved + here, total + len(names)
    print(say("{solved} of {total} solved", "已完成 {solved} / {total}", solved=solved, total=total))
    return 0 if solved == total else 1


def _reset(copy: PersonalCopy, course: Course, word: str) -> int:
    copy.require()
    section = course.exercise_section(word)
    name = in_language("exercises", section, language())
    mine = copy.folder / name
    was_there = mine.exists()
    backup = copy.reset(course, name)
    if backup:
        print(say("{mine} is fresh again; yours is kept as {backup}", "{mine} 已恢复；你的版本保存为 {backup}",
                  mine=shown(mine), backup=shown(backup)))  # fmt: skip
        print(say("If it is open in JupyterLab: File → Reload Notebook from Disk.",
                  "如果它在 JupyterLab 中打开着：文件 → 从磁盘重新加载 Notebook。"))  # fmt: skip
    elif was_there:
        print(say("{mine} is as it was handed out; nothing to do", "{mine} 就是最初的样子，无需处理", mine=shown(mine)))
    else:
        print(say("{mine} was gone and is back", "{mine} 之前不见了，现已恢复", mine=shown(mine)))
    return 0


def _doctor() -> int:
    from .doctor import WRONG, examine

    findings = []
    for finding in examine():
        findings.append(finding)
        print(finding, flush=True)
    return 1 if any(finding.sign == WRONG for finding in findings) else 0
