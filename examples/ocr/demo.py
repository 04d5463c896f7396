#!/usr/bin/env python3
"""The demo: from a model on PyPI to text read by a small C++ program.

Fetches PP-OCRv4's recogniser, compiles it with Ingot, builds the program in this folder against the library and
lets it read the pictures.
"""
import argparse
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import fetch  # noqa: E402

PACKAGE, MEMBER = "rapidocr-onnxruntime", "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"
# The input is x[batch, 3, height, width] with these names. One picture at a time, 48 rows, any width.
DIMS = ["p2o.DynamicDimension.0=1", "x[2]=48", "p2o.DynamicDimension.1=320..2048"]


def step(text):
    print(f"-- {text}", file=sys.stderr, flush=True)


def quietly(command, log):
    """Run a build command; its output is shown only when it fails."""
    with open(log, "w", encoding="utf-8") as f:
        code = subprocess.run(command, stdout=f, stderr=subprocess.STDOUT).returncode
    if code:
        with open(log, encoding="utf-8", errors="replace") as f:
            sys.stderr.write(f.read())
        sys.exit(f"demo: {' '.join(command[:2])} failed")


def get_model(work, downloads):
    """WORK/model/ppocrv4_rec.onnx and the characters that its metadata lists."""
    import onnx
    folder = os.path.join(work, "model")
    model, characters = os.path.join(folder, "ppocrv4_rec.onnx"), os.path.join(folder, "characters.txt")
    blob = fetch.member(PACKAGE, MEMBER, downloads)
    os.makedirs(folder, exist_ok=True)
    with open(model, "wb") as f:
        f.write(blob)
    listed, = (p.value for p in onnx.load_from_string(blob).metadata_props if p.key == "character")
    with open(characters, "w", encoding="utf-8", newline="\n") as f:
        f.write("".join(c + "\n" for c in listed.splitlines()))
    return model, characters


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ingot", default="build/bin/ingot")
    ap.add_argument("--work", default="build/demo")
    ap.add_argument("--downloads", default="build/downloads")
    ap.add_argument("--check", action="store_true", help="fail unless the text read is the text drawn")
    a = ap.parse_args()
    if not shutil.which(a.ingot):
        sys.exit(f"demo: {a.ingot} is missing; build it with 'make build'")
    os.makedirs(a.work, exist_ok=True)
    library, build = os.path.join(a.work, "ppocrv4_rec"), os.path.join(a.work, "build")

    step("fetching PP-OCRv4's recogniser (10.9 MB of ONNX, from PyPI)")
    model, characters = get_model(a.work, a.downloads)
    command = [a.ingot, "compile", model, "-o", library, "--name", "ppocrv4_rec"]
    for dim in DIMS:
        command += ["--dim", dim]
    step(" ".join(command))
    if code := subprocess.run(command).returncode:
        sys.exit(f"demo: ingot compile failed with exit code {code}")

    step("building the program that uses it")
    quietly(["cmake", "-S", HERE, "-B", build, f"-DCMAKE_PREFIX_PATH={os.path.abspath(library)}",
             f"-Dppocrv4_rec_ROOT={os.path.abspath(library)}"], os.path.join(a.work, "cmake.log"))
    quietly(["cmake", "--build", build, "--clean-first"], os.path.join(a.work, "build.log"))

    with open(os.path.join(HERE, "pictures", "expected.txt"), encoding="utf-8") as f:
        expected = dict(l.rstrip("\n").split("\t") for l in f)
    program = os.path.join(build, "ocr")
    pictures = [os.path.join(HERE, "pictures", name) for name in expected]
    step("reading pictures of text")
    run = subprocess.run([program, characters, *pictures], stdout=subprocess.PIPE, encoding="utf-8")
    if run.returncode:
        sys.exit(f"demo: the program failed with exit code {run.returncode}")
    read, wrong = {}, 0
    for l in run.stdout.splitlines():
        name, text, confidence, spent = l.split("\t")
        read[name] = text
        print(f"   {name:14} {text:32} confidence {confidence}, {spent}")
    for name, text in expected.items():
        if read.get(name) != text:
            wrong += 1
            print(f"   {name}: read {read.get(name)!r}, drawn {text!r}")
    where = lambda *parts: os.path.relpath(os.path.join(*parts))
    print(f"""
The library: {where(library, 'lib', 'libppocrv4_rec.a')}
Its header:  {where(library, 'ppocrv4_rec.hpp')}
Its report:  {where(library, 'report', 'report.json')}
The program: {where(HERE, 'main.cpp')}
Next: {where(program)} {where(characters)} YOUR_LINE_OF_TEXT.png""")
    if a.check:
        print(f"{len(expected) - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
