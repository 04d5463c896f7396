"""The node tests of the installed onnx package, written as folders that any tool can read.

Each case becomes DIR/<case>/model.onnx and DIR/<case>/test_data_set_0/{input,output}_K.pb; DIR/cases.json says
what else the comparison and the table need. The same onnx package always gives the same bytes.
"""
import hashlib
import json
import os
import random
import shutil
import warnings

import numpy as np
import onnx
from onnx import helper, numpy_helper

SEED = 0
RANDOM_OPS = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}


def collect():
    """[(TestCase, NodeProto)] in the order of their names; NodeProto is the operator under test."""
    np.random.seed(SEED)  # the cases draw their data when their modules are imported
    random.seed(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import onnx.backend.test.case.node as node
        found = node.collect_testcases(None)
    under_test = node._existing_names
    result = []
    for case in sorted(found, key=lambda c: c.name):
        # "test_x_expanded_ver18" is "test_x" with the operator replaced by its function body.
        origin = case.name.split("_expanded")[0] if case.name not in under_test else case.name
        result.append((case, under_test[origin]))
    return result


def tensor_proto(value, name, elem_type):
    if isinstance(value, onnx.TensorProto):
        copy = onnx.TensorProto()
        copy.CopyFrom(value)
        copy.name = name
        return copy
    value = np.asarray(value)
    if value.dtype == object or value.dtype.kind in "US":
        return helper.make_tensor(name, onnx.TensorProto.STRING, value.shape,
                                  [s if isinstance(s, bytes) else str(s).encode() for s in value.ravel()])
    if value.size == 0 and elem_type:
        return helper.make_tensor(name, elem_type, value.shape, b"", raw=True)
    return numpy_helper.from_array(value, name)


def value_proto(value, name, type_proto):
    """The Proto whose kind is what the graph declares: TensorProto, SequenceProto or OptionalProto."""
    kind = type_proto.WhichOneof("value")
    if kind == "tensor_type":
        return tensor_proto(value, name, type_proto.tensor_type.elem_type)
    if kind == "sequence_type":
        inner = type_proto.sequence_type.elem_type
        proto = onnx.SequenceProto(name=name)
        nested = inner.WhichOneof("value") == "sequence_type"
        proto.elem_type = onnx.SequenceProto.SEQUENCE if nested else onnx.SequenceProto.TENSOR
        values = proto.sequence_values if nested else proto.tensor_values
        values.extend(value_proto(v, "", inner) for v in value)
        return proto
    assert kind == "optional_type", kind
    inner = type_proto.optional_type.elem_type
    proto = onnx.OptionalProto(name=name)
    if isinstance(value, onnx.OptionalProto):
        proto.CopyFrom(value)
    elif value is None:
        proto.elem_type = onnx.OptionalProto.UNDEFINED
    elif inner.WhichOneof("value") == "sequence_type":
        proto.elem_type = onnx.OptionalProto.SEQUENCE
        proto.sequence_value.CopyFrom(value_proto(value, "", inner))
    else:
        proto.elem_type = onnx.OptionalProto.TENSOR
        proto.tensor_value.CopyFrom(value_proto(value, "", inner))
    return proto


def is_random(model):
    """Do the outputs depend on a random generator, which ONNX leaves to the implementation?"""
    def nodes(graph):
        for n in graph.node:
            yield n
            for a in n.attribute:
                for g in [a.g] * a.HasField("g") + list(a.graphs):
                    yield from nodes(g)
    return any(n.op_type in RANDOM_OPS or n.op_type == "Dropout" and any(n.input[2:3]) for n in nodes(model.graph))


def export(folder):
    """Write the cases, unless they are there already. Returns {case: facts}."""
    index = os.path.join(folder, "cases.json")
    with open(__file__, "rb") as f:
        recipe = f"onnx {onnx.__version__} numpy {np.__version__} {hashlib.sha256(f.read()).hexdigest()[:16]}"
    try:
        with open(index, encoding="utf-8") as f:
            known = json.load(f)
        if known["recipe"] == recipe:
            return known["cases"]
    except (OSError, ValueError, KeyError):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    facts = {}
    for case, node in collect():
        where = os.path.join(folder, case.name)
        data = os.path.join(where, "test_data_set_0")
        os.makedirs(data)
        with open(os.path.join(where, "model.onnx"), "wb") as f:
            f.write(case.model.SerializeToString(deterministic=True))
        graph = case.model.graph
        (inputs, outputs), = case.data_sets
        for prefix, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
            assert len(values) == len(infos), case.name
            for k, (value, info) in enumerate(zip(values, infos)):
                with open(os.path.join(data, f"{prefix}_{k}.pb"), "wb") as f:
                    f.write(value_proto(value, info.name, info.type).SerializeToString(deterministic=True))
        facts[case.name] = {
            "op": node.op_type, "domain": node.domain or "ai.onnx", "rtol": case.rtol, "atol": case.atol,
            "outputs": [o.type.WhichOneof("value") for o in graph.output],
            "random": is_random(case.model)}
    with open(index, "w", encoding="utf-8") as f:
        json.dump({"recipe": recipe, "cases": facts}, f, indent=0, sort_keys=True)
    return facts
