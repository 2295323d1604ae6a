# The commands. Each makes .venv first, from requirements.lock; `make` alone lists them.
# PYTHON=... chooses the interpreter (3.11 or newer), COURSE=zh the Chinese course (your copy remembers it).

COURSE =
PYTHON =
# On Linux, PyPI's torch brings gigabytes of CUDA; this index has the same version for the CPU.
TORCH_INDEX = https://download.pytorch.org/whl/cpu

VENV = .venv/bin/python
# Compiling every file at once would double the wait. Python compiles what is imported, and may keep it.
INSTALL = $(VENV) -m pip install --no-compile -c requirements.lock
PYTEST = $(VENV) -m pytest -q -rfEs -n 2 --dist loadfile --no-loadscope-reorder --nbval-current-env
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK = 1

help:
	@echo 'make lab              open the course in JupyterLab (COURSE=zh: in Chinese)'
	@echo 'make test             run every test, notebooks and a real browser included'
	@echo 'make notebooks        rebuild notebooks, exercises and solutions from course/'
	@echo 'make check-notebooks  prove that the stored notebooks are what course/ gives'
	@echo 'make book             the course as a site to read, without Jupyter: build/book/index.html'
	@echo 'make bench            the speed table'
	@echo 'make lint             ruff and mypy'
	@echo 'make screenshot       the picture in README.md'
	@echo 'make lock             pin all dependencies anew'
	@echo 'make clean            remove what these commands made (never your work)'

lab: .venv/.lab
	@$(VENV) -m lrcourse lab $(if $(COURSE),--lang $(COURSE))

# All parts run whatever the others say. The browser's tests take longest, so they begin first. A browser that is
# missing is told on the last lines, and is a failure under CI=true.
test: .venv/.dev
	@$(VENV) -m tests.browser.chromium install
	@failed=0; \
	$(PYTEST) --durations=10 --nbval tests/browser tests notebooks/*.ipynb solutions/*.ipynb || failed=1; \
	$(PYTEST) --durations=3 --nbval-lax --stubs exercises/*.ipynb || failed=1; \
	$(VENV) -m tests.browser.chromium report || failed=1; \
	exit $$failed

notebooks: .venv/.dev
	@$(VENV) -m tools.build

check-notebooks: .venv/.dev
	@$(VENV) -m tools.build --check

book: .venv/.dev
	@$(VENV) -m tools.book

bench: .venv/.dev
	@$(VENV) -m benchmarks

lint: .venv/.dev
	@$(VENV) -m ruff check .
	@$(VENV) -m mypy

screenshot: .venv/.dev
	@$(VENV) -m tests.browser.screenshot docs/explorer.png

# Universal: one file for Linux, macOS, Windows and every Python from 3.11 on. UPGRADE=--upgrade moves the pins.
lock: .venv/.dev
	@$(VENV) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-annotate \
	  --quiet --custom-compile-command 'make lock' $(UPGRADE) --output-file requirements.lock

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find benchmarks course lrcourse tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# torch comes first and alone, so that no other package is looked up in its index; where that index
# cannot be reached, pip warns and takes torch from the index it always uses. No build isolation:
# the lock pins the build backend too.
.venv/.lab: pyproject.toml requirements.lock | .venv/bin/python
	@echo 'Installing into .venv (once; a minute or two)'
	@$(INSTALL) --no-deps --retries 2 --timeout 20 --extra-index-url $(TORCH_INDEX) torch
	@$(INSTALL) --quiet hatchling
	@$(INSTALL) --quiet --no-build-isolation -e '.[lab]'
	@touch $@

.venv/.dev: .venv/.lab
	@echo 'Installing what tests and authors need into .venv (once)'
	@$(INSTALL) --quiet --no-build-isolation -e '.[dev]'
	@touch $@

.venv/bin/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then \
	    echo "Making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "$$python cannot make a virtual environment; on Debian or Ubuntu: sudo apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo 'lrcourse needs Python 3.11 to 3.14 and found none. Get one from https://www.python.org/downloads/,' >&2; \
	echo 'or name one: make PYTHON=/path/to/python3.12 lab' >&2; \
	exit 1

.PHONY: help lab test notebooks check-notebooks book bench lint screenshot lock clean
