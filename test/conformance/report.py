"""SUPPORT.md: which operators run, and why the others do not. A pure function of the results."""
import collections
import re

import onnx

ORDER = ("pass", "mismatch", "unsupported", "compile_error", "cxx_error", "run_error", "timeout", "crash")
MEANING = {
    "pass": "outputs within the case's own tolerance (integers, booleans and strings exact)",
    "mismatch": "ran, but an output differs",
    "unsupported": "refused with a message before any work",
    "compile_error": "the compiler failed",
    "cxx_error": "the generated C++ did not compile",
    "run_error": "the generated library returned an error",
    "timeout": "took too long",
    "crash": "the tool died",
}


def tally(results):
    return collections.Counter(r["status"] for r in results.values())


def normal(reason):
    """One line without what changes from run to run or machine to machine."""
    reason = re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+[\w.+-]*", "…", reason)
    reason = re.sub(r"0x[0-9a-fA-F]+", "0x…", reason)
    reason = " ".join(reason.split()).replace("|", "\\|")
    return reason[:157] + "…" if len(reason) > 158 else reason


def markdown(results):
    counts, total = tally(results), len(results)
    out = ["# What runs", "",
           f"ONNX's own node tests, all {total} of onnx {onnx.__version__}, compiled, run and compared: "
           f"**{counts['pass']} of {total} pass**.",
           "Written by `make support`; `make test` fails when a run gives anything else.", "",
           "| result | cases | meaning |", "|---|--:|---|"]
    out += [f"| {s} | {counts[s]} | {MEANING[s]} |" for s in ORDER if counts[s]]
    out += ["", "Cases that draw random numbers (Bernoulli, training Dropout) are held to what ONNX fixes: type, shape and "
            "the values that can occur.", ""]
    by_op = collections.defaultdict(list)
    for name, r in results.items():
        by_op[r["domain"], r["op"]].append(r["status"])
    whole = sum(all(s == "pass" for s in v) for v in by_op.values())
    some = sum(any(s == "pass" for s in v) for v in by_op.values()) - whole
    out += ["## Operators", "", f"{len(by_op)} operators have tests: {whole} pass all of theirs, {some} pass some."]
    for domain in sorted({d for d, _ in by_op}):
        out += ["", f"### {domain}", "", "| operator | pass | of | others |", "|---|--:|--:|---|"]
        for (_, op), v in sorted((k, v) for k, v in by_op.items() if k[0] == domain):
            c = collections.Counter(v)
            others = ", ".join(f"{c[s]} {s}" for s in ORDER[1:] if c[s])
            out.append(f"| {op} | {c['pass']} | {len(v)} | {others} |")
    reasons = collections.defaultdict(list)
    for name, r in results.items():
        if r["status"] != "pass":
            reasons[r["status"], normal(r["brief"])].append(name)
    if reasons:
        out += ["", "## Why the others do not", "", "| result | reason | cases | for example |", "|---|---|--:|---|"]
        for (status, reason), names in sorted(reasons.items(), key=lambda e: (ORDER.index(e[0][0]), -len(e[1]), e[0][1])):
            shown = ", ".join(f"`{n}`" for n in sorted(names)[:3])
            out.append(f"| {status} | {reason} | {len(names)} | {shown}{', …' if len(names) > 3 else ''} |")
    return "\n".join(out) + "\n"
