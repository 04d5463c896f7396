"""What the checks of this folder share: commands, a small model with external data, counts."""
import os
import shutil
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECTS = os.path.join(HERE, "projects")


class Failure(Exception):
    pass


class NotRun(Exception):
    """This machine lacks what the check needs."""


def command(*arguments, cwd=None, env=None, fails=False):
    """What the command printed; a Failure unless it ends as expected."""
    done = subprocess.run([str(a) for a in arguments], cwd=cwd, env=env and {**os.environ, **env}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    text = done.stdout.decode("utf-8", "replace")
    if (done.returncode != 0) != fails:
        raise Failure(f"{' '.join(str(a) for a in arguments)}: exit code {done.returncode}\n{text}")
    return text


def expect(condition, what):
    if not condition:
        raise Failure(what)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise NotRun(f"{program} is not installed")


def fresh(*parts):
    """An empty folder of that path."""
    folder = os.path.join(*parts)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


ROWS = np.array([[1, 2, 3, 4], [-1, 0, 0.5, 2]], np.float32)


class Affine:
    """affine.onnx in a folder: y = relu(x·w + b), w in the file w.bin beside it."""

    def __init__(self, folder, seed=1):
        self.folder, self.path = folder, os.path.join(folder, "affine.onnx")
        weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3], data_location=TensorProto.EXTERNAL)
        weight.external_data.add(key="location", value="w.bin")
        self.bias = np.array([0.5, -1, 2], np.float32)
        bias = onnx.numpy_helper.from_array(self.bias, "b")
        value = lambda name, n: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", n])
        nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["a"]),
                 helper.make_node("Relu", ["a"], ["y"])]
        graph = helper.make_graph(nodes, "affine", [value("x", 4)], [value("y", 3)], [weight, bias])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), self.path)
        self.weights(seed)

    def weights(self, seed):
        """Other weights, in their file only."""
        self.w = np.random.default_rng(seed).integers(-4, 5, (4, 3)).astype(np.float32)
        with open(os.path.join(self.folder, "w.bin"), "wb") as f:
            f.write(self.w.tobytes())

    def check(self, printed):
        wanted = np.maximum(ROWS @ self.w + self.bias, 0).ravel()
        got = np.array([float(word) for word in printed.split()], np.float32)
        expect(got.shape == wanted.shape and np.array_equal(got, wanted), f"the program printed '{printed.strip()}', expected {wanted}")


def run_checks(checks):
    """Runs [(name, function)]; prints a line each and the counts. The exit code."""
    passed = failed = skipped = 0
    for name, check in checks:
        try:
            check()
            passed += 1
            print(f"passed   {name}", flush=True)
        except NotRun as reason:
            skipped += 1
            print(f"NOT RUN  {name}: {reason}", flush=True)
        except (Failure, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED   {name}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} not run")
    return 1 if failed else 0
