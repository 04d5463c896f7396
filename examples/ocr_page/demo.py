#!/usr/bin/env python3
"""Reads pages with three networks in one program, and compares text, place and direction with what was drawn."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import driver  # noqa: E402

sys.path.insert(0, os.path.join(driver.EXAMPLES, "ocr"))
import ppocr  # noqa: E402


def lines_read(text):
    """Of each line of the program's output: page, corners, confidence, text."""
    for line in text.splitlines():
        page, corners, confidence, text = line.split("\t")
        yield page, [tuple(float(v) for v in c.split(",")) for c in corners.split()], float(confidence), text


def misplaced(corners, x, y, degrees):
    """Empty, or how the box differs from the place and direction drawn."""
    middle = [sum(c[i] for c in corners) / 4 for i in (0, 1)]
    height = math.dist(corners[0], corners[3])
    if math.dist(middle, (x, y)) > height / 3:
        return f"its middle is at {middle}, drawn at {x}, {y}"
    angle = math.degrees(math.atan2(corners[1][1] - corners[0][1], corners[1][0] - corners[0][0]))
    if abs((angle - degrees + 180) % 360 - 180) > 3:
        return f"turned by {angle:.0f} degrees, drawn at {degrees}"
    return ""


def main():
    demo = driver.Demo(__file__, __doc__)
    characters = os.path.join(demo.work, "characters.txt")
    ppocr.detector(demo)
    ppocr.classifier(demo)
    ppocr.recogniser(demo)
    demo.build()

    with open(demo.path("pages", "expected.txt"), encoding="utf-8") as f:
        drawn = [line.rstrip("\n").split("\t") for line in f]
    pages = [demo.path("pages", page) for page in dict.fromkeys(line[0] for line in drawn)]
    demo.step("reading pages")
    annotated = os.path.join(demo.work, "annotated.png")
    written = demo.run("ocr_page", "--annotate", annotated, characters, *pages)
    read = list(lines_read(written))
    for page, _, confidence, text in read:
        print(f"   {page:14} {text:34} confidence {confidence:.3f}")
    demo.expect("text, in reading order", [(page, text) for page, _, _, text in read], [(line[0], line[4]) for line in drawn])
    for (_, corners, _, text), (_, x, y, degrees, _) in zip(read, drawn):
        demo.judge(f"place of '{text}'", misplaced(corners, float(x), float(y), float(degrees)))
    demo.expect("the same on one thread", demo.run("ocr_page", "--threads", 1, characters, *pages), written)

    from PIL import Image, ImageChops
    changed = ImageChops.difference(Image.open(annotated), Image.open(pages[-1]).convert("RGB")).getbbox()
    corners = [c for page, cs, _, _ in read if page == os.path.basename(pages[-1]) for c in cs]
    wanted = [f(c[i] for c in corners) for f, i in ((min, 0), (min, 1), (max, 0), (max, 1))]
    demo.near("extent of the boxes drawn in", changed or [], wanted, 5)
    done = demo.start("ocr_page", characters, __file__)
    demo.expect("what is no picture", (done.returncode, done.stderr.count("\n")), (1, 1))
    print(f"\nThe last page with its boxes: {os.path.relpath(annotated)}")
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
