"""What `ingot bench --profile` says of a compiled folder: every step of a run, counted, named after nodes of the model."""
import json
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F32, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
COUNT = 4  # iterations of the loop


def value(name, element, shape):
    return helper.make_tensor_value_info(name, element, shape)


def control():
    """A branch, and behind it v = v * w + x, `count` times: steps that a run does never, once and several times."""
    node = helper.make_node
    then = helper.make_graph([node("Exp", ["x"], ["e"])], "then", [], [value("e", F32, [6])])
    other = helper.make_graph([node("Tanh", ["x"], ["t"])], "else", [], [value("t", F32, [6])])
    body = helper.make_graph([node("Mul", ["v_in", "w"], ["scaled"]), node("Add", ["scaled", "x"], ["v_out"]), node("Identity", ["go_in"], ["go_out"])],
                             "body", [value("i", I64, []), value("go_in", BOOL, []), value("v_in", F32, [6])], [value("go_out", BOOL, []), value("v_out", F32, [6])])
    nodes = [node("If", ["flag"], ["v0"], then_branch=then, else_branch=other), node("Loop", ["count", "", "v0"], ["v"], body=body)]
    weights = [numpy_helper.from_array(np.linspace(0, 1, 6, dtype=np.float32), "w")]
    graph = helper.make_graph(nodes, "control", [value("flag", BOOL, []), value("count", I64, []), value("x", F32, [6])], [value("v", F32, [6])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def control_inputs(flag):
    return [np.array(flag), np.array(COUNT, np.int64), np.ones(6, np.float32)]


def write_data(folder, model, inputs, states=()):
    """A data set; what the state keeps has no file."""
    os.makedirs(folder, exist_ok=True)
    names = [i.name for i in model.graph.input if i.name not in states]
    number = {i.name: k for k, i in enumerate(model.graph.input)}
    for name, x in zip(names, inputs):
        with open(os.path.join(folder, f"input_{number[name]}.pb"), "wb") as f:
            f.write(numpy_helper.from_array(np.asarray(x), name).SerializeToString())


def labels(graph):
    """What comments and reports may call the nodes and values of a model, subgraphs included."""
    out = set()
    for n in graph.node:
        out |= {n.name, *n.output, *(f"{o} ({n.op_type})" for o in n.output)}
        for a in n.attribute:
            if a.type == onnx.AttributeProto.GRAPH:
                out |= labels(a.g)
    return out


def problems(printed, library, model):
    """What is wrong with the JSON; and its steps."""
    with open(os.path.join(library, "report", "report.json"), encoding="utf-8") as f:
        report = json.load(f)
    profile = json.loads(printed)["profile"]
    steps, between = profile["steps"], profile["between"]
    wrong = []
    if not steps or [s["name"] for s in steps] != [s["name"] for s in report["steps"]] or [s["step"] for s in steps] != list(range(len(steps))):
        wrong.append("the steps are not those of the report")
    if [s["nodes"] for s in steps] != [s["nodes"] for s in report["steps"]]:
        wrong.append("the nodes are not those of the report")
    known, kernels = labels(model.graph), {k["name"] for k in report["kernels"]}
    if not any(n in known for s in steps for n in s["nodes"]):
        wrong.append("no step has a node of the model")
    if abs(sum(s["share"] for s in steps) + between["share"] - 1) > 1e-6:
        wrong.append("the shares do not make a whole")
    for s in [*steps, between]:
        if not 0 <= s["min_ms"] <= s["median_ms"] or not 0 <= s["share"] <= 1:
            wrong.append(f"impossible times: {s}")
    for s in steps:
        if (s["calls"] == 0) != (s["median_ms"] == 0):
            wrong.append(f"time without calls, or calls without time: {s}")
        # A template has no tiles and no grain. A kernel has none of an empty tensor alone; no range needs more tiles than there are.
        least, most = (min(s["tiles"], 1), max(s["tiles"], 1)) if s["name"] in kernels else (0, 0)
        if s["calls"] and not (0 <= s["tiles"] and least <= s["grain"] <= most and (most or not s["tiles"])):
            wrong.append(f"an impossible grid: {s}")
        if s["calls"] == 0 and s["flop"]:
            wrong.append(f"work that is not done: {s}")
    if profile["runs"] < 5 or not 0 < profile["min_ms"] <= profile["median_ms"]:
        wrong.append(f"runs: {profile['runs']}, {profile['min_ms']} ms, {profile['median_ms']} ms")
    return wrong, steps
