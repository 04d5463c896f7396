# FileCheck tests: any .mlir, .test or .onnxtxt below test/ with RUN lines. Tools are found by name on PATH:
# Ingot's own, then LLVM's (FileCheck, not, count, split-file, mlir-opt).
import os
import shutil

import lit.formats

config.name = "Ingot"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".onnxtxt"]
config.excludes = ["conformance", "models", "tools", "golden", "Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.ingot_obj_root

config.environment["PATH"] = os.pathsep.join([config.ingot_bin_dir, config.llvm_tools_dir, config.environment.get("PATH", "")])
for name in ("HOME", "CCACHE_DIR", "XDG_CACHE_HOME"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

tools = os.path.join(config.test_source_root, "tools")
config.substitutions += [
    # %onnx-model FILE > MODEL: a model from ONNX's text form; lines that begin with '#' are left out
    ("%onnx-model", f"'{config.python}' '{os.path.join(tools, 'onnx_text.py')}'"),
    # %exits CODE COMMAND…: the exit code, where `not` is too little
    ("%exits", f"'{config.python}' '{os.path.join(tools, 'exits.py')}'"),
    # %diagnostics FILE: checks that FILE is one document of --diagnostics=json and prints it line by line
    ("%diagnostics", f"'{config.python}' '{os.path.join(tools, 'diagnostics.py')}'"),
    ("%python", f"'{config.python}'"),
    ("%examples", os.path.join(config.ingot_src_root, "examples")),
]

with open("/proc/cpuinfo", encoding="utf-8") as f:
    flags = set(next((l for l in f if l.startswith("flags")), "").split())
if {"avx2", "fma"} <= flags:
    config.available_features.add("x86-64-v3")
if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
    config.available_features.add("x86-64-v4")
if shutil.which("qemu-aarch64") and shutil.which("aarch64-linux-gnu-g++"):
    config.available_features.add("aarch64")
if shutil.which("nvcc") or os.path.exists("/usr/local/cuda/bin/nvcc"):
    config.available_features.add("nvcc")
