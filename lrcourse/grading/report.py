"""What a class's teacher and students read: grades as CSV and JSON, feedback as HTML and text."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path

from .._files import replacing
from ..words import say
from .grade import speaking

SIGNS = {"right": "✓", "partly": "◐", "wrong": "✗", "stopped": "✗", "unsolved": "…", "missing": "…"}


def write(
    results: Path, records: list[dict], problems: Iterable[tuple[str, str, str]], alike: list[dict], masters: dict,
    due: datetime | None,
) -> None:  # fmt: skip
    """Write ``grades.csv``, ``grades.json`` and each student's feedback."""
    for record in records:
        record["late"] = late(record, due)
    table = _csv(records)
    _replace(results / "grades.csv", table.encode("utf-8-sig", "replace"))  # so that a spreadsheet reads Chinese
    grades = {
        "due": due.isoformat(sep=" ") if due else None,
        "confined": all(record["confined"] for record in records),
        "submissions": records,
        "not_graded": [{"student": who, "where": where, "why": why} for who, where, why in problems],
        "alike": alike,
    }
    _replace(results / "grades.json", json.dumps(grades, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    for record in records:
        folder = results / "feedback" / safe(record["student"])
        folder.mkdir(parents=True, exist_ok=True)
        master = masters.get((record["section"], record["language"]))
        title = master.title if master else record["section"]
        with speaking(record["language"]):
            _replace(folder / f"{record['section']}.html", html(record, title).encode("utf-8", "replace"))
            _replace(folder / f"{record['section']}.txt", text(record, title).encode("utf-8", "replace"))


def _replace(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        with replacing(path) as file:
            file.write(data)


def safe(name: str) -> str:
    """A student's name as the name of a file or folder, on any system; different names stay different."""
    clean = re.sub(r"[^\w.-]+", "_", name).strip("._-")[:60]
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", clean)
    if clean == name and not reserved:
        return name
    return f"{clean}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}".lstrip("-")


def for_spreadsheet(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def late(record: dict, due: datetime | None) -> bool:
    """Whether a submission came after the due time, or its export says so."""
    return record["marked_late"] or bool(
        due and record["submitted"] and datetime.fromisoformat(record["submitted"]) > due
    )


def _csv(records: list[dict]) -> str:
    """One line a student: the sum, then each section with its exercises; empty where nothing was handed in."""
    by_student: dict[str, dict[str, dict]] = {}
    columns: dict[str, dict[str, float]] = {}
    for record in sorted(records, key=lambda record: record["section"]):
        by_student.setdefault(record["student"], {})[record["section"]] = record
        columns[record["section"]] = {mark["id"]: mark["out_of"] for mark in record["exercises"]}
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\r\n")
    header = ["student", "points", "out_of", "late", "notes"]
    for section, exercises in columns.items():
        header += [section, *exercises]
    table.writerow(header)
    out_of = sum(sum(exercises.values()) for exercises in columns.values())
    for student in sorted(by_student):
        sections = by_student[student]
        notes = [f"{section[:2]}: {note}" for section, record in sections.items() for note in remarks(record)]
        row = [
            for_spreadsheet(student), _number(sum(record["points"] for record in sections.values())), _number(out_of),
            " ".join(section for section, record in sections.items() if record["late"]),
            for_spreadsheet("; ".join(notes)),
        ]  # fmt: skip
        for section, exercises in columns.items():
            marks = {mark["id"]: mark for mark in sections[section]["exercises"]} if section in sections else {}
            row += [_number(sections[section]["points"]) if marks else ""]
            row += [_number(marks[id]["points"]) if id in marks else "" for id in exercises]
        table.writerow(row)
    return file.getvalue()


def remarks(record: dict) -> list[str]:
    """What a teacher may want to look at in a submission. None of it has cost a point."""
    said = list(record["notes"])
    said += [say("also handed in: {where}", "另有提交：{where}", where=where) for where in record["others"]]
    for mark in record["exercises"]:
        if mark["borrowed"]:
            names = ", ".join(mark["borrowed"])
            said.append(say("{id} uses {names}", "{id} 使用了 {names}", id=mark["id"], names=names))
        if mark["published"]:
            said.append(say("{id} is the published solution", "{id} 就是公布的参考答案", id=mark["id"]))
    said += [say("its code reached for: {what}", "其代码试图访问：{what}", what=what) for what in record["noted"]]
    return said


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _points(points: float, out_of: float) -> str:
    return say("{p} of {n} points", "{p} / {n} 分", p=_number(points), n=_number(out_of))


def _line(mark: dict) -> str:
    if mark["state"] == "right":
        return say("correct", "正确")
    if mark["state"] == "partly":
        return say("partly right. {text}", "部分正确。{text}", text=mark["text"])
    return mark["text"]


def _when(record: dict) -> str:
    when = say("handed in {when}", "提交于 {when}", when=record["submitted"]) if record["submitted"] else ""
    return f"{when} · {say('late', '迟交')}".strip(" ·") if record["late"] else when


def text(record: dict, title: str) -> str:
    """The feedback as plain text."""
    lines = [title, record["student"], _when(record), _points(record["points"], record["out_of"]), ""]
    for mark in record["exercises"]:
        lines.append(f"{SIGNS[mark['state']]} {mark['id']} {mark['title']}: {_points(mark['points'], mark['out_of'])}")
        lines.append(f"  {_line(mark)}")
    return "\n".join(line for line in lines if line is not None) + "\n"


def html(record: dict, title: str) -> str:
    """The feedback as one self-contained page; everything that came from outside is escaped."""
    share = record["points"] / record["out_of"] if record["out_of"] else 0
    items = "\n".join(
        f'<li class="{mark["state"]}"><span class="sign" aria-hidden="true">{SIGNS[mark["state"]]}</span>'
        f"<div><h2>{escape(mark['id'])} · {escape(mark['title'])}</h2><p>{_code(_line(mark))}</p></div>"
        f'<span class="points">{escape(_points(mark["points"], mark["out_of"]))}</span></li>'
        for mark in record["exercises"]
    )
    return f"""<!doctype html>
<html lang="{"zh-CN" if record["language"] == "zh" else "en"}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · {escape(record["student"])}</title>
<style>{STYLE}</style>
<main>
<header>
<h1>{escape(title)}</h1>
<p>{escape(" · ".join(filter(None, [record["student"], _when(record)])))}</p>
<p class="total"><strong>{escape(_points(record["points"], record["out_of"]))}</strong></p>
<div class="bar"><div style="width: {share:.0%}"></div></div>
</header>
<ol>
{items}
</ol>
</main>
</html>
"""


def _code(line: str) -> str:
    """Escaped, and what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(line))


STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --quiet: #5f6b76; --paper: #fff; --card: #f6f7f8; --edge: #dfe3e6;
  --right: #00795a; --part: #9a6700; --wrong: #b3441d; --bar: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --quiet: #a3adb6; --paper: #15181b; --card: #1e2226;
  --edge: #343a40; --right: #3fc79a; --part: #e6b450; --wrong: #ff9068; --bar: #56b4e9; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; }
header p { margin: 0; color: var(--quiet); }
header .total { margin: 1.1rem 0 .4rem; font-size: 1.25rem; color: var(--ink); }
.bar { height: .5rem; border-radius: .25rem; background: var(--edge); overflow: hidden; }
.bar div { height: 100%; background: var(--bar); }
ol { list-style: none; margin: 2rem 0 0; padding: 0; }
li { display: grid; grid-template-columns: 1.6rem 1fr auto; gap: 0 .7rem; padding: .9rem 1rem; margin: 0 0 .7rem;
  background: var(--card); border: 1px solid var(--edge); border-radius: .5rem; }
li > div { min-width: 0; }
h2 { font-size: 1rem; margin: 0; }
li p { margin: .2rem 0 0; color: var(--quiet); overflow-wrap: anywhere; }
.sign { font-weight: 700; }
.points { color: var(--quiet); white-space: nowrap; font-variant-numeric: tabular-nums; }
.right .sign { color: var(--right); } .partly .sign { color: var(--part); }
.wrong .sign, .stopped .sign { color: var(--wrong); }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; }
@media (max-width: 30rem) { .points { grid-column: 2; } }
"""
