"""interrupt.py FOLDER MODEL SIGNAL CODE: a signal during the C++ compiler ends ingot with CODE and leaves nothing."""
import os
import pathlib
import signal
import subprocess
import sys
import time

folder, model, name, expected = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
tmp = folder / "tmp"
tmp.mkdir(parents=True)
started = folder / "started"
compiler = folder / "slow-c++"
# Several run at once, and the signal may come between echo and mv: what that leaves lies beside the folder.
compiler.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {folder}.$$\nmv {folder}.$$ {started}\nwait\n")
compiler.chmod(0o755)

ingot = subprocess.Popen(
    ["ingot", "compile", model, "-o", str(folder / "out"), "--cxx", str(compiler)],
    env=os.environ | {"TMPDIR": str(tmp)}, stderr=subprocess.PIPE, text=True)
for _ in range(600):
    if started.exists():
        break
    time.sleep(0.1)
grandchild = int(started.read_text())
ingot.send_signal(getattr(signal, name))
_, errors = ingot.communicate(timeout=60)
print(errors)
assert ingot.returncode == expected, f"exit code {ingot.returncode}, expected {expected}"
assert len(errors.splitlines()) <= 1, "more than one line"
left = sorted(p.name for p in folder.iterdir()) + [p.name for p in tmp.iterdir()]
assert left == ["slow-c++", "started", "tmp"], left


def alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


assert not alive(grandchild), "the compiler's child still runs"
