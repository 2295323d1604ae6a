"""The house: imports run one way only, down the floors; and `import lrcourse` costs next to nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lrcourse"
SECTIONS = {"start", "dynamics", "schedulers", "warmup", "cyclic", "custom", "chaining", "finder"}
SECTIONS |= {"practice", "physics"}
GROUND = {"arguments", "curves", "words", "_files", "_lazy"}
MAY_IMPORT = {
    "cli": {"cli", "grading", "explorers", "figures", "checks", "training", *SECTIONS, *GROUND},
    "grading": {"grading", "checks", *GROUND},
    "explorers": {"explorers", "figures", "training", *SECTIONS, *GROUND},
    "figures": {"figures", "training", *SECTIONS, *GROUND},
    "checks": {"checks", "training", *SECTIONS, *GROUND},
    **{section: {section, "training", *GROUND} for section in SECTIONS},  # a section may be a package
    "training": {"training", *GROUND},
    "training/sweep.py": {"training", "figures", *GROUND},  # a result plots itself, when asked to
    "practice/watch.py": {"practice", "training", "figures", *GROUND},  # so does a report
    "finder.py": {"training", "figures", *GROUND},
    "arguments": set(),
    "curves": set(),
    "words": set(),
    "_files": set(),
    "_lazy": set(),
}


def imported(path: Path) -> set[str]:
    """The parts of lrcourse that a file imports, whichever way it writes it."""
    package = ["lrcourse", *path.relative_to(PACKAGE).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            if module == ["lrcourse"]:
                found |= {alias.name for alias in node.names}
            elif module[:1] == ["lrcourse"]:
                found.add(module[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("lrcourse.")}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    place = path.relative_to(PACKAGE)
    floor = place.parts[0].removesuffix(".py")
    if floor in ("__init__", "__main__"):
        return
    wrong = imported(path) - MAY_IMPORT.get(place.as_posix(), MAY_IMPORT[floor]) - {"__version__", "use_language"}
    assert not wrong, f"{path.name} stands on the floor {floor!r} and may not import {sorted(wrong)}"


def test_curves_need_numpy_only():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, lrcourse.curves; print(*{name.partition('.')[0] for name in sys.modules})"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"torch", "matplotlib", "ipywidgets", "sklearn", "scipy"} & set(loaded)


def test_importing_the_package_loads_nothing_large():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, lrcourse; print(*{name.partition('.')[0] for name in sys.modules})"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"torch", "numpy", "matplotlib", "ipywidgets", "sklearn", "scipy"} & set(loaded)
