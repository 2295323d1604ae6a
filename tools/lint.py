"""Says what is wrong with a course file: one fault, one clear line with the way out.

``source_faults`` looks at the text, ``stub_faults`` runs the untouched stubs, ``output_faults`` looks at a pair of
executed notebooks.
"""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest

import nbformat
from nbformat import NotebookNode

from . import LANGUAGES, rehearse
from .source import SOLUTION, Cell, Exercise, Fault, Source, digest

LESSON_TAGS = {"setup"}
PARTS = ("answer", "check", "show", "solution", "wrong")  # of an exercise, in this order
EXERCISE_TAGS = {"setup", "card", *PARTS}
MAX_LINES = 15
MAX_BYTES = 1_500_000
MIN_WRONG = 3

MARKER = re.compile(r"#\s*(BEGIN|END) (SOLUTION|HIDDEN TESTS)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
CODE_SPAN = re.compile(r"(`+)(.+?)\1", re.S)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.S)
LINK = re.compile(r"\]\([^)\s]*\)|https?://[^\s)]+|arXiv:\S+", re.I)

HAN = "[\u3400-\u9fff]"
HALF_WIDTH = re.compile(rf"{HAN}[,;:!?()]|[,;:!?] ?{HAN}|[()]{HAN}|{HAN}\.(?![\w.])")

NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)(?:[eE]([+-]?\d+))?(?!\d|\.\d)([ \u00a0\u202f]?\\?%)?", re.ASCII)
EXERCISE_NUMBER = re.compile(r"0\d\.\d+")

CARD = {
    "en": re.compile(r"\*\*Difficulty\*\* ([●○]{3}) · \*\*Time\*\* (\d+) minutes? · \*\*Expected result\*\* \S"),
    "zh": re.compile(r"\*\*难度\*\* ([●○]{3}) · \*\*用时\*\* (\d+) 分钟 · \*\*预期结果\*\* \S"),
}
CARD_LINE = {
    "en": "**Difficulty** ●○○ · **Time** 5 minutes · **Expected result** …",
    "zh": "**难度** ●○○ · **用时** 5 分钟 · **预期结果** …",
}
HINT = {"en": re.compile(r"<summary>Hint (\d+)</summary>"), "zh": re.compile(r"<summary>提示 (\d+)</summary>")}
ORDINARY_LINE = re.compile(r"(for|while|if|elif|else|def|class|with|import|from|try|except|return self)\b")


# The text of a source


def source_faults(source: Source) -> list[Fault]:
    """Everything wrong with the text of a course file."""
    faults = list(source.faults)
    for cell in source.cells:
        rules = [tag_rules, code_rules if cell.is_code else text_rules]
        faults += [Fault(source.path, cell.where, *found) for rule in rules for found in rule(source, cell)]
    faults += [Fault(source.path, cell.where, *found) for cell, *found in file_rules(source)]
    for exercise in source.exercises:
        found = [*card_rules(exercise), *exercise_rules(exercise), *leaks(source, exercise)]
        faults += [Fault(source.path, exercise.card.where, *one) for one in found]
    return faults


def tag_rules(source: Source, cell: Cell) -> Iterator[tuple[str, str]]:
    known = EXERCISE_TAGS if source.is_exercises else LESSON_TAGS
    for tag in sorted(cell.tags - known):
        yield f"unknown tag {tag!r}", f"known here: {', '.join(sorted(known))}"
    if cell.name is not None and not re.fullmatch(r"[\w-]+", cell.name, re.ASCII):
        yield f"name={cell.name!r}", "use letters, digits, - and _"
    if "answer" not in cell.tags and MARKER.search("\n".join(cell.text.values())):
        yield "a solution marker outside an answer cell", "remove it, or tag the cell answer"


def code_rules(source: Source, cell: Cell) -> Iterator[tuple[str, str]]:
    english, chinese = cell.text["en"], cell.text["zh"]
    try:
        ast.parse(english)
    except SyntaxError as error:
        yield f"line {error.lineno} of the cell is no Python ({error.msg})", "write plain Python, no % and no !"
    if "setup" in cell.tags:
        if english.replace('"en"', '"zh"') != chinese or english == chinese:
            yield "the twins of the set-up differ in more than the language", 'change only "en" to "zh"'
    elif english != chinese:
        yield "code in two languages", "share one cell without lang; words go through say(…) inside lrcourse"
    elif not source.is_exercises and (lines := len(english.splitlines())) > MAX_LINES:
        yield f"{lines} lines of code, at most {MAX_LINES}", "split it, or move the work to lrcourse"


def text_rules(source: Source, cell: Cell) -> Iterator[tuple[str, str]]:
    english, chinese = cell.text["en"], cell.text["zh"]
    confirm = f"read the Chinese against it, then run: python -m tools.confirm {os.path.relpath(source.path)}"
    if cell.confirmed is None:
        yield "the Chinese was never confirmed against the English", confirm
    elif cell.confirmed != digest(english):
        yield "the English changed since the Chinese was confirmed", confirm
    for what, spans in (("code", code_spans), ("formula", formulas)):
        for one, other, text in ((english, chinese, "Chinese"), (chinese, english, "English")):
            for lost in sorted(spans(one) - spans(other)):
                yield f"the {text} lacks the {what} {lost!r} of its twin", "write it alike in both languages"
    for found in HALF_WIDTH.finditer(FORMULA.sub("x", re.sub(r"<[^>]+>|\*", "", without_code(chinese)))):
        around = found.string[max(0, found.start() - 5) : found.end() + 5].replace("\n", " ")
        yield f"half-width punctuation beside Chinese: {around!r}", "use ，。；：！？（）"


def file_rules(source: Source) -> Iterator[tuple[Cell, str, str]]:
    for name, times in Counter(cell.name for cell in source.cells if cell.name).items():
        if times > 1:
            again = [cell for cell in source.cells if cell.name == name][-1]
            yield again, f"the name {name!r} is given {times} times", "give every cell its own"
    code = [cell for cell in source.cells if cell.is_code]
    if code and "setup" not in code[0].tags:
        yield code[0], "code before the set-up", 'begin with the set-up pair, lang="en" and "zh", tags=["setup"]'
    if source.is_exercises and not source.exercises:
        yield source.cells[0], "a file of exercises without a card", 'tag a text cell "card"'
    for id, times in Counter(exercise.id for exercise in source.exercises).items():
        if times > 1:
            again = [exercise for exercise in source.exercises if exercise.id == id][-1]
            yield again.card, f"exercise {id} stands here {times} times", "number every exercise once"


def card_rules(exercise: Exercise) -> Iterator[tuple[str, str]]:
    card = exercise.card.text
    if exercise.id == "?":
        yield "the card has no number", "begin it with “## 02.1 · Title”"
    fields = {language: CARD[language].search(card[language]) for language in LANGUAGES}
    hints = {language: HINT[language].findall(card[language]) for language in LANGUAGES}
    for language in LANGUAGES:
        if not fields[language]:
            yield f"difficulty, time or expected result are missing ({language})", f"write: {CARD_LINE[language]}"
        if not hints[language] or hints[language] != [str(n + 1) for n in range(len(hints[language]))]:
            summary = "Hint 1" if language == "en" else "提示 1"
            yield f"no hints, or not numbered from 1 ({language})", f"write <summary>{summary}</summary>"
    if all(fields.values()) and fields["en"].groups() != fields["zh"].groups():
        yield "difficulty or minutes differ between the languages", "make them equal"
    if len(hints["en"]) != len(hints["zh"]):
        yield "the languages have different numbers of hints", "give both the same"


def exercise_rules(exercise: Exercise) -> Iterator[tuple[str, str]]:
    ex = f'ex="{exercise.id}"'
    for tag in ("answer", "check"):
        cells = exercise.tagged(tag)
        if len(cells) != 1:
            yield f"{len(cells)} {tag} cells, must be 1", f'tag one code cell "{tag}"'
        for cell in cells:
            if cell.ex != exercise.id:
                yield f"the {tag} cell has ex={cell.ex!r}", f"write {ex}, as on the card"
    for cell in exercise.tagged("answer"):
        text = cell.text["en"]
        if cell.name is None:
            yield "the answer cell has no name", 'write name="…", its id in grading'
        if not SOLUTION.search(text) or MARKER.search(SOLUTION.sub("", text)):
            way_out = "put it between ### BEGIN SOLUTION and ### END SOLUTION"
            yield "the solution is not marked, or a marker lacks its partner", way_out
    for cell in exercise.tagged("check"):
        if f'check("{exercise.id}", ' not in cell.text["en"]:
            yield "the check cell checks something else", f'write check("{exercise.id}", …)'
    if not exercise.tagged("solution"):
        yield "the solution is not explained", 'add a text pair tags=["solution"] after the check'
    wrong = exercise.tagged("wrong")
    if len(wrong) < MIN_WRONG:
        yield f"{len(wrong)} wrong answers, at least {MIN_WRONG}", 'add code cells tags=["wrong"] expect="…"'
    for cell in wrong:
        if cell.ex != exercise.id or not all(cell.expect.values()):
            yield f"the wrong answer in line {cell.line} lacks ex or expect", f'write {ex} expect="…"'
    order = [tag for cell in exercise.cells for tag in PARTS if tag in cell.tags]
    if order != sorted(order, key=PARTS.index):
        yield f"the cells stand as {', '.join(order)}", f"the order is {', '.join(PARTS)}"


def leaks(source: Source, exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Lines of the solution that a learner can read in the stub."""
    handed_out = [cell for cell in source.cells if not cell.tags & {"solution", "wrong"}]
    stub = squeeze("\n".join(cell.stub(language) for cell in handed_out for language in LANGUAGES))
    for line in dict.fromkeys(line for cell in exercise.tagged("answer") for line in cell.solution_lines()):
        if len(line) >= 16 and not ORDINARY_LINE.match(line) and squeeze(line) in stub:
            yield f"the solution's line {line!r} stands in the stub too", "take it out of the hint or the given code"


def code_spans(text: str) -> set[str]:
    return {found[2].strip() for found in CODE_SPAN.finditer(FENCE.sub("", text))}


def formulas(text: str) -> set[str]:
    found = FORMULA.findall(CODE_SPAN.sub("", FENCE.sub("", text)))
    return {squeeze(re.sub(r"\\text\{[^}]*\}", "", displayed or inline)) for displayed, inline in found}


def without_code(text: str) -> str:
    """Prose alone: code, link targets and addresses taken out."""
    return LINK.sub("]", CODE_SPAN.sub("x", FENCE.sub("", text)))


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


# The stubs, run


def stub_faults(source: Source) -> list[Fault]:
    """Every untouched stub must run, and its check must refuse it in one friendly line."""
    faults = []
    for exercise in source.exercises:
        answer = exercise.tagged("answer")[0]
        for language in LANGUAGES:
            try:
                error = rehearse.verdict(source, exercise, answer.stub(language), language)
            except Exception as stopped:
                what = f"the untouched stub stops with {type(stopped).__name__}: {stopped}"
                way_out = "let the answer cell define a function or a class; the solution is inside"
            else:
                if error is None:
                    what, way_out = "the check passes on the untouched stub", "make the check run the answer"
                elif rehearse.friendly(error) is None:
                    what = f"the check stops on the stub with {type(error).__name__}: {error}"
                    way_out = "let it raise NotYet, one line"
                else:
                    continue
            faults.append(Fault(source.path, answer.where, f"{what} ({language})", way_out))
            break
    return faults


# The notebooks, executed


def output_faults(source: Source, english: NotebookNode, chinese: NotebookNode) -> list[Fault]:
    """Everything wrong with what a source's two notebooks printed when they were executed."""
    faults = []
    by_id = {cell.id: cell for cell in source.cells}
    for language, notebook in zip(LANGUAGES, (english, chinese), strict=True):
        size = len(nbformat.writes(notebook).encode())
        if size > MAX_BYTES:
            what = f"the notebook takes {size / 1e6:.1f} MB, at most {MAX_BYTES / 1e6} MB ({language})"
            faults.append(Fault(source.path, "", what, "show fewer or simpler pictures"))
        for cell in notebook.cells:
            for what, way_out in output_rules(cell):
                faults.append(Fault(source.path, by_id[cell.id].where, f"{what} ({language})", way_out))
        if not source.is_exercises:
            printed = numbers(" ".join(texts(notebook)))
            for cell in source.cells:
                if not cell.is_code:
                    known = printed | numbers(cell.given)
                    for number in unproven(cell.text[language], known):
                        faults.append(Fault(
                            source.path, cell.where, f"no cell prints the number {number} of the text ({language})",
                            f'print it, correct it, or, if it is no result, write given="{number}"'))  # fmt: skip
    for one, other in zip(english.cells, chinese.cells, strict=True):
        for what in parity(one, other):
            faults.append(Fault(source.path, by_id[one.id].where, what, "make both languages say the same"))
    return faults


def output_rules(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.output_type == "error":
            yield f"it stops with {output.ename}: {output.evalue}", "mend it; to show an error, catch it and print it"
        if output.get("name") == "stderr":
            yield f"it writes to stderr: {output.text.strip()[:80]!r}", "avoid it, or catch it and print it"
        if "application/vnd.jupyter.widget-view+json" in data:
            yield "a widget without a picture, so the stored page shows nothing", "display an lrcourse explorer"
    address = re.search(r"\bat 0x[0-9a-f]+", " ".join(output_texts(cell)))
    if address:
        yield f"it prints a memory address ({address[0]})", "print what the reader needs, or end the line with ;"


def parity(english: NotebookNode, chinese: NotebookNode) -> Iterator[str]:
    """How the outputs of the same cell in two languages differ in more than words."""
    kinds = [[(output.output_type, *sorted(output.get("data", {}))) for output in cell.get("outputs", [])]
             for cell in (english, chinese)]  # fmt: skip
    if kinds[0] != kinds[1]:
        yield f"English has the outputs {kinds[0]}, Chinese {kinds[1]}"
        return
    for one, other in zip_longest(output_texts(english), output_texts(chinese), fillvalue=""):
        found = [Counter(match[0] for match in NUMBER.finditer(text)) for text in (one, other)]
        if found[0] != found[1]:
            only = [", ".join((found[i] - found[1 - i]).elements()) or "–" for i in (0, 1)]
            yield f"the languages print different numbers: only English {only[0]}; only Chinese {only[1]}"


def unproven(text: str, known: set[Decimal]) -> list[str]:
    """Decimal numbers and percentages of a text that are not among the *known* numbers."""
    missing = []
    for found in NUMBER.finditer(without_code(text)):
        number = found[0].strip()
        value = Decimal(found[1]).scaleb(int(found[2] or 0)) / (100 if found[3] else 1)
        if not (number.isdigit() or EXERCISE_NUMBER.fullmatch(number) or value in known):
            missing.append(number.replace("\\", ""))
    return list(dict.fromkeys(missing))


def numbers(text: str) -> set[Decimal]:
    """The values of all numbers in a text; 95% counts as 95 and as 0.95, 1.3e-4 also as the 1.3 of 1.3·10⁻⁴."""
    values = set()
    for digits, exponent, percent in NUMBER.findall(text):
        value = Decimal(digits)
        values |= {value, value.scaleb(int(exponent or 0))} | ({value / 100} if percent else set())
    return values


def texts(notebook: NotebookNode) -> Iterator[str]:
    """What a notebook's cells print, and their code."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield cell.source
            yield from output_texts(cell)


def output_texts(cell: NotebookNode) -> Iterator[str]:
    for output in cell.get("outputs", []):
        if "text" in output:
            yield output.text
        for kind, content in sorted(output.get("data", {}).items()):
            if kind.startswith("text/"):
                yield content
