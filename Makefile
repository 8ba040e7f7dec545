# Two commands: `make lab` to read, `make test` to check. `make help` lists the rest.

PYTHON ?= python3
TORCH ?=
PORT ?=
ONLY ?=
FORCE ?=
JOBS ?= 2
LAB_ARGS ?=

PY := .venv/bin/python
NBVAL := --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-current-env \
	--nbval-cell-timeout 300 -W default -p no:cacheprovider -p tools.tally
SETUP = @command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) on this machine: \
	install Python 3.11 or later, or name it, as in \`make PYTHON=python3.12 lab\`." >&2; exit 2; }; \
	"$(PYTHON)" tools/setup_env.py --torch "$(TORCH)"

.PHONY: help setup lab test quick nb notebooks gates lint bench browser constraints clean

help: ## list what make can do
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /	/' | while IFS='	' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done
	@echo "  Variables: PYTHON=python3.12, TORCH=cpu (no CUDA), PORT=8890, ONLY=10.01, FORCE=1"

setup: ## make .venv with everything that the tests need
	$(SETUP) dev

lab: ## set up, then open JupyterLab on your own copy of the chapters (study/)
	$(SETUP) book
	@PORT="$(PORT)" $(PY) -m tools.lab $(LAB_ARGS)

test: ## set up, then run every test and every notebook, outputs compared
	$(SETUP) dev
	@RNN_NO_SKIPS=1 $(PY) -m tools.pinned -m pytest tests -q -n $(JOBS) -p tools.tally --tally build/tally-tests.json
	@$(PY) -m tools.pinned -m pytest chapters $(NBVAL) -q -n $(JOBS) --dist loadscope --tally build/tally-notebooks.json
	@$(PY) -m tools.tally build/tally-tests.json build/tally-notebooks.json

quick: ## unit tests only, stop at the first failure
	$(SETUP) dev
	@$(PY) -m tools.pinned -m pytest tests -q -x -n $(JOBS)

nb: ## one notebook, outputs compared: make nb ONLY=10.01
	$(SETUP) dev
	@$(PY) -m tools.pinned -m pytest $(NBVAL) -q -k "$(ONLY)" chapters

notebooks: ## build and execute the notebooks whose sources changed (ONLY=10.01, FORCE=1)
	$(SETUP) dev
	@$(PY) -m tools.notebooks $(if $(ONLY),--only "$(ONLY)") $(if $(FORCE),--force)

gates: ## check every notebook against the rules of the house
	$(SETUP) dev
	@$(PY) -m tools.gates

lint: ## ruff and mypy
	$(SETUP) dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

bench: ## measure speed, some ten minutes on a quiet machine
	$(SETUP) dev
	@OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2 $(PY) -m experiments.bench_cpu
	@OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 $(PY) -m experiments.bench_torch
	@$(PY) -m experiments.paths

browser: ## drive JupyterLab with a real browser (needs Chromium)
	$(SETUP) dev
	@$(PY) -m pytest tests/browser -q -p no:xdist -p tools.tally --tally build/tally-browser.json

constraints: ## write constraints.txt anew from a clean install
	@"$(PYTHON)" tools/constraints.py $(WITH)

clean: ## remove .venv and everything built; study/ stays
	rm -rf .venv .venv.old build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './study/*' -prune -exec rm -rf {} +
