#!/usr/bin/env python3
"""Random graphs and hand-made regression cases through a conformance tool, compared with what onnxruntime computes.

    fuzz.py --tool build/bin/ingot-conformance                          # what 'make test' runs
    fuzz.py --tool build/bin/ingot-conformance --seed 1000 --count 5000 # longer, elsewhere
"""
import argparse
import os
import shutil
import sys

import graphs
import reference
import regressions
from conformance import Progress

CHUNK = 200  # graphs that are in memory and on disk at a time, besides those that failed


class Fuzzer:
    def __init__(self, tool, work, jobs, total):
        self.tool, self.work, self.jobs = tool, work, jobs
        self.progress, self.passed, self.failed = Progress(total), 0, 0

    def check(self, cases):
        """Names those that fail; those that pass leave no folder behind."""
        before = self.passed + self.failed
        differences = reference.run(self.tool, cases, self.work, self.jobs, lambda done: self.progress(before + done))
        self.progress.close()
        for name, difference in differences.items():
            folder = os.path.join(self.work, "cases", name)
            if difference:
                self.failed += 1
                print(f"FAILED {name}: {difference}\n       {os.path.relpath(folder)}", flush=True)
            else:
                self.passed += 1
                shutil.rmtree(folder)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tool", required=True, nargs="+", help="program and its first arguments; see ../conformance/README.md")
    ap.add_argument("--work", default=os.path.join("build", "fuzz"))
    ap.add_argument("--seed", type=int, default=0, help="the first")
    ap.add_argument("--count", type=int, default=120, help="random graphs")
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    ap.add_argument("--regressions", action=argparse.BooleanOptionalAction, default=True, help="the hand-made cases, too")
    a = ap.parse_args()
    if not shutil.which(a.tool[0]):
        sys.exit(f"{a.tool[0]}: no such program; build it first")
    work = os.path.abspath(a.work)
    shutil.rmtree(os.path.join(work, "cases"), ignore_errors=True)
    os.makedirs(work, exist_ok=True)
    known = regressions.cases() if a.regressions else []
    fuzzer = Fuzzer(a.tool, work, a.jobs, len(known) + a.count)
    fuzzer.check(known)
    seeds = range(a.seed, a.seed + a.count)
    for first in range(0, a.count, CHUNK):
        fuzzer.check([graphs.generate(seed) for seed in seeds[first:first + CHUNK]])
    print(f"{fuzzer.passed} passed, {fuzzer.failed} failed")
    return 1 if fuzzer.failed else 0


if __name__ == "__main__":
    sys.exit(main())
