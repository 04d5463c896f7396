"""The comparison of whole models."""
import os
import sys

import numpy as np
import pytest
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from models import differs  # noqa: E402

NAN = float("nan")


@pytest.mark.parametrize("got, want, same", [
    ([1.0, 100.009], [1.0, 100.0], True),  # 1e-4 of the largest, for all elements
    ([1.009, 100.0], [1.0, 100.0], True),
    ([1.0, 100.011], [1.0, 100.0], False),
    ([0.9e-6], [0.0], True),
    ([1.1e-6], [0.0], False),
    ([NAN, 1.0], [NAN, 1.0], True),
    ([NAN, 1.0], [1.0, 1.0], False),
    ([1.0, 1.0], [NAN, 1.0], False),
    ([float("inf")], [float("-inf")], False),
    ([[1.0]], [1.0], False),
    ([3], [3], True),
    ([3], [4], False),
    ([3.0], [3], False),
])
def test_tolerance(tmp_path, got, want, same):
    for folder, value in (("got", got), ("want", want)):
        os.mkdir(tmp_path / folder)
        (tmp_path / folder / "output_0.pb").write_bytes(numpy_helper.from_array(np.array(value)).SerializeToString())
    assert (differs(tmp_path / "got", tmp_path / "want") == "") is same


def test_nothing_to_compare_is_an_error(tmp_path):
    assert differs(tmp_path, tmp_path)
    (tmp_path / "output_0.pb").write_bytes(numpy_helper.from_array(np.zeros(1)).SerializeToString())
    os.mkdir(tmp_path / "empty")
    assert differs(tmp_path / "empty", tmp_path) == "output 0 was not saved"
