#!/usr/bin/env python3
"""Speaks the protocol of ingot-conformance with onnxruntime behind it: the test of the harness, and the peer's table.

FAKE_CRASH, FAKE_HANG, FAKE_WRONG: names of cases at which it dies, stalls or writes nonsense.
FAKE_SHY=1 leaves out the "event" lines.
"""
import argparse
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import compare  # noqa: E402

NAMES = lambda key: set(os.environ.get(key, "").split(","))


def feed(proto):
    if isinstance(proto, onnx.TensorProto):
        value = numpy_helper.to_array(proto)
        if value.dtype.kind not in "fiubcO" or proto.data_type == onnx.TensorProto.BFLOAT16:
            raise NotImplementedError(f"Python cannot feed {compare.type_name(proto.data_type)} to onnxruntime")
        return value
    if isinstance(proto, onnx.SequenceProto):
        return [feed(v) for v in proto.tensor_values]
    held = [getattr(proto, f) for f in ("tensor_value", "sequence_value") if proto.HasField(f)]
    return feed(held[0]) if held else None


def run_case(folder, out):
    model = onnx.load(os.path.join(folder, "model.onnx"))
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as e:
        return "unsupported", "import", str(e).splitlines()[0][:150]
    data = os.path.join(folder, "test_data_set_0")
    try:
        feeds = {i.name: feed(compare.load(os.path.join(data, f"input_{k}.pb"), i.type.WhichOneof("value")))
                 for k, i in enumerate(model.graph.input)}
        values = session.run(None, feeds)
    except NotImplementedError as e:
        return "unsupported", "import", str(e)
    except Exception as e:
        return "run_error", "run", str(e).splitlines()[0][:150]
    os.makedirs(out, exist_ok=True)
    for k, (value, info) in enumerate(zip(values, model.graph.output)):
        if os.path.basename(folder) in NAMES("FAKE_WRONG") and isinstance(value, np.ndarray):
            value = value + np.ones_like(value) if value.dtype.kind in "fiu" else ~value
        with open(os.path.join(out, f"output_{k}.pb"), "wb") as f:
            f.write(cases.value_proto(value, info.name, info.type).SerializeToString())
    return "ok", "run", ""


def main():
    ap = argparse.ArgumentParser()
    for name in ("--list", "--out", "--results"):
        ap.add_argument(name, required=True)
    ap.add_argument("--jobs", type=int, default=1)
    ap.add_argument("--timeout", type=float, default=60)
    a = ap.parse_args()
    lock = threading.Lock()
    sink = open(a.results, "a", encoding="utf-8")

    def report(line):
        with lock:
            sink.write(json.dumps(line) + "\n")
            sink.flush()

    def one(folder):
        case = os.path.basename(folder)
        if not os.environ.get("FAKE_SHY"):
            report({"case": case, "event": "begin"})
        if case in NAMES("FAKE_CRASH"):
            os.abort()
        if case in NAMES("FAKE_HANG"):
            time.sleep(3600)
        status, stage, reason = run_case(folder, os.path.join(a.out, case))
        report({"case": case, "status": status, "stage": stage, "reason": reason})

    with open(a.list, encoding="utf-8") as f:
        folders = f.read().splitlines()
    with ThreadPoolExecutor(a.jobs) as pool:
        list(pool.map(one, folders))


if __name__ == "__main__":
    main()
