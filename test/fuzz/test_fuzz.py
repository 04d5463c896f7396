"""The fuzzer itself, with onnxruntime in the compiler's place (../conformance/fake_tool.py)."""
import os
import sys

import numpy as np
import onnx
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import graph  # noqa: E402
import graphs  # noqa: E402
import reduce  # noqa: E402
import reference  # noqa: E402
import regressions  # noqa: E402

TOOL = [sys.executable, os.path.join(HERE, os.pardir, "conformance", "fake_tool.py")]


@pytest.fixture(scope="module")
def some_cases():
    return [graphs.generate(seed) for seed in range(10)]


@pytest.fixture
def work(tmp_path):
    return str(tmp_path)


def test_a_seed_is_a_case(some_cases):
    again = graphs.generate(3)
    assert again.model.SerializeToString(deterministic=True) == some_cases[3].model.SerializeToString(deterministic=True)
    assert again.tolerance == some_cases[3].tolerance
    for values in ("inputs", "expected"):
        for name, value in getattr(some_cases[3], values).items():
            np.testing.assert_array_equal(getattr(again, values)[name], value)


def test_every_operator_is_drawn_and_fits(monkeypatch):
    fitted = set()

    def recorded(name, function):
        def draw(g):
            function(g)
            fitted.add(name)
        return draw

    monkeypatch.setattr(graphs, "OPERATORS", {name: (recorded(name, function), weight)
                                              for name, (function, weight) in graphs.OPERATORS.items()})
    cases = [graphs.generate(seed) for seed in range(200)]
    assert fitted == set(graphs.OPERATORS)
    for case in cases:
        onnx.checker.check_model(case.model)
    assert sum(any(d.dim_param for i in c.model.graph.input for d in i.type.tensor_type.shape.dim) for c in cases) > 40


def test_most_outputs_are_exact_and_the_others_have_small_tolerances(some_cases):
    relative = [case.tolerance[name] / graph.largest(value) if case.tolerance[name] else 0
                for case in some_cases for name, value in case.expected.items() if value.dtype == graph.F32]
    assert np.mean(np.array(relative) == 0) > 0.4 and max(relative) <= graph.WORST and np.median(relative) < 1e-5


def test_sound_results_pass(some_cases, work):
    assert set(reference.run(TOOL, some_cases, work, jobs=2).values()) == {""}


def test_wrong_results_and_crashes_are_found(some_cases, work, monkeypatch):
    monkeypatch.setenv("FAKE_WRONG", "seed_2")
    monkeypatch.setenv("FAKE_CRASH", "seed_5")
    differences = reference.run(TOOL, some_cases, work, jobs=2)
    assert {name for name, difference in differences.items() if difference} == {"seed_2", "seed_5"}
    assert "differs" in differences["seed_2"] and differences["seed_5"].startswith("crash")


def test_cases_survive_their_folder(some_cases, work):
    case = some_cases[1]
    reference.write(case, os.path.join(work, case.name))
    again = reference.read(os.path.join(work, case.name))
    assert again.name == case.name and again.model == case.model and again.tolerance == case.tolerance
    assert all(np.array_equal(again.expected[name], value) for name, value in case.expected.items())


@pytest.mark.parametrize("status, reason, refused", [
    ("unsupported", "Squeeze: axes", True), ("run_error", "shape mismatch: n is 2, expected 3", True), ("ok", "", False),
    ("run_error", "crashed: SIGSEGV", False), ("run_error", "an output is cut off", False),
    ("compile_error", "crashed: SIGABRT", False)])
def test_a_crash_is_no_refusal(status, reason, refused):
    case = reference.Case("case", onnx.ModelProto(), {}, None, None)
    assert (reference.judge(case, {"status": status, "stage": "run", "reason": reason}, "") == "") == refused


def test_regression_cases_have_names_of_their_own():
    names = [case.name for case in regressions.cases()]
    assert len(names) == len(set(names))


def test_a_failure_is_reduced_to_one_node(work, monkeypatch):
    case = max((graphs.generate(seed) for seed in range(4)), key=reduce.size)
    monkeypatch.setenv("FAKE_WRONG", ",".join(f"candidate_{i}" for i in range(50)))
    reduced = reduce.Reducer(TOOL, work, 2).reduce(case)
    assert reduce.size(case)[0] > 3 and reduce.size(reduced)[0] == 1
    monkeypatch.setenv("FAKE_WRONG", "")
    assert reduce.Reducer(TOOL, work, 2).reduce(case) is None
