#!/usr/bin/env python3
"""Run ctest and close with one line that counts single tests: lit files, pytest and gtest cases, conformance
cases, model data sets. A ctest entry that prints no counts of its own is one test."""
import argparse
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

PLAIN = r"^(\d+) passed, (\d+) failed(?:, (\d+) not run)?$"  # our own programs; the last such line counts
RUNNERS = {  # lit, gtest and pytest, one number a line
    "passed": [r"^\s*Passed\s*:\s*(\d+)",
               r"^\[  PASSED  \] (\d+) tests?",
               r"\b(\d+) passed in [\d.]+s", r"\b(\d+) passed, \d+ \w+ in"],
    "failed": [r"^\s*Failed\s*:\s*(\d+)", r"^\s*Unresolved\s*:\s*(\d+)", r"^\s*Timed Out\s*:\s*(\d+)",
               r"^\[  FAILED  \] (\d+) tests?",
               r"\b(\d+) failed\b.* in [\d.]+s"],
    "not run": [r"^\s*Unsupported\s*:\s*(\d+)", r"^\s*Skipped\s*:\s*(\d+)",
                r"^\[  SKIPPED \] (\d+) tests?",
                r"\b(\d+) skipped\b.* in [\d.]+s"],
}


def counts(text, failed):
    """(passed, failed, not run) of one ctest entry."""
    plain = re.findall(PLAIN, text, re.M)
    if plain:
        p, f, n = (int(x or 0) for x in plain[-1])
    else:
        number = lambda key: sum(int(m[-1]) for m in (re.findall(r, text, re.M) for r in RUNNERS[key]) if m)
        p, f, n = number("passed"), number("failed"), number("not run")
    if p + f + n == 0:
        p, f = (0, 1) if failed else (1, 0)
    elif failed and f == 0:
        f = 1
    return p, f, n


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--build", default="build")
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    args, rest = ap.parse_known_args()
    report = os.path.abspath(os.path.join(args.build, "ctest.xml"))
    closing = os.path.join(args.build, "counts.txt")
    for stale in (report, closing):
        if os.path.exists(stale):
            os.remove(stale)
    code = subprocess.run(["ctest", "--test-dir", args.build, "--output-on-failure", "--no-tests=error",
                           "-j", str(args.jobs), "--output-junit", report, "--test-output-size-passed", "1000000",
                           "--test-output-size-failed", "1000000", *rest]).returncode
    if not os.path.exists(report):
        sys.exit(code or 1)
    total = [0, 0, 0]
    print()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        bad = case.get("status") == "fail" or case.find("failure") is not None
        if case.get("status") in ("disabled", "notrun"):
            c = (0, 0, 1)
        else:
            c = counts(case.findtext("system-out") or "", bad)
        total = [a + b for a, b in zip(total, c)]
        seconds = float(case.get("time") or 0)
        print(f"  {case.get('name'):24} {c[0]:6} passed {c[1]:5} failed {c[2]:5} not run  {seconds:7.1f} s")
    if code and not total[1]:
        total[1] = 1
    if total[2]:
        print(f"{total[2]} not run: the reasons stand in {args.build}/Testing/Temporary/LastTest.log")
    line = f"{total[0]} passed, {total[1]} failed"
    with open(closing, "w", encoding="utf-8") as f:
        f.write(line + "\n")
    print(line)
    sys.exit(1 if total[1] or code else 0)


if __name__ == "__main__":
    main()
