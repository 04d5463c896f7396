"""A model that embeds tokens and scores them with the same matrix, whose columns fill no panel; with "twice" the file has it transposed,
too. Beside it a data set, with tokens from the end among others. python tied.py MODEL DATA [twice]"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

node, value = helper.make_node, helper.make_tensor_value_info
matrix = np.random.default_rng(1).standard_normal((5003, 60)).astype(np.float32)
nodes, weights = [node("Gather", ["w", "tokens"], ["e"]), node("Tanh", ["e"], ["x"])], [numpy_helper.from_array(matrix, "w")]
if "twice" in sys.argv[3:]:
    weights.append(numpy_helper.from_array(np.ascontiguousarray(matrix.T), "t"))
else:
    nodes.append(node("Transpose", ["w"], ["t"], perm=[1, 0]))
nodes.append(node("MatMul", ["x", "t"], ["scores"]))
graph = helper.make_graph(nodes, "tied", [value("tokens", TensorProto.INT64, ["n"])],
                          [value("e", TensorProto.FLOAT, ["n", 60]), value("scores", TensorProto.FLOAT, ["n", 5003])], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), sys.argv[1])

tokens = np.array([0, 15, 16, 5002, -1, -5003, 17])
os.makedirs(sys.argv[2])
for name, array in (("input_0", tokens), ("output_0", matrix[tokens]), ("output_1", np.tanh(matrix[tokens]) @ matrix.T)):
    onnx.save_tensor(numpy_helper.from_array(array), os.path.join(sys.argv[2], name + ".pb"))
