"""integers.py FILE: a model with 400 integers in an initialiser, in a Constant's tensor and in its list, some few, and two floats.
Its Constants are of the domain "ai.onnx"."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

many, few = list(range(400)), [400]
nodes = [helper.make_node("Constant", [], ["tensor"], value=numpy_helper.from_array(np.array(many, np.int64))),
         helper.make_node("Constant", [], ["list"], value_ints=many),
         helper.make_node("Constant", [], ["few"], value_ints=few),
         helper.make_node("Constant", [], ["one"], value_int=2),
         helper.make_node("Constant", [], ["floats"], value_floats=[1.5, 2.5])]
for node in nodes:
    node.domain = "ai.onnx"
names = ["list", "few", "one", "initialiser"]
last = "tensor"
for name in names:
    nodes.append(helper.make_node("Add", [last, name], [f"with_{name}"]))
    last = f"with_{name}"
nodes += [helper.make_node("Add", ["x", last], ["z"]), helper.make_node("Mul", ["v", "floats"], ["w"])]
value = lambda name, kind, size: helper.make_tensor_value_info(name, kind, [size])
graph = helper.make_graph(nodes, "integers", [value("x", TensorProto.INT64, 400), value("v", TensorProto.FLOAT, 2)],
                          [value("z", TensorProto.INT64, 400), value("w", TensorProto.FLOAT, 2)],
                          [numpy_helper.from_array(np.array(many, np.int64), "initialiser")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), sys.argv[1])
