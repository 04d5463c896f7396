#!/usr/bin/env python3
"""The demo: from a model on PyPI to text read by a small C++ program.

Fetches PP-OCRv4's recogniser, compiles it with Ingot, builds the program in this folder against the library and
lets it read the pictures.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import driver  # noqa: E402
import ppocr  # noqa: E402


def main():
    demo = driver.Demo(__file__, __doc__)
    model = ppocr.recogniser(demo)
    library, characters = os.path.splitext(model)[0], os.path.join(demo.work, "characters.txt")
    demo.build()

    with open(demo.path("pictures", "expected.txt"), encoding="utf-8") as f:
        expected = dict(l.rstrip("\n").split("\t") for l in f)
    demo.step("reading pictures of text")
    read = {}
    for l in demo.run("ocr", characters, *(demo.path("pictures", name) for name in expected)).splitlines():
        name, text, confidence, spent = l.split("\t")
        read[name] = text
        print(f"   {name:14} {text:32} confidence {confidence}, {spent}")
    for name, text in expected.items():
        demo.expect(name, read.get(name), text)
    where = lambda *parts: os.path.relpath(os.path.join(*parts))
    print(f"""
The library: {where(library, 'lib', 'libppocrv4_rec.a')}
Its header:  {where(library, 'ppocrv4_rec.hpp')}
Its report:  {where(library, 'report', 'report.json')}
The program: {where(demo.path('main.cpp'))}
Next: {where(demo.work, 'build', 'ocr')} {where(characters)} YOUR_LINE_OF_TEXT.png""")
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
