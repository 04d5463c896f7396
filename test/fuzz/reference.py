"""Cases: a model, its inputs and what a call of it must give; written as folders, run by a conformance tool, judged."""
import dataclasses
import os
import shutil
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "conformance"))
import compare  # noqa: E402
import driver  # noqa: E402
from cases import value_proto  # noqa: E402

OPSET, IR_VERSION = 20, 10
BLAMES = ("invalid argument", "shape mismatch", "limit exceeded", "bad input data")  # ingot_status_name

onnxruntime.set_default_logger_severity(4)


@dataclasses.dataclass
class Case:
    name: str
    model: onnx.ModelProto
    inputs: dict     # name: array
    expected: dict   # output's name: array; None where the call or the model must be refused
    tolerance: dict  # output's name: largest absolute difference; 0 is exact


def make_model(nodes, inputs, outputs, initializers):
    """The lists hold NodeProtos, ValueInfoProtos and TensorProtos."""
    graph = helper.make_graph(nodes, "fuzz", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def session(model):
    """onnxruntime without its optimisations: they have bugs of their own, and round differently."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def evaluate(model, inputs):
    names = [o.name for o in model.graph.output]
    return dict(zip(names, session(model).run(names, inputs)))


def write(case, folder):
    """The folder that the tool's protocol asks for, with tolerance.txt, a line an output, for reduce.py."""
    shutil.rmtree(folder, ignore_errors=True)
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    onnx.save(case.model, os.path.join(folder, "model.onnx"))
    graph, refused = case.model.graph, case.expected is None
    written = [("input", graph.input, case.inputs)] + ([] if refused else [("output", graph.output, case.expected)])
    for prefix, infos, values in written:
        for k, info in enumerate(infos):
            with open(os.path.join(data, f"{prefix}_{k}.pb"), "wb") as f:
                f.write(value_proto(values[info.name], info.name, info.type).SerializeToString())
    if not refused:
        with open(os.path.join(folder, "tolerance.txt"), "w", encoding="utf-8") as f:
            f.writelines(f"{o.name} {case.tolerance[o.name]!r}\n" for o in graph.output)


def read(folder):
    model = onnx.load(os.path.join(folder, "model.onnx"))
    tensors = lambda prefix, infos: {
        info.name: numpy_helper.to_array(compare.load(os.path.join(folder, "test_data_set_0", f"{prefix}_{k}.pb"), "tensor_type"))
        for k, info in enumerate(infos)}
    path, expected, tolerance = os.path.join(folder, "tolerance.txt"), None, None
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            tolerance = {name: float(value) for name, value in map(str.split, f)}
        expected = tensors("output", model.graph.output)
    return Case(os.path.basename(os.path.normpath(folder)), model, tensors("input", model.graph.input), expected, tolerance)


def refusal(answer):
    """Did the compiler refuse the model with a diagnostic, or the library the call with a status that blames its arguments?"""
    return answer["status"] == "unsupported" or answer["status"] == "run_error" and answer["reason"].startswith(BLAMES)


def judge(case, answer, out):
    """What is wrong, or an empty string."""
    if case.expected is None:
        if refusal(answer):
            return ""
        return "must be refused, and is not" if answer["status"] == "ok" else f"{answer['status']}: {answer['reason']}"
    if answer["status"] != "ok":
        return f"{answer['status']} in {answer['stage']}: {answer['reason']}"
    for k, output in enumerate(case.model.graph.output):
        try:
            got = compare.load(os.path.join(out, case.name, f"output_{k}.pb"), "tensor_type")
            want = numpy_helper.from_array(np.asarray(case.expected[output.name]))
            compare.compare_tensor(got, want, f"'{output.name}'", 0, case.tolerance[output.name])
        except compare.Mismatch as e:
            return str(e)
    return ""


def run(tool, cases, work, jobs, progress=lambda done: None):
    """{name: what is wrong} of all cases; their folders are left in work/cases."""
    shutil.rmtree(os.path.join(work, "out"), ignore_errors=True)
    folders = {case.name: os.path.join(work, "cases", case.name) for case in cases}
    for case in cases:
        write(case, folders[case.name])
    runner = driver.Driver(tool, work, jobs, timeout=60, batch=512, progress=progress)
    answers = runner.run(list(folders.values()))
    return {case.name: judge(case, answers[case.name], runner.out) for case in cases}
