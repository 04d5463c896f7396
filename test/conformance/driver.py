"""Runs a conformance tool over many cases so that a crash or a hang of the tool costs one case, not the run.

The tool reports each case in a file as it goes. When it dies, the cases it had begun and not ended are run again
one by one: those that bring it down alone are the culprits. Cases that it had not begun go into the next batch.
"""
import collections
import json
import os
import signal
import subprocess
import time

STATUSES = ("ok", "unsupported", "compile_error", "cxx_error", "run_error", "timeout")  # what a tool may say


class Driver:
    def __init__(self, tool, work, jobs=2, timeout=120, batch=200, progress=lambda done: None):
        self.tool, self.work, self.jobs, self.timeout, self.batch = tool, work, jobs, timeout, batch
        self.progress, self.results, self.runs = progress, {}, 0
        self.out = os.path.join(work, "out")
        os.makedirs(self.out, exist_ok=True)

    def read(self, path, mine):
        """Take the finished lines of a results file. Returns the cases begun and not ended."""
        begun = set()
        try:
            with open(path, "rb") as f:
                lines = f.read().split(b"\n")[:-1]  # an unfinished last line does not count
        except OSError:
            return begun
        for line in lines:
            try:
                r = json.loads(line)
                case = r["case"]
            except (ValueError, KeyError, TypeError):
                continue
            if case not in mine:
                continue
            if "status" not in r:
                begun.add(case)
                continue
            begun.discard(case)
            if r["status"] not in STATUSES:
                r = {"case": case, "status": "run_error", "stage": "tool", "reason": f"unknown status {r['status']!r}"}
            self.results[case] = r
        return begun

    def run_once(self, dirs, jobs):
        """One process of the tool. Returns (exit code or 'timeout', cases begun and not ended, its last words)."""
        self.runs += 1
        base = os.path.join(self.work, f"run_{self.runs}")
        listing, results, log = base + ".list", base + ".jsonl", base + ".log"
        with open(listing, "w", encoding="utf-8") as f:
            f.writelines(d + "\n" for d in dirs)
        if os.path.exists(results):
            os.remove(results)
        mine = {os.path.basename(d) for d in dirs}
        with open(log, "wb") as sink:
            proc = subprocess.Popen([*self.tool, "--list", listing, "--out", self.out, "--results", results,
                                     "--jobs", str(jobs), "--timeout", str(self.timeout)],
                                    stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        code, size, moved = None, -1, time.monotonic()
        try:
            while code is None:
                try:
                    code = proc.wait(0.2)
                except subprocess.TimeoutExpired:
                    now = os.path.getsize(results) if os.path.exists(results) else 0
                    if now != size:
                        size, moved = now, time.monotonic()
                        self.read(results, mine)
                        self.progress(len(self.results))
                    elif time.monotonic() - moved > self.timeout * 1.5 + 5:
                        code = "timeout"
        finally:
            try:  # its own session: this ends the C++ compilers that it started, too
                os.killpg(proc.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            proc.wait()
        begun = self.read(results, mine)
        self.progress(len(self.results))
        with open(log, "rb") as f:
            words = f.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        return code, begun, words[-1] if words else ""

    def run(self, dirs):
        """{case: {status, stage, reason}} with a line for every case."""
        waiting = collections.deque(dirs[i:i + self.batch] for i in range(0, len(dirs), self.batch))
        while waiting:
            group = waiting.popleft()
            code, begun, words = self.run_once(group, self.jobs if len(group) > 1 else 1)
            left = [d for d in group if os.path.basename(d) not in self.results]
            if not left:
                continue
            if len(group) == 1:
                case = os.path.basename(group[0])
                if code == "timeout":
                    r = {"status": "timeout", "stage": "tool", "reason": f"no answer in {self.timeout} s"}
                elif code == 0:
                    r = {"status": "crash", "stage": "tool", "reason": "the tool ended without an answer"}
                else:
                    what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                    r = {"status": "crash", "stage": "tool", "reason": f"the tool died: {what}", "log": words}
                self.results[case] = {"case": case, **r}
                continue
            suspects = [d for d in left if os.path.basename(d) in begun]
            rest = [d for d in left if os.path.basename(d) not in begun]
            if not suspects and len(left) == len(group):  # no progress and no hint: halve
                half = len(left) // 2
                waiting.extendleft((left[half:], left[:half]))
                continue
            if rest:
                waiting.appendleft(rest)
            waiting.extendleft([d] for d in suspects)
        return self.results
