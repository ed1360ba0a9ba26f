# Faultline's tasks. `make` alone lists them.
#
# Needs GNU make 4 and a POSIX shell. Everything is built below .build and .build-*, which `make clean` removes.

SHELL = /bin/sh
.SUFFIXES:
.NOTPARALLEL:

SWIFT = swift
PREFIX = /usr/local
DESTDIR =
# For Scripts/pages/run, such as PAGES_FLAGS='--screenshots pictures'.
PAGES_FLAGS =
# Seconds for each target of `make fuzz`.
FUZZ_SECONDS = 60

# Programs and tests come from one optimized build: heavy tests are 7 to 50 times slower without optimization, and what is
# tested is the program as people run it. Its flags differ from a plain release build, so it has a folder of its own.
TEST_PATH = .build-test
TEST_PATH_SERVER = .build-test-server
TEST_FLAGS = -c release -Xswiftc -enable-testing --scratch-path $(TEST_PATH) --explicit-target-dependency-import-check error
INSTALL_PATH = .build-install
# The Swift libraries go into the program where the platform can do that; macOS has them in the system.
STATIC = $(shell [ "$$(uname -s)" = Darwin ] || echo --static-swift-stdlib)

# The web server and its packages are compiled only where they are wanted, with SERVER='--traits Server'
# (Documentation/Decisions/0007-server.md).
SERVER =

.PHONY: help demo test test-server accuracy signatures lint format bench bench-triage bench-import bench-latency compare oracle fleet fleet-test docs install fuzz interrupt clean setup

help:
	@echo 'make demo      write the evidence of a failed machine and diagnose it'
	@echo 'make test      lint, build and test everything but the web server'
	@echo 'make test-server   the same with the web server, its pages used in Chromium; continuous integration runs this'
	@echo 'make accuracy  real logs and dumps, and the lab'\''s, against the whole archive of articles'
	@echo 'make signatures  how well signatures put failures into buckets, into Documentation/Signatures.md'
	@echo 'make lint      formatting and the rules of Scripts/check-sources'
	@echo 'make format    format all sources'
	@echo 'make bench     measure triage: dumps per second and core'
	@echo 'make bench-triage  faultline triage by workers, on a knowledge base (KB)'
	@echo 'make compare   time the program beside other dump readers'
	@echo 'make bench-import  time an import of articles beside a bare insert loop'
	@echo 'make bench-latency  time match and search on a knowledge base (KB) beside plain BM25'
	@echo 'make oracle    compare with independent readers of dumps, installed from PyPI'
	@echo 'make fleet     the Spark package: 20,000 dumps through a cluster on loopback, against one process'
	@echo 'make fleet-test   the same with 150 dumps, without what takes minutes'
	@echo 'make docs      the libraries'\'' documentation, into .build-docs'
	@echo 'make install   the program, into PREFIX ($(PREFIX))'
	@echo 'make fuzz      every fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS)) each'
	@echo 'make interrupt kill imports at random moments (ARTICLES and UPDATES: of real data)'
	@echo 'make clean     remove everything that was built'

setup:
	@Scripts/setup

demo: setup
	$(SWIFT) build -c release --product faultline
	@bin="$$($(SWIFT) build -c release --show-bin-path)" && \
	  "$$bin/faultline" lab run netbios-receive --seed 1 --out demo --force && \
	  echo && echo '$$ faultline diagnose demo/evidence' && echo && \
	  "$$bin/faultline" diagnose demo/evidence && \
	  "$$bin/faultline" diagnose demo/evidence --format html --output demo/report.html && \
	  echo && echo 'The same as a page: demo/report.html. The repaired machine: faultline lab run netbios-receive --fixed --out repaired'

# The last line of the output is the test runner's summary.
test: setup lint
	FAULTLINE_STRICT=1 $(SWIFT) build $(TEST_FLAGS) $(SERVER) --build-tests
	@bin="$$(FAULTLINE_STRICT=1 $(SWIFT) build $(TEST_FLAGS) $(SERVER) --show-bin-path)" && \
	  Scripts/check-program "$$bin" && \
	  $(if $(SERVER),Scripts/pages/run "$$bin/faultline" $(PAGES_FLAGS) &&) \
	  FAULTLINE_STRICT=1 FAULTLINE_PROGRAM="$$bin/faultline" $(SWIFT) test $(TEST_FLAGS) $(SERVER) --skip-build --disable-xctest

# In a folder of its own: the trait is a flag of every module. The pages are used in Chromium before the tests run.
test-server:
	@Scripts/setup server
	$(MAKE) test SERVER='--traits Server' TEST_PATH=$(TEST_PATH_SERVER)

# Needs the folder of real data (FAULTLINE_SHARED, or ../shared): the archive is imported, then asked.
accuracy: setup
	FAULTLINE_STRICT=1 $(SWIFT) build $(TEST_FLAGS) --build-tests
	FAULTLINE_STRICT=1 FAULTLINE_ACCURACY=1 $(SWIFT) test $(TEST_FLAGS) --skip-build --disable-xctest \
	  --filter 'ArchiveAccuracyTests|ImportedArticleTests'
	@bin="$$(FAULTLINE_STRICT=1 $(SWIFT) build $(TEST_FLAGS) --show-bin-path)" && \
	  Scripts/measure-confusion "$$bin/faultline" --output Documentation/Confusion.md $(if $(KB),--kb "$(KB)")

# Real logs are measured where the folder of real data is. Fails below an F-measure of 0.95.
signatures: setup
	$(SWIFT) build -c release --product faultline
	Scripts/measure-signatures "$$($(SWIFT) build -c release --show-bin-path)/faultline" Fixtures/signatures \
	  --output Documentation/Signatures.md

SOURCES = Package.swift Sources Tests $(wildcard Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Benchmarks Fuzz/Package.swift Fuzz/Sources)

lint:
	$(SWIFT) format lint --recursive --strict $(SOURCES)
	@Scripts/check-sources

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

bench: setup
	Benchmarks/run

bench-triage: setup
	$(SWIFT) build -c release --product faultline
	$(SWIFT) build -c release --product Synthesize
	@bin="$$($(SWIFT) build -c release --show-bin-path)" && \
	  Benchmarks/triage "$$bin/faultline" "$$bin/Synthesize" $(if $(KB),--kb "$(KB)")

compare: setup
	$(SWIFT) build -c release --product faultline
	$(SWIFT) build -c release --product Synthesize
	Benchmarks/compare

bench-import: setup
	$(SWIFT) build -c release --product faultline
	Benchmarks/import

bench-latency: setup
	@test -n "$(KB)" || { echo 'bench-latency: name a knowledge base: make bench-latency KB=articles.sqlite' >&2; exit 64; }
	$(SWIFT) build -c release --product faultline
	Benchmarks/latency "$$($(SWIFT) build -c release --show-bin-path)/faultline" "$(KB)"

oracle: setup
	$(SWIFT) build -c release --product faultline
	$(SWIFT) build -c release --product Synthesize
	@# Captures are compared where tshark is installed.
	@if command -v tshark >/dev/null; then Scripts/oracle-captures; else echo 'oracle: no tshark, captures are not compared' >&2; fi
	Scripts/oracle/run

# Built as for `make test`, so that either finds the other's build. Needs Python and Java (Scripts/fleet says which).
FLEET_BUILD = FAULTLINE_STRICT=1 $(SWIFT) build $(TEST_FLAGS)

fleet fleet-test:
	@Scripts/setup fleet
	$(FLEET_BUILD) --product faultline
	$(FLEET_BUILD) --product Synthesize
	@bin="$$($(FLEET_BUILD) --show-bin-path)" && \
	  Scripts/fleet $(if $(filter fleet,$@),full,quick) "$$bin/faultline"

docs: setup
	Scripts/document

install: setup
	$(SWIFT) build -c release $(STATIC) $(SERVER) --scratch-path $(INSTALL_PATH) --product faultline
	@bin="$$($(SWIFT) build -c release $(STATIC) $(SERVER) --scratch-path $(INSTALL_PATH) --show-bin-path)" && \
	  mkdir -p "$(DESTDIR)$(PREFIX)/bin" && \
	  cp "$$bin/faultline" "$(DESTDIR)$(PREFIX)/bin/faultline" && \
	  { strip "$(DESTDIR)$(PREFIX)/bin/faultline" 2>/dev/null || true; } && \
	  chmod 755 "$(DESTDIR)$(PREFIX)/bin/faultline" && \
	  echo "installed $(DESTDIR)$(PREFIX)/bin/faultline"

fuzz: setup
	Scripts/fuzz all $(FUZZ_SECONDS)

interrupt: setup
	$(SWIFT) build -c release --product faultline
	Scripts/check-interrupted-imports "$$($(SWIFT) build -c release --show-bin-path)/faultline" \
	  $(if $(ARTICLES),--articles "$(ARTICLES)") $(if $(UPDATES),--updates "$(UPDATES)")

clean:
	rm -rf .build .build-* demo Benchmarks/.build Benchmarks/.build-* Fuzz/.build
