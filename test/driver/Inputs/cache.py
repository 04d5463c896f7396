"""cache.py FOLDER: what `ingot run` keeps, and when it may use it."""
import fcntl
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import onnx
from onnx import TensorProto, helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
count = 300  # more than what becomes a constant in the code
weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[count], data_location=TensorProto.EXTERNAL)
weight.external_data.add(key="location", value="w.bin")
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [count])
graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [value("x")], [value("y")], [weight])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), folder / "e.onnx")
np.save(folder / "x.npy", np.zeros(count, np.float32))


def weights(number):
    (folder / "w.bin").write_bytes(np.full(count, number, np.float32).tobytes())


def launch(arguments, **environment):
    env = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "INGOT_CACHE_DIR", "INGOT_CACHE_SIZE")}
    return subprocess.Popen(["ingot", *arguments], env=env | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start(out, model=folder / "e.onnx", **environment):
    return launch(["run", model, "--input", f"x={folder}/x.npy", "--save", folder / out], **environment)


def check(process, out, expected):
    said = process.communicate()
    assert process.returncode == 0, (process.returncode, said)
    y = np.load(folder / out / "output_0.npy")
    assert (y == expected).all(), y


# Several first runs at once: all succeed, one library stays.
cache = folder / "cache"
weights(1)
processes = [(start(f"p{k}", INGOT_CACHE_DIR=str(cache)), f"p{k}") for k in range(3)]
for process, out in processes:
    check(process, out, 1)
kept = list((cache / "models").iterdir())
assert len(kept) == 1 and not kept[0].name.endswith(".part"), kept

# Other weights in the file beside the model are another model.
weights(7)
check(start("w", INGOT_CACHE_DIR=str(cache)), "w", 7)
assert len(list((cache / "models").iterdir())) == 2

# A folder that others can write to, one that cannot be made, and none at all: it runs, and keeps nothing.
shared = folder / "home/.cache/ingot/models"
shared.mkdir(parents=True)
shared.chmod(0o777)
check(start("s", HOME=str(folder / "home")), "s", 7)
assert not list(shared.iterdir())
(folder / "file").write_text("")
check(start("f", INGOT_CACHE_DIR=str(folder / "file")), "f", 7)
check(start("n"), "n", 7)

# A variable without a text counts as not set, and XDG_CACHE_HOME as well if it is no absolute path.
check(start("v", INGOT_CACHE_DIR="", XDG_CACHE_HOME="", HOME=str(folder / "home1")), "v", 7)
assert len(list((folder / "home1/.cache/ingot/models").iterdir())) == 1
check(start("v", INGOT_CACHE_DIR="", XDG_CACHE_HOME="relative", HOME=str(folder / "home2")), "v", 7)
assert len(list((folder / "home2/.cache/ingot/models").iterdir())) == 1 and not pathlib.Path("relative").exists()
check(start("v", INGOT_CACHE_DIR="", XDG_CACHE_HOME="", HOME=""), "v", 7)

# A damaged entry is made anew, once.
cache = folder / "damaged"
check(start("d", INGOT_CACHE_DIR=str(cache)), "d", 7)
(entry,) = (cache / "models").iterdir()
for lost in ("runner", "library/manifest.json"):
    (entry / lost).unlink()
    check(start("d", INGOT_CACHE_DIR=str(cache)), "d", 7)
    assert list((cache / "models").iterdir()) == [entry] and (entry / lost).is_file(), list(entry.iterdir())
    made = (entry / "runner").stat().st_ino
    check(start("d", INGOT_CACHE_DIR=str(cache)), "d", 7)
    assert (entry / "runner").stat().st_ino == made
# One that another process uses stays: this one uses what it made.
(entry / "runner").unlink()
with open(entry / "lock") as lock:
    fcntl.flock(lock, fcntl.LOCK_SH)
    check(start("d", INGOT_CACHE_DIR=str(cache)), "d", 7)
    assert list((cache / "models").iterdir()) == [entry] and not (entry / "runner").exists(), list(entry.iterdir())

# In a container a process has the number of one that was killed there: the name that this left is not used again.
for k in range(2):
    (entry / "runner").unlink(missing_ok=True)
    # the shell's number is that of ingot in its place
    killed = subprocess.run(["sh", "-c", 'mkdir "$1.$$.part" && shift && exec "$@"', "sh", entry, "ingot", "run", folder / "e.onnx"],
                            env=os.environ | {"INGOT_CACHE_DIR": str(cache)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert killed.returncode == 0, killed.stdout
    assert (entry / "runner").is_file() and len(list((cache / "models").iterdir())) == 2 + k, list((cache / "models").iterdir())

# The cache keeps to its limit: those go that nobody uses, unused for longest first.
cache = folder / "limited"
models = cache / "models"


def sizeof(entry):
    return sum(f.stat().st_size for f in entry.rglob("*") if f.is_file())


def make(number, limit=None):
    """Runs the model with these weights; the entry that was made, or None."""
    weights(number)
    before = set(models.iterdir()) if models.exists() else set()
    environment = {"INGOT_CACHE_DIR": str(cache)} | ({"INGOT_CACHE_SIZE": str(limit)} if limit is not None else {})
    check(start(f"l{number}", **environment), f"l{number}", number)
    return next(iter(set(models.iterdir()) - before), None)


def age(entry, minutes):
    os.utime(entry, ns=(time.time_ns() - minutes * 60 * 10**9,) * 2)


entries = [make(number) for number in (1, 2, 3)]
assert len(set(entries)) == 3 and None not in entries, entries
size = max(map(sizeof, entries))
for entry, minutes in zip(entries, (30, 20, 10)):
    age(entry, minutes)
assert make(1, limit=1) is None  # what is there is used, whatever the limit, and counts as used now
assert set(models.iterdir()) == set(entries)
assert entries[0].stat().st_mtime > time.time() - 60

# Left by a process that was killed, lately and long ago; a file that is no entry. Room is made before a model is built: it may be
# what the disk lacks.
lately, longago = models / "e-0.1.part", models / "e-0.2.part"
for unfinished in (lately, longago):
    (unfinished / "library").mkdir(parents=True)
age(longago, 120)
(models / "note").write_text("no entry")
weights(3.5)
process = launch(["run", folder / "e.onnx", "--cxx", "/bin/false"], INGOT_CACHE_DIR=str(cache))
assert process.communicate() and process.returncode == 3
assert set(models.iterdir()) == {*entries, lately, models / "note"}, list(models.iterdir())

# Room for three: of four the one that was not used for longest goes, a used one never.
lock = os.open(entries[1] / "lock", os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_SH)
fourth = make(4, limit=3.5 * size / 1e9)
assert set(models.iterdir()) == {entries[0], entries[1], fourth, lately, models / "note"}, list(models.iterdir())
os.close(lock)
# The entry just made stays, however large; 0 is no limit.
fifth = make(5, limit="1k")
assert set(models.iterdir()) == {fifth, lately, models / "note"}, list(models.iterdir())
sixth = make(6, limit=0)
assert set(models.iterdir()) == {fifth, sixth, lately, models / "note"}, list(models.iterdir())

# The program that measures each step lies in its entry, and counts; what was left of one that was killed goes like any other.
profile = ["bench", folder / "e.onnx", "--profile", "--json", "--seconds", "0.01"]
longago.mkdir()
age(longago, 120)
age(fifth, 60)
process = launch(profile, INGOT_CACHE_DIR=str(cache), INGOT_CACHE_SIZE="0")
assert process.wait() == 0, process.communicate()
assert set(models.iterdir()) == {fifth, sixth, lately, models / "note"}, list(models.iterdir())
assert sorted(f.name for f in sixth.iterdir()) == ["library", "lock", "profiler", "runner"]
(sixth / "profiler").unlink()
process = launch(profile, INGOT_CACHE_DIR=str(cache), INGOT_CACHE_SIZE="1k")
assert process.wait() == 0, process.communicate()
assert set(models.iterdir()) == {sixth, lately, models / "note"}, list(models.iterdir())
# Without a cache it lies beside the program.
process = launch(profile)
assert process.wait() == 0, process.communicate()

# Processes that use and remove the same entries: all of them run.
processes = []
for number in (11, 12, 11, 12):
    other = folder / f"m{number}"
    if not other.exists():
        other.mkdir()
        (other / "e.onnx").write_bytes((folder / "e.onnx").read_bytes())
        (other / "w.bin").write_bytes(np.full(count, number, np.float32).tobytes())
    out = f"c{len(processes)}"
    processes.append((start(out, model=other / "e.onnx", INGOT_CACHE_DIR=str(cache), INGOT_CACHE_SIZE="1k"), out, number))
for process, out, number in processes:
    check(process, out, number)

for wrong in ("much", "10 GB", "-1", "1e3", ".", "99999999999T"):
    # before the model is compiled: it need not be there
    process = start("wrong", model=folder / "nothing.onnx", INGOT_CACHE_DIR=str(cache), INGOT_CACHE_SIZE=wrong)
    said = process.communicate()[1]
    assert process.returncode == 2 and f"INGOT_CACHE_SIZE={wrong}: expected a size" in said, (wrong, process.returncode, said)
