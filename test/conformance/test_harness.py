"""The harness itself, with onnxruntime in the compiler's place (fake_tool.py)."""
import os
import sys

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import compare  # noqa: E402
import conformance  # noqa: E402
import driver  # noqa: E402
import report  # noqa: E402

TOOL = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_tool.py")]
CASES = "^test_(add|relu|abs|sum_|split_to_sequence_1|optional_get_element|string_concat$|cast_FLOAT_to_BFLOAT16$)"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return str(tmp_path_factory.mktemp("conformance"))


def run(work, monkeypatch, batch=100, **env):
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    return conformance.run(TOOL, work, jobs=2, timeout=4, batch=batch, pattern=CASES)


def bad(results):
    return {n: r["status"] for n, r in results.items() if r["status"] not in ("pass", "unsupported")}


def test_enumerates_the_whole_suite(work):
    facts = cases.export(os.path.join(work, "cases"))
    assert onnx.__version__ == "1.23.2" and len(facts) == 1884
    assert all(n.startswith("test_") for n in facts)
    assert {k for f in facts.values() for k in f["outputs"]} == {"tensor_type", "sequence_type", "optional_type"}


def test_expected_outputs_match_themselves(work):
    folder = os.path.join(work, "cases")
    for name, facts in cases.export(folder).items():
        if not facts["random"] or facts["op"] == "Bernoulli":
            compare.check(os.path.join(folder, name), os.path.join(folder, name, "test_data_set_0"), facts)


def test_all_sound_cases_pass(work, monkeypatch):
    results = run(work, monkeypatch)
    assert len(results) > 20 and not bad(results)
    assert results["test_add"]["status"] == "pass" and results["test_string_concat"]["status"] == "pass"


@pytest.mark.parametrize("shy", ["", "1"])
def test_a_crash_costs_one_case(work, monkeypatch, shy):
    results = run(work, monkeypatch, FAKE_CRASH="test_add,test_relu", FAKE_SHY=shy)
    assert bad(results) == {"test_add": "crash", "test_relu": "crash"}
    assert results["test_add"]["reason"] == "the tool died: SIGABRT"


def test_a_hang_costs_one_case(work, monkeypatch):
    assert bad(run(work, monkeypatch, FAKE_HANG="test_abs")) == {"test_abs": "timeout"}


def test_wrong_values_are_found(work, monkeypatch):
    results = run(work, monkeypatch, FAKE_WRONG="test_sum_one_input,test_abs")
    assert bad(results) == {"test_sum_one_input": "mismatch", "test_abs": "mismatch"}
    assert results["test_abs"]["brief"] == "output 0 differs"


def test_baseline_catches_both_directions():
    results = {n: {"status": s, "reason": "why"} for n, s in (("a", "pass"), ("b", "mismatch"), ("c", "pass"))}
    said = []
    assert conformance.judge(results, {"a", "b", "z"}, True, said.append) == 3
    assert [s.split()[:2] for s in said] == [["REGRESSION", "b:"], ["UNKNOWN", "z:"], ["UNRECORDED", "c:"]]
    assert conformance.judge(results, {"a", "c"}, True, said.append) == 0


def test_table_is_deterministic():
    row = lambda s, why: {"status": s, "brief": why, "op": "Add", "domain": "ai.onnx"}
    rows = {"t1": row("pass", ""), "t2": row("crash", "at 0x7f01 in /tmp/x1/y.cpp"), "t3": row("crash", "at 0x8 in /tmp/x2/y.cpp")}
    table = report.markdown(rows)
    assert table == report.markdown(dict(reversed(rows.items())))
    assert "| Add | 1 | 3 | 2 crash |" in table and "| crash | at 0x… in … | 2 | `t2`, `t3` |" in table


T = lambda a, t=None: numpy_helper.from_array(np.array(a, t))
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("got, want, same", [
    (T([1.0, NAN, INF]), T([1.0005, NAN, INF]), True),
    (T([1.0]), T([1.01]), False),
    (T([NAN]), T([1.0]), False),
    (T([INF]), T([-INF]), False),
    (T([1e30], np.float32), T([INF], np.float32), False),
    (T([1.0]), T([INF]), False),
    (T([1], np.int64), T([1], np.int32), False),
    (T([1000001]), T([1000000]), False),
    (T([[1.0]]), T([1.0]), False),
    (T(["a"], object), T(["a"], object), True),
    (T(["a"], object), T(["b"], object), False),
    (T(np.zeros((0, 3))), T(np.zeros((0, 3))), True),
    (T(np.zeros((0, 3))), T(np.zeros((3, 0))), False),
    (T(True), T(False), False),
    (T([1 + 1j], np.complex64), T([1 + 1j], np.complex64), True),
    (onnx.SequenceProto(elem_type=1, tensor_values=[T(1.0)]), onnx.SequenceProto(elem_type=1, tensor_values=[T(1.0)]), True),
    (onnx.SequenceProto(elem_type=1, tensor_values=[T(1.0)]), onnx.SequenceProto(elem_type=1), False),
    (onnx.OptionalProto(elem_type=1, tensor_value=T(1.0)), onnx.OptionalProto(elem_type=1, tensor_value=T(1.0)), True),
    (onnx.OptionalProto(elem_type=1, tensor_value=T(0.0)), onnx.OptionalProto(), False),
    (onnx.OptionalProto(), onnx.OptionalProto(elem_type=1), True),
])
def test_comparison(got, want, same):
    if same:
        compare.compare(got, want, "x", 1e-3, 1e-7)
    else:
        with pytest.raises(compare.Mismatch):
            compare.compare(got, want, "x", 1e-3, 1e-7)
