# The commands of the house; `make help` lists them. Everything goes into .venv, var/ and models/.

BIN := .venv/bin
CODE := tenin actions tests scripts benchmarks
# Goes to every pytest after what scripts/test.sh gives it.
PYTEST_ARGS ?=
COMPILE := $(BIN)/uv pip compile --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet

unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: run test lint lock train clean help

run: ## Set up everything and run Tenin; Ctrl-C stops it
	@scripts/setup.sh run
	@$(BIN)/tenin run

test: ## Set up everything and run all checks and tests
	@PYTEST_ARGS="$(PYTEST_ARGS)" scripts/test.sh

.PHONY: nightly
nightly: ## Try hours of random faults: kills, histories, a database locked for long
	@scripts/nightly.sh

.PHONY: check check-files style stories blueprints
check: lint check-files stories ## Check style, types, files and stories, without the tests

stories:
	@echo "== rasa test core"
	@model=$$($(BIN)/tenin train) && $(BIN)/rasa test core --stories tests/stories \
		--model "$$model" --fail-on-prediction-errors --out var/story-tests

check-files:
	@$(BIN)/tenin check
	@$(BIN)/rasa data validate --data data

blueprints: ## Check the blueprints against the bot and what the tests saw of it
	@$(BIN)/tenin blueprint check

lint: ## Check style and types
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory style
	@echo "== mypy"
	@$(BIN)/mypy

style:
	@echo "== ruff"
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

lock: ## Resolve requirements/*.in anew into hashed locks
	@scripts/setup.sh uv
	$(COMPILE) --override requirements/overrides.in requirements/run.in -o requirements/run.txt
	$(COMPILE) --override requirements/overrides.in requirements/test.in -o requirements/test.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt

train: ## Train the model, if it is not there yet
	@scripts/setup.sh run
	@$(BIN)/tenin train

clean: ## Remove all that can be made again; keeps var/ (databases, logs, secret)
	rm -rf .venv models .rasa results *.egg-info .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)
