#!/usr/bin/env python3
"""Real models on every target: each test data set through `ingot verify`, and through `ingot run` with the outputs
compared here, so that verify itself is checked.

Always: two models from PyPI, with expected outputs from onnxruntime. With INGOT_ZOO=DIR also every
DIR/<name>/model.onnx with its test_data_set_K. What this machine cannot run is named and counted as not run.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "examples"), HERE]
import wheels  # noqa: E402

QEMU_GFLOP = 3.0  # data sets beyond this are left out under emulation
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)


def cpu_flags():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return set(re.search(r"^flags\s*:(.*)$", f.read(), re.M).group(1).split())
    except (OSError, AttributeError):
        return set()


def targets():
    """{target: why it cannot run here, or an empty string}"""
    flags = cpu_flags()
    lacks = lambda *f: next((f"this processor has no {x}" for x in f if x not in flags), "")
    finds = lambda *t: next((f"{x} is not installed" for x in t if not shutil.which(x)), "")
    nvcc = shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    return {
        "x86-64-v3": lacks("avx2", "fma"),
        "x86-64-v4": lacks("avx512f", "avx512bw", "avx512dq", "avx512vl"),
        "x86-64-v3,x86-64-v4": lacks("avx2", "fma"),
        "aarch64": finds("qemu-aarch64", "aarch64-linux-gnu-g++"),
        "cuda-sm80": "" if nvcc else "nvcc is not installed",
    }


def load(path):
    t = onnx.TensorProto()
    with open(path, "rb") as f:
        t.ParseFromString(f.read())
    return t


def differs(got_dir, data_dir):
    """Empty, or what is wrong: the tolerance of whole models."""
    k = 0
    while os.path.exists(expected := os.path.join(data_dir, f"output_{k}.pb")):
        path = os.path.join(got_dir, f"output_{k}.pb")
        if not os.path.exists(path):
            return f"output {k} was not saved"
        g, w = load(path), load(expected)
        if g.data_type != w.data_type or list(g.dims) != list(w.dims):
            return f"output {k} has another type or shape: {list(g.dims)}, expected {list(w.dims)}"
        kind, g, w = w.data_type, numpy_helper.to_array(g), numpy_helper.to_array(w)
        if kind not in FLOATS:
            if not np.array_equal(g, w):
                return f"output {k} differs"
        else:
            g, w = g.astype(np.float64), w.astype(np.float64)
            finite = np.isfinite(w)
            if not np.array_equal(g[~finite], w[~finite], equal_nan=True):
                return f"output {k} differs where the expected values are not finite"
            largest = np.max(np.abs(w[finite]), initial=0.0)
            bound = 1e-4 * largest if largest else 1e-6
            error = np.max(np.abs(g[finite] - w[finite]), initial=0.0)
            if not error <= bound:
                return f"output {k}: error {error:.3g}, allowed {bound:.3g}"
        k += 1
    return "" if k else "the data set has no expected outputs"


class Job:
    """One model on one target."""

    def __init__(self, ingot, name, folder, target, work):
        self.ingot, self.name, self.folder, self.target = ingot, name, folder, target
        self.work = os.path.join(work, f"{name}-{target}")
        self.lines, self.passed, self.failed, self.skipped = [], 0, 0, 0

    def say(self, verdict, what, why=""):
        self.lines.append(f"{verdict:8} {self.name} {self.target} {what}{': ' if why else ''}{why}")

    def command(self, *arguments):
        """(exit code, last line said)"""
        try:
            r = subprocess.run([self.ingot, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                               errors="replace", stdin=subprocess.DEVNULL, timeout=1200)
        except subprocess.TimeoutExpired:
            return "timeout", "took more than 20 minutes"
        lines = r.stdout.strip().splitlines()
        return r.returncode, lines[-1] if lines else ""

    def judge(self, what, why):
        self.passed, self.failed = self.passed + (not why), self.failed + bool(why)
        self.say("FAILED" if why else "passed", what, why)

    def run(self):
        model = os.path.join(self.folder, "model.onnx")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        if self.target.startswith("cuda"):  # compiled only: no device is needed
            code, said = self.command("compile", model, "-o", os.path.join(self.work, "library"), "--target", self.target)
            self.judge("compiles", f"exit code {code}: {said}" if code else "")
            return self
        try:
            with open(os.path.join(self.folder, "meta.json"), encoding="utf-8") as f:
                gflop = [s.get("gflop") or 0 for s in json.load(f)["sets"]]
        except (OSError, ValueError, KeyError):
            gflop = []
        sets = sorted((d for d in os.listdir(self.folder) if d.startswith("test_data_set_")), key=lambda d: int(d[14:]))
        for k, name in enumerate(sets):
            data = os.path.join(self.folder, name)
            if self.target == "aarch64" and k < len(gflop) and gflop[k] > QEMU_GFLOP:
                self.skipped += 1
                self.say("not run", name, f"{gflop[k]:.0f} GFLOP are too slow under qemu")
                continue
            code, said = self.command("verify", model, "--data", data, "--target", self.target)
            why = f"verify: exit code {code}: {said}" if code else ""
            if code in (0, 4):
                saved = os.path.join(self.work, name)
                run_code, run_said = self.command("run", model, "--data", data, "--target", self.target, "--save", saved)
                own = f"run: exit code {run_code}: {run_said}" if run_code else differs(saved, data)
                if bool(own) != bool(code):
                    why = f"verify says {'mismatch' if code else 'match'}, but {own or 'the saved outputs match'}"
            self.judge(name, why)
        return self


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ingot", default=os.path.join(ROOT, "build", "bin", "ingot"))
    ap.add_argument("--work", default=os.path.join(ROOT, "build", "models"))
    ap.add_argument("--downloads", default=os.path.join(ROOT, "build", "downloads"))
    ap.add_argument("--jobs", type=int, default=1, help="models compiled at the same time")
    ap.add_argument("--target", action="append", help="only these (repeatable)")
    ap.add_argument("--model", action="append", help="only these (repeatable)")
    a = ap.parse_args()
    if not shutil.which(a.ingot):
        sys.exit(f"{a.ingot} is missing; build it with 'make build'")
    models = wheels.prepare(os.path.join(a.work, "wheels"), a.downloads)
    zoo = os.environ.get("INGOT_ZOO")
    if zoo:
        for name in sorted(os.listdir(zoo)):
            if os.path.exists(os.path.join(zoo, name, "model.onnx")):
                models[f"zoo-{name}" if name in models else name] = os.path.join(zoo, name)
    else:
        print("INGOT_ZOO is not set: only the models from PyPI")
    passed = failed = skipped = 0
    jobs = []
    for name, folder in models.items():
        for target, obstacle in targets().items():
            if a.model and name not in a.model or a.target and target not in a.target:
                continue
            if obstacle:
                skipped += 1
                print(f"{'not run':8} {name} {target}: {obstacle}")
            else:
                jobs.append(Job(os.path.abspath(a.ingot), name, folder, target, a.work))
    with ThreadPoolExecutor(max(1, a.jobs)) as pool:
        for job in pool.map(Job.run, jobs):
            print("\n".join(job.lines), flush=True)
            passed, failed, skipped = passed + job.passed, failed + job.failed, skipped + job.skipped
    print(f"{passed} passed, {failed} failed" + (f", {skipped} not run" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
