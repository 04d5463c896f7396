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

CHUNK = 200  # seeds that are in memory and on disk at a time, besides those that failed


class Tally:
    def __init__(self, work):
        self.work, self.passed, self.failed = work, 0, 0

    def add(self, differences, folders):
        """Names what failed; what passed leaves no folder behind."""
        for name, difference in differences.items():
            if difference:
                self.failed += 1
                print(f"FAILED {name}: {difference}\n       {os.path.relpath(folders(name))}", flush=True)
            else:
                self.passed += 1
                shutil.rmtree(folders(name))


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
    tally = Tally(work)
    folders = lambda name: os.path.join(work, "cases", name)
    total = a.count + (len(regressions.cases()) if a.regressions else 0)

    def check(cases):
        done = tally.passed + tally.failed
        progress = lambda finished: print(f"\r  {done + finished}/{total}", end="", file=sys.stderr, flush=True)
        differences = reference.run(a.tool, cases, work, a.jobs, progress if sys.stderr.isatty() else lambda finished: None)
        tally.add(differences, folders)

    if a.regressions:
        check(regressions.cases())
    for first in range(a.seed, a.seed + a.count, CHUNK):
        check([graphs.generate(seed) for seed in range(first, min(first + CHUNK, a.seed + a.count))])
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
