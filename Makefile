# The two commands to know: make demo, make test.

BUILD  ?= build
JOBS   ?= $(shell nproc)
PYTHON := .venv/bin/python
CONFIG ?=
# Debian's LLVM 22 and MLIR
LLVM   ?= /usr/lib/llvm-22

.PHONY: build setup demo test support dist clean

build: setup $(BUILD)/build.ninja
	@cmake --build $(BUILD) --parallel $(JOBS)

$(BUILD)/build.ninja: | setup
	@cmake -G Ninja -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=$(LLVM) \
	  -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 \
	  -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
	  -DPython3_EXECUTABLE=$(CURDIR)/$(PYTHON) $(CONFIG)

# Debian packages and the Python environment; a second when they are there.
setup:
	@test/tools/setup.sh

# Reads pictures of text with a recogniser that Ingot compiled.
demo: build
	@$(PYTHON) examples/ocr/demo.py --ingot $(BUILD)/bin/ingot --work $(BUILD)/demo

# Everything; closes with one line of counts. TESTS=regex picks ctest tests, LABEL=name a group.
test: build
	@$(PYTHON) test/tools/run_tests.py --build $(BUILD) --jobs $(JOBS) $(if $(TESTS),-R '$(TESTS)') $(if $(LABEL),-L '$(LABEL)')

# Writes test/conformance/SUPPORT.md and test/conformance/passes.txt anew from a run of the ONNX suite.
support: build
	@$(PYTHON) test/conformance/conformance.py --tool $(BUILD)/bin/ingot-conformance --work $(BUILD)/conformance --jobs $(JOBS) --update

# An archive of the tools that runs on a Linux machine without MLIR: build/dist/ingot-<version>-linux-<processor>.tar.xz
dist: build
	@cmake --build $(BUILD) --target dist

clean:
	rm -rf $(BUILD)
