"""below.py MODEL DATA: where n is below the window of a convolution, a branch without it is taken. Sizes of the other branch are then
negative. DATA gets a set for each of some n, with what numpy computes."""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WINDOW = 21
model, data = sys.argv[1:]
random = np.random.default_rng(1)
weight = random.standard_normal((16, 16, WINDOW)).astype(np.float32) * np.float32(0.05)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


node = helper.make_node
small = helper.make_graph([node("ReduceSum", ["a"], ["r1"], keepdims=0)], "small", [], [value("r1", [])])
# Three buffers that live at once.
large = helper.make_graph(
    [node("Conv", ["x", "w"], ["c"]), node("Softmax", ["c"], ["p"], axis=1), node("Mul", ["c", "p"], ["m"]), node("Softmax", ["m"], ["q"], axis=2),
     node("Mul", ["m", "q"], ["t"]), node("ReduceSum", ["t"], ["r2"], keepdims=0)], "large", [], [value("r2", [])])
# a and b live across the branch.
nodes = [node("Softmax", ["x"], ["a"], axis=1), node("Softmax", ["a"], ["b"], axis=2), node("Shape", ["x"], ["shape"]),
         node("Gather", ["shape", "axis"], ["n"]), node("Less", ["n", "window"], ["few"]),
         node("If", ["few"], ["r"], then_branch=small, else_branch=large), node("Mul", ["a", "r"], ["ar"]), node("Softmax", ["ar"], ["y"], axis=1),
         node("Mul", ["b", "r"], ["br"]), node("Softmax", ["br"], ["z"], axis=2)]
shape = [1, 16, "n"]
graph = helper.make_graph(nodes, "below", [value("x", shape)], [value("y", shape), value("z", shape)],
                          [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.array(2), "axis"),
                           numpy_helper.from_array(np.array(WINDOW), "window")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


for k, n in enumerate((5, 12, 19, 21, 40)):
    x = random.standard_normal((1, 16, n)).astype(np.float32)
    a = softmax(x.astype(np.float64), 1)
    b = softmax(a, 2)
    r = a.sum()
    if n >= WINDOW:
        windows = np.lib.stride_tricks.sliding_window_view(x[0].astype(np.float64), WINDOW, axis=1)
        c = np.einsum("ctw,ocw->ot", windows, weight.astype(np.float64))[None]
        m = c * softmax(c, 1)
        r = (m * softmax(m, 2)).sum()
    folder = os.path.join(data, f"test_data_set_{k}")
    os.makedirs(folder)
    for name, array in (("input_0", x), ("output_0", softmax(a * r, 1)), ("output_1", softmax(b * r, 2))):
        onnx.save_tensor(numpy_helper.from_array(array.astype(np.float32), {"input_0": "x", "output_0": "y", "output_1": "z"}[name]),
                         os.path.join(folder, name + ".pb"))
