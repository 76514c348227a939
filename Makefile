# `make` alone lists what one can do: the help is made from the ## comments.
#
# Everything that a target needs is fetched by Go itself, at the versions in
# go.mod and tools/go.mod. FUZZTIME, VERSION and COMMIT may be set.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo build test lint audit golden fuzz bench e2e truth cross packages image clean

FUZZTIME ?= 20s
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)

# The version is stamped here, so Go need not ask git again: that fails in a
# checkout that belongs to another user.
GO_BUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false \
	-ldflags '-s -w -X main.linkedVersion=$(VERSION) -X main.linkedCommit=$(COMMIT)'
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
DIST ?= $(CURDIR)/dist
# 25 MiB, in bytes.
MAX_BINARY := 26214400

# The race detector needs a C compiler.
CAN_RACE = $(shell printf '\043include <stdlib.h>' | $${CC:-gcc} -x c -fsyntax-only - 2>/dev/null && echo yes)
RACE = CGO_ENABLED=$(if $(CAN_RACE),1 go test -race,0 go test)
SAY_RACE = $(if $(CAN_RACE),:,echo 'make $@: no C compiler (gcc and libc6-dev), so the tests run without the race detector' >&2)

# The Go modules besides the main one whose tests are ours.
TEST_MODULES = $(patsubst %/go.mod,%,$(shell find test -name go.mod -not -path '*/testdata/*'))

# The packages that make test tests in a short form.
SHORTENED = $(addprefix ./,$(sort $(dir $(shell grep -rl 'testing\.Short()' cmd pkg --include='*_test.go'))))

E2E_PACKAGES = $(addprefix ./,$(sort $(dir $(shell grep -rl '^//go:build e2e' test --include='*_test.go' | \
	grep -vE '^($(subst $(eval) ,|,$(TEST_MODULES)))/'))))

help: ## list the targets
	@echo 'usage: make TARGET [FUZZTIME=10m]'
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## make the files of a sample cluster in ./demo, and list them
	@rm -rf demo && mkdir -m 0700 demo
	@cp docs/examples/install-config.yaml demo/
	bin/okd-install create manifests --dir demo
	@echo
	bin/okd-install create ignition-configs --dir demo
	@echo
	@echo 'What is in demo now:'
	@find demo -mindepth 1 -type f -exec ls -l {} + | awk '{ printf "  %s %8d  %s\n", $$1, $$5, $$NF }' | sort -k 3
	@echo
	bin/okd-install certs --dir demo

build: ## build bin/okd-install for this machine
	@mkdir -p bin
	$(GO_BUILD) -o bin/okd-install ./cmd/okd-install

# The race detector makes keys, hashes and whole commands six times as slow. Here it looks
# at the packages that do many things at once; in make e2e, which also runs what -short
# leaves out, at all of them.
RACED = ./pkg/cluster ./pkg/gather ./pkg/media/...

test: ## run the tests, in some minutes
	@$(SAY_RACE)
	go test -short -timeout 25m ./...
	$(RACE) -short -timeout 25m $(RACED)

lint: bin/golangci-lint ## check the code and its format
	bin/golangci-lint run ./...
	@for module in $(TEST_MODULES); do \
		echo "+ golangci-lint run in $$module"; \
		(cd "$$module" && "$(CURDIR)/bin/golangci-lint" run --config "$(CURDIR)/.golangci.yml" ./...); \
	done

bin/golangci-lint: tools/go.mod tools/go.sum
	@mkdir -p bin
	cd tools && go build -buildvcs=false -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Where the known vulnerabilities of Go modules are; a copy of one's own may be a file://.
AUDIT_DB ?= https://vuln.go.dev

audit: bin/govulncheck ## look for known vulnerabilities in every module; needs the network
	@found=; for module in . tools/package $(TEST_MODULES) tools; do \
		what='-scan symbol ./...'; if [ "$$module" = tools ]; then what='-scan package tool'; fi; \
		echo "+ govulncheck in $$module"; \
		code=0; said=$$(bin/govulncheck -db "$(AUDIT_DB)" -C "$$module" $$what 2>&1) || code=$$?; \
		printf '%s\n' "$$said"; \
		if grep -q '^govulncheck: fetching vulnerabilities' <<<"$$said"; then \
			echo 'make audit: $(AUDIT_DB) cannot be reached, so nothing was looked at; name another with AUDIT_DB=URL' >&2; exit 4; \
		fi; \
		if [ $$code -ne 0 ]; then found="$$found $$module"; fi; \
	done; \
	if [ -n "$$found" ]; then echo "make audit: look at$$found" >&2; exit 3; fi; \
	echo 'make audit: no module has a known vulnerability that is reached'

bin/govulncheck: tools/go.mod tools/go.sum
	@mkdir -p bin
	cd tools && go build -buildvcs=false -o ../bin/govulncheck golang.org/x/vuln/cmd/govulncheck

golden: ## rewrite the expected files of the tests; look at the diff
	@packages=$$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' cmd pkg test | xargs -rn1 dirname | sort -u | sed 's,^,./,'); \
	for package in $$packages; do \
		echo "+ go test $$package -update"; \
		go test -count=1 "$$package" -update; \
	done

fuzz: ## run every fuzz target in turn, each for FUZZTIME (20s)
	@targets=$$(go test -list '^Fuzz' ./... | \
		awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }'); \
	failed=; \
	while read -r package target; do \
		echo "+ go test -fuzz $$target -fuzztime $(FUZZTIME) $$package"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$package" </dev/null || failed+=" $$target"; \
	done <<<"$$targets"; \
	if [[ -n $$failed ]]; then echo "make fuzz: failed:$$failed" >&2; exit 1; fi

bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

e2e: build ## run the end-to-end tests in test/ against bin/okd-install
	OKD_INSTALL="$(CURDIR)/bin/okd-install" go test -tags e2e -count=1 -timeout 25m $(filter-out ./test/bootkube/,$(E2E_PACKAGES))
	@# on its own: its mount namespaces hold on to what other tests mount and unmount
	go test -tags e2e -count=1 -timeout 40m ./test/bootkube
	@# what make test runs in a short form, and what it runs without the race detector
	go test -timeout 25m $(SHORTENED)
	$(RACE) -short -timeout 40m ./cmd/... ./pkg/...
	@for module in $(TEST_MODULES); do \
		echo "+ go test in $$module"; \
		(cd "$$module" && OKD_INSTALL="$(CURDIR)/bin/okd-install" go test -tags e2e -count=1 -timeout 25m ./...); \
	done

# Not a part of e2e: what it builds takes a quarter of an hour of a processor the first time.
# STEPS='first boot|Ignition' leaves out the steps that do not match.
truth: build ## bring real parts of a control plane up from a bootstrap.ign; writes truth-report.md
	OKD_INSTALL="$(CURDIR)/bin/okd-install" OKD_TRUTH_REPORT="$(CURDIR)/truth-report.md" \
		go test -tags 'e2e truth' -count=1 -timeout 120m -v -run '^TestTruth$$/$(STEPS)' ./test/guest

cross: ## build dist/ for Linux, macOS and Windows on amd64 and arm64
	@mkdir -p '$(DIST)'
	@for platform in $(PLATFORMS); do \
		os=$${platform%/*} arch=$${platform#*/}; out='$(DIST)'/okd-install-$$os-$$arch; \
		if [[ $$os == windows ]]; then out+=.exe; fi; \
		GOOS=$$os GOARCH=$$arch $(GO_BUILD) -o "$$out" ./cmd/okd-install; \
		size=$$(wc -c <"$$out"); printf '%s %d bytes\n' "$$out" "$$size"; \
		if (( size > $(MAX_BINARY) )); then echo "make cross: $$out is larger than 25 MiB" >&2; exit 1; fi; \
	done

PACK = cd tools/package && go run . -source ../.. -dist '$(DIST)' -version '$(VERSION)' \
	-epoch "$$(git log -1 --format=%ct 2>/dev/null || echo 0)"

packages: cross ## pack dist/ for people: archives, deb, rpm, an image, lists of components, checksums
	$(PACK)

image: cross ## pack the image alone, as an OCI archive for podman, docker and skopeo
	$(PACK) -only image

clean: ## remove what the other targets built
	rm -rf bin dist demo
