"""Compares the outputs that a tool wrote with the expected ones of a case."""
import os

import numpy as np
import onnx
from onnx import numpy_helper

PROTOS = {"tensor_type": onnx.TensorProto, "sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}
FLOATS = {onnx.TensorProto.DataType.Value(n) for n in onnx.TensorProto.DataType.keys()
          if n.startswith(("FLOAT", "DOUBLE", "BFLOAT", "COMPLEX"))}


class Mismatch(Exception):
    """brief says what is wrong without figures (for the table), str() says all."""

    def __init__(self, brief, detail=""):
        super().__init__(f"{brief}: {detail}" if detail else brief)
        self.brief = brief


def load(path, kind):
    with open(path, "rb") as f:
        proto = PROTOS[kind]()
        proto.ParseFromString(f.read())
    return proto


def type_name(t):
    return onnx.TensorProto.DataType.Name(t).lower()


def compare_tensor(got, want, where, rtol, atol):
    if got.data_type != want.data_type:
        raise Mismatch(f"{where} has the wrong type", f"{type_name(got.data_type)}, expected {type_name(want.data_type)}")
    if list(got.dims) != list(want.dims):
        raise Mismatch(f"{where} has the wrong shape", f"{list(got.dims)}, expected {list(want.dims)}")
    try:
        g = numpy_helper.to_array(got)
    except Exception as e:
        raise Mismatch(f"{where} is not a readable tensor", str(e).splitlines()[0] if str(e) else type(e).__name__)
    w = numpy_helper.to_array(want)
    if want.data_type not in FLOATS:
        text = lambda a: np.array([s.encode() if isinstance(s, str) else s for s in a.ravel()], object)
        same = text(g) == text(w) if want.data_type == onnx.TensorProto.STRING else (g == w).ravel()
        if not np.all(same):
            i = int(np.argmin(same))
            raise Mismatch(f"{where} differs",
                           f"{int(np.sum(~same))} of {w.size}, first [{i}] {g.ravel()[i]}, expected {w.ravel()[i]}")
        return
    if want.data_type == onnx.TensorProto.BFLOAT16:
        rtol = max(rtol, 2.0 ** -6)  # as onnx's own runner: two units in the last place
    wide = np.complex128 if g.dtype.kind == "c" else np.float64
    g, w = g.astype(wide).ravel(), w.astype(wide).ravel()
    with np.errstate(all="ignore"):
        close = np.isfinite(g) & np.isfinite(w) & (abs(g - w) <= atol + rtol * abs(w))
        same = (g == w) | (np.isnan(g) & np.isnan(w)) | close
    if not np.all(same):
        error = np.where(same, 0, np.nan_to_num(abs(g - w), nan=np.inf, posinf=np.inf))
        i = int(np.argmax(error))
        raise Mismatch(f"{where} differs", f"{int(np.sum(~same))} of {w.size}, worst [{i}] {g[i]}, expected {w[i]}")


def compare(got, want, where, rtol, atol):
    """got and want are Protos of one kind; raises Mismatch."""
    if isinstance(want, onnx.TensorProto):
        return compare_tensor(got, want, where, rtol, atol)
    if isinstance(want, onnx.OptionalProto):
        value = lambda p: next((getattr(p, f) for f in ("tensor_value", "sequence_value", "optional_value") if p.HasField(f)), None)
        g, w = value(got), value(want)
        if (g is None) != (w is None):
            raise Mismatch(f"{where} should{' not' * (w is None)} hold a value")
        if w is None:
            return
        if type(g) is not type(w):
            raise Mismatch(f"{where} holds the wrong kind of value")
        return compare(g, w, where, rtol, atol)
    lists = ("tensor_values", "sequence_values", "optional_values")
    g, w = ([v for f in lists for v in getattr(p, f)] for p in (got, want))
    if len(g) != len(w):
        raise Mismatch(f"{where} has the wrong length", f"{len(g)}, expected {len(w)}")
    for i, (a, b) in enumerate(zip(g, w)):
        if type(a) is not type(b):
            raise Mismatch(f"{where}[{i}] holds the wrong kind of value")
        compare(a, b, f"{where}[{i}]", rtol, atol)


def compare_random(op, got, want, inputs):
    """What ONNX fixes of an operator that draws numbers: types, shapes, and which values can occur."""
    for k, (g, w) in enumerate(zip(got, want)):
        if g.data_type != w.data_type or list(g.dims) != list(w.dims):
            raise Mismatch(f"output {k} has the wrong type or shape")
    values = [numpy_helper.to_array(g) for g in got]
    if op == "Bernoulli":
        if not np.isin(values[0].astype(np.float64), (0, 1)).all():
            raise Mismatch("output 0 has values other than 0 and 1")
    elif op == "Dropout":
        x, ratio = inputs[0].astype(np.float64), float(inputs[1]) if len(inputs) > 1 else 0.5
        y = values[0].astype(np.float64)
        kept = np.isclose(y, x / (1 - ratio), rtol=1e-3, atol=1e-7)
        if not (kept | (y == 0)).all() or ratio == 0 and not kept.all():
            raise Mismatch("output 0 has values other than 0 and x / (1 - ratio)")
        if len(values) > 1 and (values[1] != (y != 0))[x != 0].any():
            raise Mismatch("output 1 does not say what output 0 kept")


def check(case_dir, out_dir, facts):
    """Raises Mismatch unless out_dir/output_K.pb are what the case expects."""
    data = os.path.join(case_dir, "test_data_set_0")
    got, want = [], []
    for k, kind in enumerate(facts["outputs"]):
        path = os.path.join(out_dir, f"output_{k}.pb")
        if not os.path.exists(path):
            raise Mismatch(f"output {k} was not written")
        try:
            got.append(load(path, kind))
        except Exception:
            raise Mismatch(f"output {k} is not a readable {PROTOS[kind].DESCRIPTOR.name}")
        want.append(load(os.path.join(data, f"output_{k}.pb"), kind))
    if facts["random"]:
        inputs = []
        while os.path.exists(path := os.path.join(data, f"input_{len(inputs)}.pb")):
            inputs.append(numpy_helper.to_array(load(path, "tensor_type")))
        return compare_random(facts["op"], got, want, inputs)
    for k, (g, w) in enumerate(zip(got, want)):
        compare(g, w, f"output {k}", facts["rtol"], facts["atol"])
