"""What installs the course agrees with itself: pyproject.toml, requirements.lock, environment.yml, Makefile, README."""

import re
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from os import environ
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from benchmarks.__main__ import missed

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
READMES = sorted(ROOT.glob("*.md"))


def asked() -> list[Requirement]:
    """Every requirement of pyproject.toml: the package's, its extras' and the build's."""
    project = PYPROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    groups.append(PYPROJECT["build-system"]["requires"])
    return [asked for group in groups for asked in map(Requirement, group) if asked.name != "lrcourse"]


def locked() -> dict[str, Version]:
    """The version that requirements.lock gives each package on this system and this Python."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.lock").read_text().splitlines())
    pins = [Requirement(line) for line in lines if line]
    for pin in pins:
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), f"not one version, or one that only one index has: {pin}"
    here = (pin for pin in pins if pin.marker is None or pin.marker.evaluate())
    return {canonicalize_name(pin.name): Version(str(pin.specifier)[2:]) for pin in here}


def environment() -> tuple[dict[str, str], list[str]]:
    """The packages of environment.yml, conda's and pip's, each with its version; and its options for pip."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pips = [line for entry in listed if isinstance(entry, dict) for line in entry["pip"]]
    options = [line for line in pips if line.startswith("-")]
    packages = [line for line in listed + pips if isinstance(line, str) and line not in options]
    split = (re.fullmatch(r"([\w.-]+)\s*(.*)", line).groups() for line in packages)
    return {canonicalize_name(name): version for name, version in split}, options


@pytest.mark.parametrize("requirement", asked(), ids=str)
def test_lock_has_what_is_asked_for(requirement):
    version = locked().get(canonicalize_name(requirement.name))
    assert version is not None, "not in requirements.lock: `make lock`"
    assert requirement.specifier.contains(version), f"requirements.lock has {version}: `make lock`"


def test_lock_has_what_those_need_in_turn():
    """Else two installations a month apart would differ."""
    pins, missing = locked(), set()
    todo, seen = [(r.name, frozenset(r.extras)) for r in asked()], set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if canonicalize_name(name) not in pins:
            missing.add(name)
        try:
            needs = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:  # an extra that is not installed here
            continue
        for need in needs:
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                todo.append((need.name, frozenset(need.extras)))
    assert not missing
    assert len(seen) > 100


def test_environment_says_what_lock_and_pyproject_say():
    packages, options = environment()
    python = packages.pop("python").lstrip("=")
    assert Requirement(f"python{PYPROJECT['project']['requires-python']}").specifier.contains(python)
    assert "--constraint requirements.lock" in options
    assert "--editable .[lab]" in options
    (index,) = re.findall(r"^TORCH_INDEX = (\S+)", MAKEFILE, re.M)
    assert f"--extra-index-url {index}" in options
    packages.pop("pip")
    assert "torch" in packages
    pins = locked()
    for name, version in packages.items():
        assert name in pins, f"environment.yml has {name}, requirements.lock has not"
        assert re.fullmatch(r"={1,2}[\d.]+", version), f"environment.yml leaves the version of {name} open"
        assert Version(version.lstrip("=")).release == pins[name].release, name


def test_each_dependency_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.findall(r'^ +"([A-Za-z][\w.-]*[\[<>=~!].*)"(.*)$', text, re.M)
    named = {Requirement(requirement).name for requirement, _ in lines}
    assert {requirement.name for requirement in asked()} - {"hatchling"} <= named
    for requirement, rest in lines:
        if not requirement.startswith("lrcourse["):
            assert re.match(r", +# \w", rest), f"no reason beside {requirement}"


def test_each_target_that_is_told_of_exists():
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert set(phony.split()) == targets
    assert set(re.findall(r"@echo 'make ([a-z-]+)", MAKEFILE)) == targets - {"help"}
    told = {name: re.findall(r"(?:`|^)make ([a-z-]+)", name.read_text(encoding="utf-8"), re.M) for name in READMES}
    assert {"lab", "test"} <= set(told[ROOT / "README.md"])
    for name, words in told.items():
        assert set(words) <= targets, name


def test_each_place_that_a_readme_links_to_exists():
    for readme in READMES:
        places = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme.read_text(encoding="utf-8"))
        assert places
        for place in places:
            assert (ROOT / place).exists(), f"{readme.name} links to {place}"


def test_no_file_names_a_path_of_one_machine():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    mine = {str(ROOT), str(Path.home()), sys.prefix, sys.base_prefix, *environ.get("PIP_FIND_LINKS", "").split()}
    mine = {place for place in mine if not place.startswith("/opt/lrcourse")}  # where the guide installs the course
    others = [r"/home/(?!ada\b|jovyan\b)\w", r"/Users/\w", re.escape(tempfile.gettempdir()) + r"/(?!ipykernel)\w"]
    path = re.compile(rf"(?<![\w./~])(?:{'|'.join([*map(re.escape, mine), *others])})")
    for name in listed.stdout.decode().split("\0"):
        if name and (file := ROOT / name).is_file():
            for line in file.read_bytes().decode("utf-8", "ignore").splitlines():
                assert not path.search(line), f"{name}: {line.strip()[:200]}"


@pytest.mark.parametrize(
    ("target", "ratio", "seconds", "expected"),
    [
        ("≥ 20×, ≤ 15 ms", 20, 0.015, []),
        ("≥ 20×, ≤ 15 ms", 19.9, 0.016, ["≥ 20×", "≤ 15 ms"]),
        ("≤ 1.10×", 1.2, 9, ["≤ 1.10×"]),
        ("≤ 4 min", None, 241, ["≤ 4 min"]),
        ("about 1 s", None, 5, []),
    ],
)
def test_the_speed_table_marks_what_misses_its_target(target, ratio, seconds, expected):
    assert missed({"target": target, "ratio": ratio, "seconds": seconds}) == expected


def test_every_benchmark_can_be_asked_for_its_rows():
    """In a process of its own, as `make bench` does: here, pytest would find modules that it does not."""
    names = [path.stem for path in sorted((ROOT / "benchmarks").glob("bench_*.py"))]
    code = f"import importlib\nfor name in {names}: importlib.import_module('benchmarks.' + name).rows"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
