"""folder.py FOLDER: `ingot run` and `ingot bench` on a folder that `ingot compile` wrote."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
os.environ["INGOT_CACHE_DIR"] = str(folder / "cache")
count = 300  # more than what becomes a constant in the code
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", count])
weight = numpy_helper.from_array(np.arange(count, dtype=np.float32), "w")
graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [value("x")], [value("y")], [weight])
model = folder / "sum.onnx"
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), model)
x = np.random.default_rng(1).standard_normal((3, count)).astype(np.float32)
np.save(folder / "x.npy", x)


def ingot(*arguments):
    done = subprocess.run(["ingot", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def good(*arguments):
    code, out, err = ingot(*arguments)
    assert code == 0, (arguments, code, err)
    return out


def refused(expected, *arguments, says=(), never=()):
    code, out, err = ingot(*arguments)
    assert code == expected and not out, (arguments, code, out, err)
    assert err.startswith("ingot: ") and err.count("\n") == 1, err
    for part in says:
        assert part in err, (arguments, part, err)


def runs(directory):
    good("run", directory, "--input", f"x={folder}/x.npy", "--save", folder / "out")
    y = np.load(folder / "out" / "output_0.npy")
    assert (y == x + np.arange(count, dtype=np.float32)).all()


library = folder / "sum"
good("compile", model, "-o", library, "--target", "x86-64-v2,x86-64-v3", "--dim", "batch=1..4", "--quiet")
good("compile", model, "-o", folder / "mapped", "--weights", "file", "--quiet")
good("compile", model, "-o", folder / "source", "--emit", "source", "--quiet")
model.rename(folder / "away.onnx")

# Without the model; built once for equal contents, wherever they lie, without a copy of the library.
runs(library)
cache = folder / "cache/models"
assert len(list(cache.iterdir())) == 1
shutil.copytree(library, folder / "copy")
runs(folder / "copy")
assert sorted(f.name for kept in cache.iterdir() for f in kept.iterdir()) == ["lock", "runner"]
runs(folder / "mapped")
# The program does not hold what the library has in a file.
(folder / "mapped/weights/sum.weights").rename(folder / "sum.weights")
refused(1, "run", folder / "mapped", says=["sum.weights is missing"])

# One of its targets, as the JSON of bench says; the best without a choice.
for target in ("x86-64-v2", "x86-64-v3"):
    j = json.loads(good("bench", library, "--target", target, "--seconds", "0.01", "--json"))
    assert j["target"] == target and j["model"] == "sum" and j["threads"] == 1 and j["dims"] == {"batch": 1}, j
    assert j["gflops"] > 0 and j["weights_kb"] > 1, j
refused(2, "run", library, "--target", "x86-64-v4", says=["--target x86-64-v4", "x86-64-v3,x86-64-v2"])

# Options of a compilation are refused, all of them at once.
refused(2, "bench", library, "--dim", "batch=2", "--shape", "x=1x300", "--state", "a=b", "--weights", "embed", "--name", "other", "--ar", "ar",
        "--objcopy", "objcopy", says=["--name, --dim, --shape, --state, --weights, --ar, --objcopy"])
refused(2, "run", library, "--dim", "batch=2", says=["takes its sizes from the inputs: give them with --input or --data"])
refused(2, "bench", library, "--shape", "x=2x300", says=["takes its sizes from the inputs: give them with --data"])
refused(2, "run", library, "--name", "other", says=["leave such options out"])
refused(1, "run", library, "--input", "z=nothing.npy", says=["names no input", "'x'"])
refused(1, "verify", library, says=["verify compares", "model.onnx"])

# No folder of ours, or not all of it.
(folder / "other").mkdir()
refused(1, "run", folder / "other", says=["no manifest.json", "ingot compile"])
(folder / "other/model.onnx").write_text("")
refused(1, "run", folder / "other", says=["other/model.onnx"])
refused(1, "run", folder / "source", says=["lib/libsum.a is missing", "--emit source"])
manifest = json.loads((library / "manifest.json").read_text())


def replaced(text, says=("manifest.json is damaged", "compile the model")):
    (library / "manifest.json").write_text(text)
    refused(1, "run", library, says=says)


def changed(change, says=("compile the model",)):
    copy = json.loads(json.dumps(manifest))
    change(copy)
    replaced(json.dumps(copy), says)


replaced("")
replaced(json.dumps(manifest)[:200])
replaced("[" * 5_000_000)
for text in ("[]", "{}", '{"kind": "other"}', "null"):
    replaced(text, says=["not ingot's"])
changed(lambda m: m.update(ingot="0.0.1"), says=["was compiled by Ingot 0.0.1", "compile the model again"])


def places(node, path=()):
    """Every key of the manifest that says something of the interface."""
    for key in node if isinstance(node, dict) else range(len(node)):
        if path or key not in ("kind", "files", "doc"):
            yield path + (key,)
            if isinstance(node[key], (dict, list)):
                yield from places(node[key], path + (key,))


def at(m, path):
    for key in path[:-1]:
        m = m[key]
    return m


wrong = [None, {}, "no word", "(" * 100]
for path in places(manifest):
    if path == ("ingot",):
        continue
    changed(lambda m: at(m, path).pop(path[-1]))
    for bad in wrong:
        # What the header does not depend on may be any text.
        if path[0] in ("model_sha256", "weights_sha256", "options") and isinstance(bad, str):
            continue
        before = at(manifest, path)[path[-1]]
        if bad == before or (path[-1] in ("index", "bytes", "max", "min", "next", "doc", "onnx") and not isinstance(bad, (list, dict))):
            continue
        changed(lambda m: at(m, path).__setitem__(path[-1], bad))
(library / "manifest.json").write_text(json.dumps(manifest))
with open(library / "sum.h", "a") as header:
    header.write("/* mine */\n")
refused(1, "run", library, says=["sum.h was changed"])
(library / "sum.h").unlink()
refused(1, "run", library, says=["sum.h is missing"])

# A profile needs the sources that were compiled.
with open(folder / "copy/src/entry_x86_64_v3.cpp", "a") as entry:
    entry.write("// mine\n")
refused(1, "bench", folder / "copy", "--profile", says=["entry_x86_64_v3.cpp was changed"])
report_file, manifest_file = folder / "copy/report/report.json", folder / "copy/manifest.json"
report = json.loads(report_file.read_text())


def bench_refuses(text, says):
    report_file.write_text(text)
    refused(1, "bench", folder / "copy", says=[says])


bench_refuses("{}", "report.json was changed")
# Whatever the manifest says of it: what is no formula is not a value of 0.
for text in ("{}", "[" * 1_000_000, json.dumps({**report, "flop": "(" * 3_000_000}), json.dumps({**report, "flop": "no formula"})):
    manifest_file.write_text(json.dumps({**manifest, "files": {**manifest["files"], "report/report.json": hashlib.sha256(text.encode()).hexdigest()}}))
    bench_refuses(text, "report.json is missing or damaged")
runs(folder / "copy")
