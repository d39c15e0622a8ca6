# `make run` and `make test` are all there is to know; both set everything up first.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
# Compiled once, not at every start of every program; some container images set this.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test compiled long check lint bench setup format schemas fonts kills badline febrl lookalikes partition privacy baskets weborders rewinds fulldisk cutoff clocks fresh paper story search simulate mutants pictures clean

# The environment follows uv.lock: uv itself comes from a wheel, no curl, no root.
setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; call: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv sync --frozen --quiet --all-extras --inexact --compile-bytecode --python $(BIN)/python
	@touch $@

run: setup
	$(BIN)/till-agent demo

# What tests write lies in memory where 4 GB of it are free: nobody cuts their power, and waiting for
# a slow disk at each of their commits would take minutes. Which disks fail, they mount themselves.
ROOMY := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 { print "/dev/shm" }')
test: export PYTEST_DEBUG_TEMPROOT ?= $(ROOMY)
test: setup
	@$(MAKE) --no-print-directory --output-sync=target -j 2 lint compiled
	@# Unicode's tables, once: else each worker makes them anew, under the tracer.
	@$(BIN)/python -c "from hypothesis.strategies import characters; characters(codec='utf-8').validate()"
	$(BIN)/pytest -n 4 --dist loadscope -m "not long" --cov --cov-report= $(PYTEST_ARGS)
	$(BIN)/coverage report --include='agent/core/*,drivers/*/codecs/*' --fail-under=100 --skip-covered

# Every worker collects all tests. Here one compiles them for all, while mypy keeps the other core
# busy; what cannot be collected is said by `pytest` itself.
compiled: setup
	@$(BIN)/pytest --collect-only -qq -p no:cacheprovider >/dev/null 2>&1 || true

# What starts so many programs that it would make `make test` slow: lives of machines and disks.
long: setup
	$(BIN)/pytest -n 2 --dist loadscope -m long $(PYTEST_ARGS)

# What is said of the code without running it.
check lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/uv sync --frozen --quiet --all-extras --inexact --group bench --python $(BIN)/python
	$(BIN)/python -m benchmarks

# Every feature in use; then tills' disks are stolen and a person is erased: what is left, what it costs.
privacy: setup
	$(BIN)/pytest -m long -s tests/journeys/test_full_state.py

# SIGKILL at random moments under continuous sales; SEED=… plays a run again.
KILLS ?= 100
kills: setup
	$(BIN)/python -m tests.journeys.kills --kills $(KILLS) $(if $(SEED),--seed $(SEED))

# Sales over a line that loses, cuts, flips, repeats and hangs, with clocks years off.
LINE_SECONDS ?= 60
badline: setup
	$(BIN)/python -m tests.journeys.bad_line --seconds $(LINE_SECONDS) $(if $(SEED),--seed $(SEED))

# Made-up persons with known duplicates through HQ, beside Splink and recordlinkage.
JUDGED := $(BIN)/uv run --isolated --frozen --quiet --all-extras --group judges --python $(BIN)/python
febrl: setup
	$(JUDGED) python -m tests.central.identity.febrl_proof

# Twins, namesakes, households, handed-on cards: none is joined with another, by the rules and at HQ.
LOOKALIKES ?= 100000
lookalikes: setup
	$(BIN)/python -m tests.core.history.hard_negative_proof $(LOOKALIKES) $(SEED)
	$(BIN)/python -m tests.central.identity.hard_negative_proof 6000 $(SEED)

# Tills that enrolled people for three days without HQ come back at once, over a bad line.
ENROLMENTS ?= 10000
partition: setup
	$(BIN)/python -m tests.central.identity.partition --enrolments $(ENROLMENTS) $(if $(SEED),--seed $(SEED))

# Real baskets (completejourney) through a till and HQ, to the cent; HOUSEHOLDS=… plays more.
baskets: setup
	$(BIN)/pytest -m long tests/journeys/test_real_baskets.py

# Orders of a real web store (Vendure, by npm) whose webhooks are lost, repeated and out of order.
WEB_ORDERS ?= 10000
weborders: setup
	$(BIN)/python -m tests.journeys.web_orders --orders $(WEB_ORDERS) $(if $(SEED),--seed $(SEED)) $(if $(MAJOR),--major)

# HQ put back to older backups while shops sell (POSTGRES=1: on PostgreSQL); HQ's disk full; what
# people run by hand killed, and HQ and a till while they make and install snapshots.
REWINDS ?= 2
rewinds: setup
	$(BIN)/python -m tests.journeys.rewound --rewinds $(REWINDS) $(if $(SEED),--seed $(SEED)) $(if $(POSTGRES),--postgres)

fulldisk: setup
	$(BIN)/python -m tests.journeys.hq_disk_full $(if $(SEED),--seed $(SEED))

cutoff: setup
	$(BIN)/python -m tests.journeys.command_kills $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.journeys.snapshot_kills $(if $(SEED),--seed $(SEED))

# How soon a till knows what was done on the web, and HQ what a till sold; and a backlog drained.
fresh: setup
	$(BIN)/python -m tests.journeys.freshness $(if $(SEED),--seed $(SEED))

# HQ and tills start again with clocks ten years off, either way; new tills enrol under them.
clocks: setup
	$(BIN)/python -m tests.journeys.clock_steps $(if $(SEED),--seed $(SEED))

# SIGKILL at random moments of printing, with what printers have: none lost, none twice unmarked.
PAPER_KILLS ?= 300
paper: setup
	$(BIN)/python -m tests.journeys.paper_kills --kills $(PAPER_KILLS) $(if $(SEED),--seed $(SEED))

# Every property with other examples than the suite's, which are the same at each run.
ROUNDS ?= 20
search: export TILL_EXAMPLES = search
search: setup
	for n in $$(seq $(ROUNDS)); do $(BIN)/pytest -q -n 2 -m "hypothesis and not long" || exit 1; done

# Random bytes through every codec and the barcode reader: no exception, and how long each takes.
FUZZ ?= 1000000
fuzz: setup
	$(BIN)/python -m tests.core.barcode.fuzz --count $(FUZZ)
	$(BIN)/python -m tests.drivers.scanners.fuzz --count $(FUZZ)
	$(BIN)/python -m tests.drivers.printers.fuzz --count $(FUZZ)
	$(BIN)/python -m tests.drivers.scales.fuzz --count $(FUZZ)

# Whole worlds on simulated disks and networks, one per seed; SEED=… plays one again with its history.
SEEDS ?= 400
simulate: setup
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

# Planted bugs: each must be caught by an invariant, or the simulator proves nothing.
mutants: setup
	$(BIN)/python -m tests.simulation.mutants

# The story, many times in a row.
TIMES ?= 20
story: setup
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	for n in $$(seq $(TIMES)); do \
		$(BIN)/till-agent demo --script > "$$log" 2>&1 || { cat "$$log"; echo "run $$n failed"; exit 1; }; \
		echo "run $$n: $$(tail -n 1 "$$log")"; \
	done

# The pictures of the README, from the running demo.
pictures: setup
	$(BIN)/python -m tests.journeys.pictures

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*

# The shipped fonts, from Debian's fonts-noto-core, fonts-noto-mono and fonts-noto-cjk.
fonts: setup
	$(BIN)/python -m tests.tidy.fonts

# JSON Schemas from the settings, and the copies in config/.
schemas: setup
	$(BIN)/python -m tests.tidy.schema
