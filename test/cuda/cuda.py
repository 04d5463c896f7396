#!/usr/bin/env python3
"""Compiles a small model for every CUDA target, builds and links the program of its README. Needs nvcc, but no
device: nothing is run. Without nvcc the tests are reported as not run."""
import argparse
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = {"cuda-sm80": "sm_80", "cuda-sm90a": "sm_90a"}


def nvcc_path():
    """nvcc on PATH, or where CUDA installs it."""
    return shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")


def run(args, folder=None):
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(args)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check(target, args, nvcc, model):
    folder = os.path.join(args.work, target)
    shutil.rmtree(folder, ignore_errors=True)
    run([args.ingot, "compile", model, "--name", "add", "--target", target, "--cxx", nvcc, "-o", folder])
    archive = os.path.join(folder, "lib", "libadd.a")
    if shutil.which("cuobjdump"):
        images = run(["cuobjdump", "--list-elf", archive])
        if TARGETS[target] + "." not in images:
            raise RuntimeError(f"{archive} holds no code for {TARGETS[target]}: {images}")
    symbols = run(["nm", archive])
    undefined = [name for name in re.findall(r" U (\w+)", symbols) if re.match("cublas|cudnn|cufft|cusolver", name)]
    foreign = [name for name in re.findall(r" [TDBRVW] (\w+)", symbols) if not name.startswith("add_")]
    if undefined or foreign:
        raise RuntimeError(f"undefined: {undefined}, symbols of others: {foreign}")
    with open(os.path.join(folder, "README.md")) as readme:
        program = re.search(r"```cpp\n(.*?)```", readme.read(), re.S)[1]
    with open(os.path.join(args.work, "main.cpp"), "w") as source:
        source.write(program)
    run([nvcc, "-std=c++17", "-I.", os.path.join(args.work, "main.cpp"), "lib/libadd.a", "-lm", "-lpthread", "-o",
         os.path.join(args.work, target + "-example")], folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ingot", required=True)
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    args.work = os.path.abspath(args.work)
    os.makedirs(args.work, exist_ok=True)
    nvcc = nvcc_path()
    if not nvcc:
        print(f"no nvcc\n0 passed, 0 failed, {len(TARGETS)} not run")
        return 0
    os.environ["PATH"] = os.path.dirname(nvcc) + os.pathsep + os.environ.get("PATH", "")
    model = os.path.join(args.work, "add.onnx")
    tool = os.path.join(HERE, "..", "tools", "onnx_text.py")
    with open(model, "wb") as out:
        subprocess.run([sys.executable, tool, os.path.join(HERE, "..", "driver", "Inputs", "add.onnxtxt")],
                       stdout=out, check=True)
    failed = 0
    for target in TARGETS:
        try:
            check(target, args, nvcc, model)
            print(f"{target}: compiled and linked, not run")
        except (OSError, RuntimeError) as error:
            failed += 1
            print(f"{target}: FAILED: {error}")
    print(f"{len(TARGETS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
