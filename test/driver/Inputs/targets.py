"""A model with every layout that depends on a target: factors of many, of odd and of few columns, one packed while running, convolutions
dense and depthwise. python targets.py MODEL"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

node, value = helper.make_node, helper.make_tensor_value_info


def weight(name, *shape):
    numbers = np.random.default_rng(len(name)).standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    return numpy_helper.from_array(numbers.astype(np.float32), name)


nodes = [
    node("Conv", ["x", "dense"], ["c"], pads=[1, 1, 1, 1]),
    node("Relu", ["c"], ["r"]),
    node("Conv", ["r", "depthwise"], ["d"], group=48, pads=[1, 1, 1, 1]),
    node("Reshape", ["d", "rows"], ["e"]),
    node("MatMul", ["e", "many"], ["m"]),
    node("MatMul", ["m", "odd"], ["o"]),
    node("MatMul", ["o", "few"], ["y"]),
    node("Transpose", ["o"], ["columns"], perm=[1, 0]),
    node("MatMul", ["o", "columns"], ["z"]),
]
weights = [weight("dense", 48, 3, 3, 3), weight("depthwise", 48, 1, 3, 3), weight("many", 64, 256), weight("odd", 256, 100),
           weight("few", 100, 7), numpy_helper.from_array(np.array([-1, 64], np.int64), "rows")]
graph = helper.make_graph(nodes, "targets", [value("x", TensorProto.FLOAT, [1, 3, 8, 8])],
                          [value("y", TensorProto.FLOAT, [48, 7]), value("z", TensorProto.FLOAT, [48, 48])], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), sys.argv[1])
