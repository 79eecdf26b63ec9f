# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Tests run in this many processes; each computes on one thread.
JOBS   ?= 2

# Of the workflows: a clone that proposes a submission, its evaluated runs, and the branch that gets its results.
CLONE  ?= .
RUNS   ?= runs/evaluated
BRANCH ?= evaluated

.PHONY: help install sandbox browser demo bench test test-slow lint format types schemas submission evaluate results propose site clean

help:  ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY)  ## make the environment (.venv) with everything in it

# torch comes first and exactly: a range would fetch gigabytes of CUDA packages on a machine without a GPU.
$(READY): pyproject.toml constraints.txt decoders.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --group dev --editable .
	$(BIN)/pip install --quiet --no-deps --requirement decoders.txt
	touch $@

sandbox:  ## get bubblewrap, in which encoders run (Debian, Ubuntu)
	scripts/get_sandbox.sh

browser:  ## get Chromium, with which tests click through the site (Debian)
	scripts/get_browser.sh

demo: $(READY)  ## cram four real speeches into one vector each, verify them, and build the site with them
	$(BIN)/cramboard evaluate -t speeches -d smollm2-135m-instruct-q4_1 -m cram --preset quick -k 1 --span 64 \
		--limit 4 --output-dir runs/demo
	@printf 'Page to look at: '
	@$(BIN)/cramboard view runs/demo
	@printf 'The whole site:  '
	@$(BIN)/cramboard leaderboard build --with runs/demo --output-dir site

bench: $(READY)  ## time the engine beside other loops (on a GPU if there is one, else under a minute on the CPU)
	$(BIN)/python -m benchmarks

test: $(READY) lint types  ## what CI runs: style, types, layers, tests
	$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal

test-slow: $(READY)  ## the tests that are slow or need more installed, olah for one
	$(BIN)/pip install --quiet --constraint constraints.txt --group slow
	$(BIN)/pytest -m slow

lint: $(READY)  ## ruff and the import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

format: $(READY)  ## rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schemas: $(READY)  ## export every file's JSON Schema to docs/schemas
	$(BIN)/python -m cramboard.schema docs/schemas

submission: $(READY)  ## check the submission that CLONE adds, as CI does
	cd "$(CLONE)" && "$(abspath $(BIN))/cramboard" submit check

evaluate: $(READY)  ## evaluate the submission that CLONE adds, into RUNS
	$(BIN)/python scripts/evaluate_submission.py "$(CLONE)" "$(RUNS)"

results: $(READY)  ## verify the runs in RUNS again and file their results in CLONE
	find "$$(realpath "$(RUNS)")" -name run.json -printf '%h\0' | xargs -0 -r -n 1 $(BIN)/cramboard verify
	runs="$$(realpath "$(RUNS)")" && cd "$(CLONE)" && find "$$runs" -name run.json -printf '%h\0' \
		| xargs -0 -r -n 1 "$(abspath $(BIN))/cramboard" submit add

propose:  ## commit the results in CLONE and push them as BRANCH
	cd "$(CLONE)" && git add submissions && git commit --quiet --message "Add verified results" \
		&& git push origin "HEAD:refs/heads/$(BRANCH)"

site: $(READY)  ## build the leaderboard's website in site/
	$(BIN)/cramboard leaderboard build --output-dir site

clean:  ## remove the environment and what tools left (runs/ stays)
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
