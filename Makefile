# The front doors of Syncline. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
STAGE := tools/stage.sh
ARGS ?=
PEERS ?=

## demo: build what is needed and run `syncline demo` (make demo ARGS=--headless: two processes, no browser)
demo: setup-build release
	build/release/syncline demo $(ARGS)

## build: the command, at build/release/syncline
build: setup-build release

## test: build everything and run every test; ends in the line `N passed, N failed`
test: setup-test
	@$(STAGE) "build release" $(MAKE) --no-print-directory release
	@$(STAGE) "build tests" $(MAKE) --no-print-directory dev
	@$(STAGE) "tests" tools/run_tests.sh build/dev -j $(JOBS)

## test-asan: unit, property and sim tests under AddressSanitizer and UBSan
test-asan: setup-test
	@$(STAGE) "build asan" bash -c 'cmake --preset asan >/dev/null && cmake --build --preset asan -j $(JOBS)'
	@$(STAGE) "tests asan" tools/run_tests.sh build/asan -j $(JOBS) -L 'unit|property|sim'

## check: format, layers, lint
check: setup-test
	@$(STAGE) "check" tools/check.sh

## format: reformat the C++ sources
format: setup-test
	tools/check.sh fix

## bench: the engine beside its rivals (docs/PERFORMANCE.md; make bench ARGS="--traces DIR"; PEERS=native: Rust's too)
bench: setup-bench release
	@node bench/run.mjs $(if $(filter native,$(PEERS)),--native) $(ARGS)

## instructions: note the instructions that the engine's main jobs take now (bench/instructions.json), which a test compares
instructions: setup-test release
	@node bench/instructions.mjs build/release/syncline --renew

## soak: the randomized tests and fuzzers for long (docs/testing.md)
soak: setup-test
	tools/soak.sh $(ARGS)

## clean: remove what was built
clean:
	rm -rf build

release: build/web/index.html
	@cmake --preset release >/dev/null
	cmake --build --preset release -j $(JOBS)

dev: build/web/index.html
	@cmake --preset dev >/dev/null
	cmake --build --preset dev -j $(JOBS)

WEB_SOURCES := $(shell git ls-files clients/js web 2>/dev/null)
build/web/index.html: $(WEB_SOURCES) package-lock.json
	npm run --silent build --workspace clients/js
	npm run --silent build --workspace web

setup-build:
	@tools/setup.sh build

setup-test:
	@tools/setup.sh test

setup-bench:
	@tools/setup.sh bench

help:
	@echo "Syncline: live data objects, identical in every program that shares them"
	@sed -n 's/^## /  make /p' $(MAKEFILE_LIST)

.PHONY: demo build test test-asan check format bench instructions soak clean release dev setup-build setup-test setup-bench help
