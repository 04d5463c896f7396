"""Small models of every kind of control and state, with seeded weights."""
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

F32, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
WIDTH, HEADS, HEAD = 16, 2, 8


def value(name, element, shape):
    return helper.make_tensor_value_info(name, element, shape)


def weight(seed, name, *shape):
    numbers = np.random.default_rng(seed).standard_normal(shape) / np.sqrt(shape[0])
    return numpy_helper.from_array(numbers.astype(np.float32), name)


def numbers(name, *elements):
    return numpy_helper.from_array(np.array(elements, np.int64), name)


def model(name, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(m, full_check=True)
    return m


def mlp():
    node = helper.make_node
    nodes = [node("Gemm", ["x", "w1", "b1"], ["h"]), node("Relu", ["h"], ["r"]), node("Gemm", ["r", "w2", "b2"], ["l"]),
             node("Softmax", ["l"], ["y"], axis=-1)]
    weights = [weight(1, "w1", 24, 40), weight(2, "b1", 40), weight(3, "w2", 40, 10), weight(4, "b2", 10)]
    return model("mlp", nodes, [value("x", F32, ["batch", 24])], [value("y", F32, ["batch", 10])], weights)


def left():
    node = helper.make_node
    nodes = [node("Gemm", ["x", "w1", "b1"], ["h"]), node("Sigmoid", ["h"], ["s"]), node("Gemm", ["s", "w2", "b2"], ["y"])]
    weights = [weight(5, "w1", 24, 40), weight(6, "b1", 40), weight(7, "w2", 40, 10), weight(8, "b2", 10)]
    return model("left", nodes, [value("x", F32, ["batch", 24])], [value("y", F32, ["batch", 10])], weights)


def right(twice=False):
    """z = sigmoid(h), or of 2 h."""
    node = helper.make_node
    nodes = [node("Gemm", ["x", "w", "b"], ["h"]), node("Add", ["h", "h"], ["hh"]), node("Sigmoid", ["hh" if twice else "h"], ["z"])]
    weights = [weight(9, "w", 24, 100), weight(10, "b", 100)]
    return model("right", nodes if twice else nodes[::2], [value("x", F32, ["batch", 24])], [value("z", F32, ["batch", 100])], weights)


def decoder():
    """One attention layer: what is new goes behind the cache, then every new position looks at the whole cache."""
    node = helper.make_node
    nodes = []
    for part in "qkv":
        nodes += [node("MatMul", ["hidden", "w" + part], [part + "_flat"]), node("Reshape", [part + "_flat", "split"], [part + "_rows"]),
                  node("Transpose", [part + "_rows"], [part], perm=[0, 2, 1, 3])]
    nodes += [
        node("Concat", ["past_key", "k"], ["present_key"], axis=2),
        node("Concat", ["past_value", "v"], ["present_value"], axis=2),
        node("Transpose", ["present_key"], ["keys"], perm=[0, 1, 3, 2]),
        node("MatMul", ["q", "keys"], ["products"]),
        node("Mul", ["products", "scale"], ["scores"]),
        node("Softmax", ["scores"], ["weights"], axis=-1),
        node("MatMul", ["weights", "present_value"], ["heads"]),
        node("Transpose", ["heads"], ["rows"], perm=[0, 2, 1, 3]),
        node("Reshape", ["rows", "join"], ["joined"]),
        node("MatMul", ["joined", "wo"], ["projected"]),
        node("Add", ["projected", "hidden"], ["out"]),
    ]
    weights = [weight(10 + i, "w" + part, WIDTH, WIDTH) for i, part in enumerate("qkvo")]
    weights += [numbers("split", 0, 0, HEADS, HEAD), numbers("join", 0, 0, WIDTH),
                numpy_helper.from_array(np.float32(HEAD**-0.5), "scale")]
    cache = lambda name, length: value(name, F32, ["batch", HEADS, length, HEAD])
    return model("decoder", nodes, [value("hidden", F32, ["batch", "seq", WIDTH]), cache("past_key", "past"), cache("past_value", "past")],
                 [value("out", F32, ["batch", "seq", WIDTH]), cache("present_key", "total"), cache("present_value", "total")], weights)


def branch():
    """`y` has one shape in both branches, `z` is twice as long in the first."""
    node = helper.make_node
    then = helper.make_graph([node("Add", ["x", "x"], ["y_then"]), node("Concat", ["x", "y_then"], ["z_then"], axis=0)], "then", [],
                             [value("y_then", F32, ["n"]), value("z_then", F32, None)])
    other = helper.make_graph([node("Tanh", ["x"], ["y_else"]), node("Neg", ["x"], ["z_else"])], "else", [],
                              [value("y_else", F32, ["n"]), value("z_else", F32, None)])
    nodes = [node("If", ["flag"], ["y", "chosen"], then_branch=then, else_branch=other), node("Exp", ["chosen"], ["z"])]
    return model("branch", nodes, [value("flag", BOOL, []), value("x", F32, ["n"])], [value("y", F32, ["n"]), value("z", F32, ["m"])])


def loop():
    """v = v * w + i, `count` times; every v is kept."""
    node = helper.make_node
    body = helper.make_graph(
        [node("Mul", ["v_in", "w"], ["scaled"]), node("Cast", ["i"], ["step"], to=F32), node("Add", ["scaled", "step"], ["v_out"]),
         node("Identity", ["go_in"], ["go_out"]), node("Identity", ["v_out"], ["v_kept"])],
        "body", [value("i", I64, []), value("go_in", BOOL, []), value("v_in", F32, [6])],
        [value("go_out", BOOL, []), value("v_out", F32, [6]), value("v_kept", F32, [6])])
    return model("loop", [node("Loop", ["count", "", "v0"], ["v", "history"], body=body)],
                 [value("count", I64, []), value("v0", F32, [6])], [value("v", F32, [6]), value("history", F32, ["steps", 6])],
                 [weight(20, "w", 6)])
