# Every command sets up what it needs by itself; the work is in scripts/.

python = $(or $(shell for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done), \
	$(error Python 3.11 or newer is needed: install it, or say where it is with PYTHON=/path/to/python3))
# Three more than cores: many tests wait for something most of the time.
JOBS ?= 5
SUITE ?= bookworm
TARGETS ?= run test
ARGS ?=

models := fsmn-vad whisper-base
screen := $(DISPLAY)$(WAYLAND_DISPLAY)
setup = $(python) -m scripts.set_up
run-tests = $(python) -m scripts.run_tests
in = PATH="$(CURDIR)/$(1)/bin:$$PATH"
# Tests keep their models in the checkout, so that they need nothing of the person who runs them.
test-models = $(call in,$(1)) KIKIPOUNAMU_MODELS="$(CURDIR)/.cache/models" kikipounamu models get $(models)

.DEFAULT_GOAL := help
.PHONY: help run test test-light check lint format bench proofs mutants screenshots models constraints release fresh clean

help: ## list these commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

run: $(if $(screen),,models) ## dictate: the app where there is a screen, elsewhere the shipped samples at speaking pace
	@$(setup) run
	@$(call in,.venv-run) kikipounamu $(if $(screen),app,demo) $(ARGS)

test: ## every test, with funasr and torch; lists what was skipped
	@$(setup) test
	@$(call test-models,.venv)
	@$(run-tests) .venv --jobs $(JOBS) $(ARGS)

test-light: ## every test that needs no torch
	@$(setup) light
	@$(call test-models,.venv-light)
	@$(run-tests) .venv-light --jobs $(JOBS) --without funasr $(ARGS)

check: ## what a change must pass: lint, types, import contracts, every test
	@$(setup) test
	@scripts/lint.sh .venv
	@$(MAKE) --no-print-directory test

lint: ## lint, plain English, types and import contracts alone
	@scripts/lint.sh "$$($(setup) lint)"

format: ## rewrite the sources as lint wants them
	@scripts/lint.sh "$$($(setup) lint)" --fix

bench: ## measure: each number with its machine, versions and command
	@$(setup) test
	@$(call test-models,.venv)
	@$(call in,.venv) KIKIPOUNAMU_MODELS="$(CURDIR)/.cache/models" python -m benchmarks $(ARGS)

proofs: ## the slow proofs, which test leaves out; ARGS=--resume goes on where a run ended
	@$(setup) test
	@$(setup) proofs
	@$(call test-models,.venv)
	@$(python) -m scripts.run_proofs .venv $(ARGS)

mutants: ## small changes to the pure cores that their tests must notice; ARGS="--number 200" for the whole sample
	@$(setup) test
	@$(call test-models,.venv)
	@$(python) -m scripts.run_mutants .venv $(ARGS)

screenshots: ## render every window and state into docs/screenshots, and the guide's pictures into docs/guide
	@$(setup) test
	@$(call in,.venv) QT_QPA_PLATFORM=offscreen python -m scripts.screenshots $(ARGS)
	@$(call in,.venv) QT_QPA_PLATFORM=offscreen python -m scripts.screenshots_guide
	@$(call in,.venv) QT_QPA_PLATFORM=offscreen python -m scripts.screenshots_dashboard
	@$(call test-models,.venv)
	@$(call in,.venv) KIKIPOUNAMU_MODELS="$(CURDIR)/.cache/models" python -m scripts.clip

models: ## download the models that run uses
	@$(setup) run
	@$(call in,.venv-run) kikipounamu models get $(models)

constraints: ## pin the newest releases of everything we install in constraints.txt
	@$(setup) constraints

release: ## tests, then every file of a release in dist/, checked; ARGS="--no-tests --only wheels" for a part
	@$(setup) release
	@.venv-release/bin/python -m scripts.release $(ARGS)

fresh: ## run and test in a chroot of a bare Debian, as a user and as root: SUITE=bookworm TARGETS="run test"
	@packaging/fresh.sh $(SUITE) $(TARGETS)

clean: ## remove what these commands made in this folder
	rm -rf .venv .venv-run .venv-light .venv-release .cache build dist bench-results *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
