#!/usr/bin/env python3
"""onnx_text.py FILE: writes the model that FILE holds in ONNX's text form to stdout, checked.

Text form, for example:

    # RUN: %onnx-model %s > %t.onnx && ingot compile %t.onnx --emit nn | FileCheck %s
    # CHECK: nn.add
    <ir_version: 10, opset_import: ["" : 22]>
    add (float[batch, 4] x, float[4] y) => (float[batch, 4] z) { z = Add(x, y) }
"""
import sys

import onnx
import onnx.parser


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        text = "".join(l for l in f if not l.lstrip().startswith("#"))
    model = onnx.parser.parse_model(text)
    onnx.checker.check_model(model)
    sys.stdout.buffer.write(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
