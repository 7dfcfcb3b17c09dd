# The two commands of the README are `make demo` and `make test`; each sets the machine up by itself.
SHELL := /bin/bash
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# A session may bring a locale that this machine does not have: initdb would refuse it.
export LC_ALL := C.UTF-8
# Images for containers often forbid it: then each of our programs would compile itself at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo check test test-long test-bluez test-fhir-server fuzz messages screenshots promises burden report bench clean

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup:  ## Install what is missing: mosquitto, dbus, uv, Python packages, and what tests need
	@bash .ci/setup tests

demo:  ## The whole product on this machine, with simulated homes
	@bash .ci/setup
	$(BIN)/hearthline-sim demo

check: setup  ## The quick half: format, lint, types, imports, unit and contract tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@# Types beside the tests: half a minute of one core, whose words come at the end.
	@mkdir -p var; $(BIN)/mypy >var/mypy.txt 2>&1 & types=$$!; \
	$(PYTEST) tests/unit tests/contract tests/fuzz tests/meta --disable-socket --allow-unix-socket -q -n 2; tests=$$?; \
	wait $$types; typed=$$?; echo mypy; cat var/mypy.txt; exit $$((tests || typed))

test: check  ## Everything that can be tested without hardware
	$(PYTEST) tests/acceptance tests/browser tests/durability tests/integration -q -m "not slow" -n 3 --dist loadfile --no-loadscope-reorder

test-long: setup  ## Hours of the same: 500 random schedules of kill -9, 72 hours offline
	$(PYTEST) tests -q -m slow --timeout 7200

test-bluez: setup  ## The devices' stories on the real Linux Bluetooth stack, in a virtual machine
	bash tests/real_bluez/vm/install
	HEARTHLINE_TEST_BLUEZ_VM=$${RELEASES:-13,12} nice -n 10 $(PYTEST) tests/real_bluez -q -s

test-fhir-server: setup  ## The FHIR connector against Medplum's own router, installed from npm
	bash tests/integration/connectors/medplum/install
	$(PYTEST) tests/integration/connectors/test_medplum.py -q -m slow

mutation: setup  ## Change the makers' protocols by one thing at a time: does a test turn red? Half an hour
	bash .ci/mutation

fuzz: setup  ## Look for octets that break what reads them: SECONDS_EACH (60) for each target
	nice -n 15 $(BIN)/python -m tests.fuzz --seconds $${SECONDS_EACH:-60} $(TARGETS)

messages:  ## Collect what can be translated into alerting/languages; a translator fills it in
	$(BIN)/python -m alerting.languages.collect

screenshots: setup  ## Pictures of every page of the console, into var/screenshots; the best into docs/pictures
	$(BIN)/python -m tests.browser.screenshots

promises:  ## Write docs/promises.md from the figures that tests counted on this machine
	$(BIN)/python -m tests.promises

burden: setup  ## Write docs/alert-burden.md: the packs beside a naive one, on recordings and virtual patients
	rm -rf var/series
	$(BIN)/hearthline-sim series var/series --virtual 20 --days 90
	$(BIN)/hearthline-gateway rules burden var/series

report: setup  ## SBOM and known vulnerabilities, into dist/
	bash .ci/report

bench: setup  ## Measure latency and memory; writes nothing
	$(BIN)/hearthline-sim bench

clean:  ## Remove what was built and what the demo stored
	rm -rf .venv .uv var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
