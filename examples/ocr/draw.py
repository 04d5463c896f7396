#!/usr/bin/env python3
"""Draws the demo's pictures with the font that Pillow carries: python draw.py [FOLDER].

The pictures are committed, because another version of Pillow may draw other pixels.
"""
import os
import sys

from PIL import Image, ImageDraw, ImageFont

PICTURES = {  # file: text, font size, paper, ink, margin
    "gate": ("GATE-9", 44, (236, 232, 220), (30, 32, 60), 6),
    "invoice": ("INVOICE 2041-07", 40, (250, 250, 246), (20, 20, 20), 6),
    "hours": ("Open 08:30 - 17:45", 36, (30, 60, 92), (240, 238, 228), 4),
    "ahead": ("compiled ahead of time", 34, (255, 255, 255), (96, 20, 28), 5),
    "poured": ("Poured once, used for years", 48, (214, 208, 190), (46, 40, 36), 6),
    "small": ("weights included", 24, (200, 224, 206), (12, 40, 20), 3),
}


def draw(text, size, paper, ink, margin):
    font = ImageFont.load_default(size=size)
    x0, y0, x1, y1 = (int(v) for v in font.getbbox(text))
    picture = Image.new("RGB", (x1 - x0 + 2 * margin, y1 - y0 + 2 * margin), paper)
    ImageDraw.Draw(picture).text((margin - x0, margin - y0), text, fill=ink, font=font)
    return picture


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
    with open(os.path.join(folder, "expected.txt"), "w", encoding="utf-8") as f:
        for name, (text, *look) in PICTURES.items():
            draw(text, *look).save(os.path.join(folder, name + ".png"), optimize=True)
            f.write(f"{name}.png\t{text}\n")


if __name__ == "__main__":
    main()
