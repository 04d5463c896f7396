#!/usr/bin/env python3
"""ONNX's own node tests against the compiler.

Runs every case of the installed onnx package, compares the outputs, and holds the result against the committed
baseline: a case that passed and no longer does is a regression; a case that passes and is not recorded must be
recorded (--update). There is no list of cases to leave out.
"""
import argparse
import json
import os
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import cases  # noqa: E402
import compare  # noqa: E402
import driver  # noqa: E402
import report  # noqa: E402

SHOWN = 60  # lines about single cases


def read_baseline(path):
    try:
        with open(path, encoding="utf-8") as f:
            return {l.strip() for l in f if l.strip() and not l.startswith("#")}
    except FileNotFoundError:
        return set()


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write(text)


class Progress:
    """A counter in place on a terminal, else a line every half minute."""

    def __init__(self, total):
        self.total, self.began, self.last = total, time.monotonic(), 0.0

    def __call__(self, done):
        now, tty = time.monotonic(), sys.stderr.isatty()
        if now - self.last >= (0.2 if tty else 30):
            self.last = now
            print(f"\r  {done}/{self.total}" if tty else f"  {done}/{self.total} after {now - self.began:.0f} s",
                  end="" if tty else "\n", file=sys.stderr, flush=True)

    def close(self):
        if sys.stderr.isatty():
            print("\r" + " " * 30 + "\r", end="", file=sys.stderr, flush=True)


def run(tool, work, jobs, timeout, batch, pattern):
    """{case: facts + status, stage, reason, brief} for every case that matches."""
    folder = os.path.join(work, "cases")
    facts = cases.export(folder)
    names = [n for n in facts if re.search(pattern, n)]
    shutil.rmtree(os.path.join(work, "out"), ignore_errors=True)
    progress = Progress(len(names))
    runner = driver.Driver(tool, work, jobs, timeout, batch, progress)
    answers = runner.run([os.path.join(folder, n) for n in names])
    progress.close()
    results = {}
    for n in names:
        r = {**answers[n], **{k: facts[n][k] for k in ("op", "domain")}}
        r["brief"] = r.get("reason", "")
        if r["status"] == "ok":
            try:
                compare.check(os.path.join(folder, n), os.path.join(runner.out, n), facts[n])
                r["status"] = "pass"
            except compare.Mismatch as e:
                r.update(status="mismatch", stage="compare", reason=str(e), brief=e.brief)
        results[n] = r
    with open(os.path.join(work, "results.jsonl"), "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"case": n, **r}) + "\n" for n, r in results.items())
    return results


def judge(results, baseline, complete, say=print):
    """Print what differs from the baseline; returns the number of failures."""
    passed = {n for n, r in results.items() if r["status"] == "pass"}
    gone = {n for n in baseline if n not in results} if complete else set()
    lost = sorted((baseline & set(results)) - passed)
    new = sorted(passed - baseline)
    said = [f"REGRESSION {n}: {results[n]['status']}: {results[n].get('reason', '')}" for n in lost]
    said += [f"UNKNOWN    {n}: recorded, but the installed onnx has no such case" for n in sorted(gone)]
    said += [f"UNRECORDED {n}: passes now; record it with 'make support'" for n in new]
    for line in said[:SHOWN]:
        say(line)
    if len(said) > SHOWN:
        say(f"… and {len(said) - SHOWN} more")
    return len(lost) + len(gone) + len(new)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tool", required=True, nargs="+", help="program and its first arguments; see README.md")
    ap.add_argument("--work", default=os.path.join(ROOT, "build", "conformance"))
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    ap.add_argument("--timeout", type=int, default=120, help="seconds for one case")
    ap.add_argument("--batch", type=int, default=256, help="cases in one run of the tool")
    ap.add_argument("--filter", default="", metavar="REGEX", help="only the cases whose name matches")
    ap.add_argument("--baseline", default=os.path.join(HERE, "passes.txt"))
    ap.add_argument("--support", default=os.path.join(ROOT, "test", "conformance", "SUPPORT.md"))
    ap.add_argument("--update", action="store_true", help="write the baseline and the table anew")
    a = ap.parse_args()
    if a.update and a.filter:
        ap.error("--update needs all cases")
    if not shutil.which(a.tool[0]):
        sys.exit(f"{a.tool[0]}: no such program; build it first")
    work = os.path.abspath(a.work)
    os.makedirs(work, exist_ok=True)
    began = time.monotonic()
    results = run(a.tool, work, a.jobs, a.timeout, a.batch, a.filter)
    tally = report.tally(results)
    print("  ".join(f"{s}: {tally[s]}" for s in report.ORDER if tally[s]) + f"  ({time.monotonic() - began:.0f} s)")
    table = report.markdown(results)
    if a.update:
        write(a.baseline, "".join(sorted(n + "\n" for n, r in results.items() if r["status"] == "pass")))
        write(a.support, table)
        print(f"wrote {os.path.relpath(a.baseline)} and {os.path.relpath(a.support)}")
        return 0
    baseline = read_baseline(a.baseline)
    failures = judge(results, baseline, not a.filter)
    held = len(baseline & {n for n, r in results.items() if r["status"] == "pass"})
    if not a.filter:
        stale = not os.path.exists(a.support) or open(a.support, encoding="utf-8").read() != table
        if stale:
            print("STALE      SUPPORT.md is not what this run gives; write it with 'make support'")
        failures, held = failures + stale, held + (not stale)
    print(f"details of every case: {os.path.relpath(os.path.join(work, 'results.jsonl'))}")
    print(f"{held} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
