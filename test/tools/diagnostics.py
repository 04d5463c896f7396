"""diagnostics.py FILE: checks that FILE is one document of --diagnostics=json, no more, and prints it line by line."""
import json
import sys

FIELDS = ["severity", "node", "operator", "shape", "text", "remedy"]

with open(sys.argv[1], encoding="utf-8") as f:
    report = json.load(f)
if list(report)[:5] != ["command", "exit_code", "errors", "warnings", "diagnostics"]:
    sys.exit(f"fields: {list(report)}")
for d in report["diagnostics"]:
    if list(d) != FIELDS or d["severity"] not in ("error", "warning") or not d["text"]:
        sys.exit(f"diagnostic: {d}")
for severity in ("error", "warning"):
    if report[severity + "s"] != sum(d["severity"] == severity for d in report["diagnostics"]):
        sys.exit(f"{report[severity + 's']} {severity}s are announced")
print(f"{report['command'] or 'none'} exit {report['exit_code']}: {report['errors']} errors, {report['warnings']} warnings")
for d in report["diagnostics"]:
    print(d["severity"] + ": " + "; ".join(f"{k}={d[k]}" for k in FIELDS[1:] if d[k]))
for row in report.get("timing", []):
    print(f"timing: {row['stage']}")
