#!/usr/bin/env python3
"""The characters that PP-OCR's recogniser lists in its metadata, one a line: python characters.py MODEL.onnx FILE"""
import sys

import onnx


def write_characters(model, path):
    listed, = (p.value for p in onnx.load(model).metadata_props if p.key == "character")
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write("".join(c + "\n" for c in listed.splitlines()))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write_characters(*sys.argv[1:])
