"""The counts that close 'make test'."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run_tests import counts  # noqa: E402


@pytest.mark.parametrize("text, failed, expected", [
    ("some words\n12 passed, 0 failed\n", False, (12, 0, 0)),
    ("12 passed, 3 failed, 4 not run\n", True, (12, 3, 4)),
    ("1 passed, 0 failed\nmore\n2 passed, 0 failed", False, (2, 0, 0)),
    ("Total Discovered Tests: 9\n  Unsupported: 1 (11%)\n  Passed     : 6 (66%)\n  Failed     : 2 (22%)\n", True, (6, 2, 1)),
    ("....\n29 passed in 42.01s\n", False, (29, 0, 0)),
    ("2 failed, 27 passed in 42.01s\n", True, (27, 2, 0)),
    ("2 failed, 27 passed, 3 skipped in 42.01s\n", True, (27, 2, 3)),
    ("28 passed, 1 warning in 3.1s\n", False, (28, 0, 0)),
    ("29 passed in 62.01s (0:01:02)\n", False, (29, 0, 0)),
    ("[==========] 3 tests ran.\n[  PASSED  ] 3 tests.\n", False, (3, 0, 0)),
    ("[  PASSED  ] 1 test.\n[  FAILED  ] 2 tests, listed below:\n[  FAILED  ] A.b\n", True, (1, 2, 0)),
    ("", False, (1, 0, 0)),
    ("Segmentation fault", True, (0, 1, 0)),
    ("5 passed, 0 failed\nSegmentation fault", True, (5, 1, 0)),  # counted well, then died
])
def test_counts(text, failed, expected):
    assert counts(text, failed) == expected
