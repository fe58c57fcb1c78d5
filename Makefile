# SPDX-License-Identifier: Apache-2.0
# Rescan.  `make help` lists the targets.

VERSION := 0.1.0
CC      ?= cc
SAN     ?=
BUILD   := build$(if $(SAN),/san)
B       := $(BUILD)

PKGS    := libcurl json-c openssl zlib sqlite3 libevent libevent_openssl inih
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	   -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wvla -Werror
CFLAGS  ?= -O2 -g
CSTD    := -std=c17 -D_GNU_SOURCE -DRESCAN_VERSION='"$(VERSION)"'
HARDEN  := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
LDHARD  := -pie -Wl,-z,relro,-z,now
SANFLAG := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
	   -fno-sanitize-recover=all)
pkgs_c   = $(shell pkg-config --cflags $(PKGS))
pkgs_l   = $(shell pkg-config --libs $(PKGS)) -lm
check_l  = $(shell pkg-config --libs check)
COMPILE  = $(CC) $(CSTD) $(CFLAGS) $(WARN) $(HARDEN) $(SANFLAG) -I. -I$(B) \
	   $(pkgs_c) -MMD -MP

# A criterion, a mode of reading, a store or a test registers itself by being
# there.
MODES    := $(sort $(basename $(notdir $(wildcard gateway/read/*.c))))
CRITERIA := $(sort $(basename $(notdir $(wildcard gateway/criteria/*.c))))
PET      := $(sort $(basename $(notdir $(wildcard gateway/pet/*.c))))
LIB_SRC  := $(filter-out gateway/main.c,$(sort $(wildcard fhir/util/*.c \
	    fhir/*.c mappings/*.c gateway/*.c gateway/criteria/*.c \
	    gateway/irae/*.c gateway/pet/*.c gateway/read/*.c gateway/store/*.c)))
SBX_SRC  := $(sort $(wildcard tests/sandbox/*.c))
AUX_SRC  := $(sort $(wildcard tests/support/*.c))
# Bottom-up, so that the first red line is the cause: tests named after a
# module in the order of the layers, then the rest.
ALL_TESTS := $(sort $(basename $(notdir $(wildcard tests/check_*.c))))
of_layer  = $(filter $(patsubst $(1)/%.c,check_%,$(wildcard $(1)/*.c)),$(ALL_TESTS))
LAYERED  := $(filter check_util,$(ALL_TESTS)) $(call of_layer,fhir/util) \
	    $(call of_layer,fhir) $(call of_layer,mappings) \
	    $(call of_layer,gateway/store) $(call of_layer,gateway)
TESTS    := $(LAYERED) $(filter-out $(LAYERED),$(ALL_TESTS))

LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o) $(B)/criteria_registry.o \
	    $(B)/pet_registry.o $(B)/read_registry.o $(B)/schema.o
SCHEMA   := $(sort $(wildcard gateway/store/schema/*.sql))
SBX_OBJ  := $(SBX_SRC:%.c=$(B)/%.o)
AUX_OBJ  := $(AUX_SRC:%.c=$(B)/%.o)

# The assessor with every length threshold times LENGTHS (tests/scaled.sh).
CSTD     += $(if $(LENGTHS),-DRESCAN_LENGTHS=$(LENGTHS))

DEBS := build-essential pkg-config libcurl4-openssl-dev libjson-c-dev \
	libssl-dev zlib1g-dev libsqlite3-dev libevent-dev libinih-dev check openssl \
	ca-certificates python3 python3-jsonschema

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all help deps check test faults interop lint layers demo clean format fuzz \
    trace rules mutate

all: $(B)/rescan $(B)/rescan-sandbox ## build the gateway and the sandbox

help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-12s %s\n",$$1,$$2}' \
	    $(MAKEFILE_LIST)

deps: ## install the Debian packages needed (root or sudo)
	@sh tests/deps.sh $(DEBS)

demo: deps ## the main job on the embedded sandbox (ONCE=1: one cycle)
	@$(MAKE) --no-print-directory -s -j2 all
	@ONCE='$(ONCE)' sh tests/demo.sh $(B)

check: deps ## everything that must pass (SAN=address,undefined; T=json: one)
	@$(MAKE) --no-print-directory -s lint layers
	@$(MAKE) --no-print-directory -s -j2 all $(B)/tests.built
	@$(MAKE) --no-print-directory -s test

TEST_PROGRAMS := $(TESTS:%=$(B)/%)
TEST_SCRIPTS  := tests/trace.sh tests/trace_fails.sh tests/faults.sh \
		 tests/cli.sh tests/blackbox.sh tests/quarantine.sh \
		 tests/probe.sh tests/fleet.sh \
		 tests/capture.sh tests/serve.sh tests/man.sh tests/modes.sh \
		 tests/validate_outputs.sh tests/scaled.sh tests/interop.sh
$(B)/tests.built: $(TEST_PROGRAMS) $(B)/scaled
	@touch $@

test:
	@BUILD=$(B) sh tests/run.sh \
	    $(if $(T),$(B)/check_$(T),$(TEST_PROGRAMS) $(TEST_SCRIPTS))

faults: ## every fault of a server, the test that provokes it, what we do
	@sh tests/faults.sh list

interop: deps ## the main job on real servers, as far as they can be had
	@$(MAKE) --no-print-directory -s -j2 all
	@BUILD=$(B) sh tests/interop.sh

lint: ## house rules as greps
	@sh tests/lint.sh

trace: ## rule -> code -> test; fails on a threshold without either
	@python3 tests/trace.py

rules: $(B)/rescan ## every threshold, table, option, rule and code map
	@$(B)/rescan rules
	@$(B)/rescan rules --maps

mutate: ## break every threshold on purpose (minutes; ONLY=text: some)
	@python3 tests/mutate.py --only '$(ONLY)'

layers: ## refuse an include that points up
	@sh tests/layers.sh

format: ## clang-format what git tracks
	@clang-format -i $$(git ls-files '*.c' '*.h')

fuzz: ## build the fuzz targets with clang's libFuzzer
	@mkdir -p $(B)
	@for f in tests/fuzz/fuzz_*.c; do \
	    clang $(CSTD) -g -O1 -fsanitize=fuzzer,address,undefined -I. \
	    $(pkgs_c) -o $(B)/$$(basename $$f .c) $$f \
	    $(filter fhir/%,$(LIB_SRC)) $(pkgs_l); done

clean: ## remove build/
	rm -rf build

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(B)/criteria_registry.c: $(CRITERIA:%=gateway/criteria/%.c) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "gateway/assess.h"'; \
	  for c in $(CRITERIA); do \
	    echo "extern const struct criterion criterion_$$c;"; done; \
	  echo 'const struct criterion *const criterion_registry[] = {'; \
	  for c in $(CRITERIA); do echo "	&criterion_$$c,"; done; \
	  echo '	NULL};'; } >$@

$(B)/criteria_registry.o: $(B)/criteria_registry.c
	$(COMPILE) -c -o $@ $<

$(B)/pet_registry.c: $(PET:%=gateway/pet/%.c) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "gateway/metabolic.h"'; \
	  for c in $(PET); do \
	    echo "extern const struct pet_criterion pet_criterion_$$c;"; done; \
	  echo 'const struct pet_criterion *const pet_registry[] = {'; \
	  for c in $(PET); do echo "	&pet_criterion_$$c,"; done; \
	  echo '	NULL};'; } >$@

$(B)/pet_registry.o: $(B)/pet_registry.c
	$(COMPILE) -c -o $@ $<

$(B)/read_registry.c: $(MODES:%=gateway/read/%.c) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "gateway/read.h"'; \
	  for m in $(MODES); do \
	    echo "extern const struct read_mode read_mode_$$m;"; done; \
	  echo 'const struct read_mode *const read_registry[] = {'; \
	  for m in $(MODES); do echo "	&read_mode_$$m,"; done; \
	  echo '	NULL};'; } >$@

$(B)/read_registry.o: $(B)/read_registry.c
	$(COMPILE) -c -o $@ $<

# store_schema[]: the numbered SQL files, byte for byte.
$(B)/schema.c: $(SCHEMA) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "gateway/store/schema.h"'; \
	  for f in $(SCHEMA); do \
	    echo "static const char sql_$$(basename $$f .sql)[] = {"; \
	    od -An -v -tx1 $$f | sed 's/ \(..\)/0x\1,/g'; echo '0};'; done; \
	  echo 'const char *const store_schema[] = {'; \
	  for f in $(SCHEMA); do echo "	sql_$$(basename $$f .sql),"; done; \
	  echo '	NULL};'; } >$@

$(B)/schema.o: $(B)/schema.c
	$(COMPILE) -c -o $@ $<

$(B)/librescan.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(B)/rescan: $(B)/gateway/main.o $(B)/librescan.a
	$(CC) $(SANFLAG) $(LDHARD) -o $@ $^ $(pkgs_l)

$(B)/libsandbox.a: $(filter-out %/main.o,$(SBX_OBJ))
	@rm -f $@
	ar rcs $@ $^

$(B)/rescan-sandbox: $(B)/tests/sandbox/main.o $(B)/libsandbox.a \
    $(B)/librescan.a
	$(CC) $(SANFLAG) $(LDHARD) -o $@ $^ $(pkgs_l)

$(B)/libsupport.a: $(AUX_OBJ)
	@rm -f $@
	ar rcs $@ $^

# One test: make build/check_json && build/check_json
$(B)/check_%: $(B)/tests/check_%.o $(B)/libsupport.a $(B)/libsandbox.a \
    $(B)/librescan.a
	$(CC) $(SANFLAG) $(LDHARD) -o $@ $^ $(pkgs_l) $(check_l)

$(B)/scaled: $(B)/tests/scaled.o $(B)/libsupport.a $(B)/libsandbox.a \
    $(B)/librescan.a
	$(CC) $(SANFLAG) $(LDHARD) -o $@ $^ $(pkgs_l) $(check_l)

-include $(LIB_OBJ:.o=.d) $(SBX_OBJ:.o=.d) $(AUX_OBJ:.o=.d) \
    $(B)/gateway/main.d $(B)/tests/scaled.d $(TESTS:%=$(B)/tests/%.d)
