# What a person and CI run. Two needs: make and Python 3.11 or later; the rest is made in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet
ARGS ?=
PEERS ?=
PEERS_VENV := .venv-peers
unexport PYTHONDONTWRITEBYTECODE # tests start hundreds of processes: what they load is compiled once, not in each

.PHONY: help demo serve test check generate docs coverage bench soak lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo [ARGS=--exit]   play a day in a hall, in accelerated time'
	@echo 'make serve                the hub on the example municipality, with simulated systems'
	@echo 'make test  [ARGS=...]     all tests; installs the counterparts that are missing'
	@echo 'make check                style, types, arrows, dependencies, sizes and generated files'
	@echo 'make generate | docs      write the generated files anew'
	@echo 'make coverage             the tests, and what they leave out'
	@echo 'make bench | soak         speed beside the limits of this machine; long runs with faults'
	@echo 'make bench PEERS=1        speed beside others that do the same work, as ratios'
	@echo 'make lock                 resolve the dependencies anew'

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'

$(VENV)/.stamp: pyproject.toml requirements.lock | $(BIN)/uv
	$(UV) --require-hashes -r requirements.lock
	$(UV) --no-deps --editable .
	touch $@

$(VENV)/.stamp-dev: pyproject.toml requirements-dev.lock $(VENV)/.stamp
	$(UV) --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.stamp
	$(BIN)/knutpunkt demo $(ARGS)

serve: $(VENV)/.stamp
	$(BIN)/knutpunkt serve examples/umea --simulate $(ARGS)

# Three processes, for two cores: many tests wait for what is real, and another goes on meanwhile.
test: $(VENV)/.stamp-dev
	scripts/ensure-test-services
	scripts/in-memory $(BIN)/pytest -n 3 --dist loadgroup $(ARGS)

check: $(VENV)/.stamp-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml docker/compose.demo.yaml
	$(BIN)/pytest -q --durations=0 tests/house
	$(if $(wildcard scripts/generate.py),$(BIN)/python scripts/generate.py --check)

generate docs: $(VENV)/.stamp-dev
	$(BIN)/python scripts/generate.py

coverage: $(VENV)/.stamp-dev
	scripts/ensure-test-services
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term-missing:skip-covered $(ARGS)

bench: $(VENV)/.stamp-dev $(if $(PEERS),$(PEERS_VENV)/.stamp)
	$(if $(PEERS),scripts/ensure-test-services peers)
	$(BIN)/python -m tests.bench$(if $(PEERS),.peers) $(ARGS)

$(PEERS_VENV)/.stamp: requirements-peers.lock | $(BIN)/uv
	$(PYTHON) -m venv $(PEERS_VENV)
	VIRTUAL_ENV=$(abspath $(PEERS_VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements-peers.lock
	touch $@

soak: $(VENV)/.stamp-dev
	scripts/ensure-test-services
	$(BIN)/python -m tests.soak $(ARGS)

# Hashes without addresses; pip-tools would write the address of the index into them.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --quiet
lock: | $(BIN)/uv
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile --group build --universal --generate-hashes --no-header --quiet -o requirements-build.lock
	$(BIN)/uv pip compile --group peers --universal --generate-hashes --no-header --quiet -o requirements-peers.lock

clean:
	rm -rf $(VENV) $(PEERS_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*
