"""cache.py FOLDER: what `ingot run` keeps, and when it may use it."""
import os
import pathlib
import subprocess
import sys

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


def start(out, **environment):
    env = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "INGOT_CACHE_DIR")}
    return subprocess.Popen(["ingot", "run", folder / "e.onnx", "--input", f"x={folder}/x.npy", "--save", folder / out],
                            env=env | environment)


def check(process, out, expected):
    assert process.wait() == 0, process.returncode
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
