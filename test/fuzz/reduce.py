#!/usr/bin/env python3
"""Makes the model of a failed case smaller while it fails in the same way, and prints it.

    reduce.py build/fuzz/cases/seed_161 --tool build/bin/ingot-conformance

First only one output is kept; then, as long as that helps, a value inside becomes an input that is fed what onnxruntime
computes for it. The result is written beside the case, as CASE.reduced.
"""
import argparse
import dataclasses
import os
import sys
import tempfile

import onnx
import onnx.printer
from onnx import helper

import reference


def reads(node):
    """Names of the values that a node takes, those that its subgraphs take from outside included."""
    names = set(node.input)
    for attribute in node.attribute:
        for graph in [attribute.g] * attribute.HasField("g") + list(attribute.graphs):
            names |= {o.name for o in graph.output}
            for inner in graph.node:
                names |= reads(inner)
    return names - {""}


def pruned(case, outputs):
    """The case with these outputs and what they need."""
    needed, nodes, graph = set(outputs), [], case.model.graph
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.insert(0, node)
            needed |= reads(node)
    kept = lambda items, names: [item for item in items if item.name in names]
    model = reference.make_model(nodes, kept(graph.input, needed), kept(graph.output, outputs), kept(graph.initializer, needed))
    return dataclasses.replace(case, model=model, inputs={i.name: case.inputs[i.name] for i in model.graph.input})


def cut(case, name, value):
    """The case with a value inside as an input."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for node in model.graph.node:
        node.output[:] = [f"{name}_unused" if o == name else o for o in node.output]
    model.graph.input.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    whole = dataclasses.replace(case, model=model, inputs={**case.inputs, name: value})
    return pruned(whole, [o.name for o in model.graph.output])


def inner_values(case):
    """{name: value} of all that nodes compute and that is no output."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    outputs = {o.name for o in model.graph.output}
    names = [o for node in model.graph.node for o in node.output if o and o not in outputs]
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
    return reference.evaluate(model, case.inputs) if names else {}


def kind(difference):
    """How a case fails, without the names and figures that change on the way."""
    return "differs" if difference.startswith("'") else difference.split(":")[0]


def size(case):
    return len(case.model.graph.node), len(case.model.graph.input)


class Reducer:
    def __init__(self, tool, work, jobs):
        self.tool, self.work, self.jobs = tool, work, jobs

    def differences(self, cases):
        numbered = [dataclasses.replace(case, name=f"candidate_{i}") for i, case in enumerate(cases)]
        return list(reference.run(self.tool, numbered, self.work, self.jobs).values())

    def smallest(self, candidates, wanted):
        """Of those that fail as wanted, or None."""
        failing = [c for c, d in zip(candidates, self.differences(candidates)) if d and kind(d) == wanted]
        return min(failing, key=size, default=None)

    def reduce(self, case):
        wanted = kind(self.differences([case])[0])
        if not wanted:
            return None
        candidate = self.smallest([pruned(case, [o.name]) for o in case.model.graph.output], wanted)
        while candidate and size(candidate) < size(case):
            case = candidate
            candidate = self.smallest([cut(case, name, value) for name, value in inner_values(case).items()], wanted)
        return case


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("case", help="folder of a case that failed")
    ap.add_argument("--tool", required=True, nargs="+", help="as of fuzz.py")
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    a = ap.parse_args()
    case = reference.read(a.case)
    if case.expected is None:
        sys.exit(f"{case.name}: the model must be refused, there is nothing to compare")
    with tempfile.TemporaryDirectory() as work:
        reducer = Reducer(a.tool, work, a.jobs)
        case = reducer.reduce(case)
        if not case:
            sys.exit(f"{a.case}: passes")
        print(onnx.printer.to_text(case.model))
        print(reducer.differences([case])[0])
    folder = os.path.normpath(a.case) + ".reduced"
    reference.write(case, folder)
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
