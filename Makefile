# The verbs that people and CI share. Everything works without make too: each is a go command.

GO ?= go
# pinned here and not in go.mod, because it would bring two hundred modules; the first run builds it, in two minutes
LINT = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: all build demo test check fmt vet lint tidy race content bench

all: build

build: ## bin/vedette
	$(GO) build -o bin/vedette ./cmd/vedette

demo: ## a made-up tenant under attack, and the rule that finds it
	$(GO) run ./cmd/vedette demo

test: ## everything; Go fetches the modules it needs
	$(GO) test ./...

check: fmt vet lint tidy test race content ## what a change must pass

fmt: ## fails if a file is not formatted
	@files=$$(gofmt -l cmd internal content bench); if [ -n "$$files" ]; then echo "not formatted (gofmt -w):"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(LINT) run ./...

tidy: ## fails if go.mod or go.sum would change
	$(GO) mod tidy -diff

race: ## the rooms where goroutines meet
	$(GO) test -race ./internal/api/... ./internal/auth ./internal/catalog ./internal/eventlog ./internal/ingest ./internal/query ./internal/sched ./internal/server ./internal/service ./internal/session ./internal/state/... ./internal/store/... ./internal/watch

content: ## the rules that come with vedette
	$(GO) run ./cmd/vedette lint --strict --quiet content
	$(GO) run ./cmd/vedette test content

bench: ## compiled SQL against SQL by hand; BENCH="-rows 300000" is quicker
	$(GO) test -run '^$$' -bench . -benchmem ./internal/...
	$(GO) run ./bench $(BENCH)
