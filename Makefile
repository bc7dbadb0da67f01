# Two commands set everything up: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: demo test exam test-train lint format bench lock wheel clean

# The stamp changes with the locks, so a pull that moves a dependency re-installs it.
.venv/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Earmark needs Python 3.11 or newer; set PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/.installed
	@$(BIN)/earmark demo --out build/demo

test: .venv/.installed
	$(BIN)/pytest -n auto --dist worksteal
	$(BIN)/python -m exam --size small

# How reliable it is: SIZE=small is part of `make test`, SIZE=release takes up to two hours. Results: build/exam.json.
SIZE ?= release
exam: .venv/.installed
	$(BIN)/python -m exam --size $(SIZE)

# PyTorch stays out of the other environment, where it would slow every start. On Linux the registry's build of it
# brings CUDA along, several GB; a leaner build has other hashes, and a lock of its own.
.venv-train/.installed: requirements/train.txt pyproject.toml
	test -x .venv-train/bin/python || $(PYTHON) -m venv .venv-train
	.venv-train/bin/pip install --disable-pip-version-check --quiet --require-hashes --only-binary :all: -r requirements/train.txt
	.venv-train/bin/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

test-train: .venv-train/.installed
	.venv-train/bin/pytest tests/train

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m requirements.audit

format: .venv/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Quick and coarse; each of these without --quick takes minutes and measures in full. Results: build/bench/.
bench: .venv/.installed
	@for figure in startup request_budget pacing journal memory; do \
		echo "$$figure"; $(BIN)/python bench/$$figure.py --quick || exit 1; \
	done

# The wheel with its bill of materials, from nothing but the lock: the same tree gives the same bytes.
wheel: .venv/.installed
	$(BIN)/python -m requirements.sbom
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

# Needs uv; only for changing dependencies. The bill of materials goes with the lock.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet pyproject.toml
lock:
	$(LOCK) -o requirements/runtime.txt
	$(LOCK) --group dev -o requirements/dev.txt
	$(LOCK) --group dev --extra train -o requirements/train.txt
	$(MAKE) .venv/.installed
	$(BIN)/python -m requirements.sbom

clean:
	rm -rf .venv .venv-train build dist .mypy_cache .ruff_cache .pytest_cache
