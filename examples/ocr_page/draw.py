#!/usr/bin/env python3
"""Draws the pages with the font that Pillow carries: python draw.py [FOLDER].

The pictures are committed, because another version of Pillow may draw other pixels. expected.txt lists each page's
lines in reading order: the page, the middle of the text, the degrees that it is turned clockwise, the text.
"""
import math
import os
import sys

from PIL import Image, ImageDraw, ImageFont

PAGES = {  # file: size, paper, ink, lines of (x and y of the text's middle, font size, degrees clockwise, text)
    "delivery": ((900, 640), (244, 241, 230), (34, 36, 48), [
        (300, 60, 44, 0, "Delivery note 4711"),
        (760, 62, 26, 0, "28 November"),
        (230, 150, 26, 0, "Foundry at the lock, gate 2"),
        (190, 196, 26, 0, "40 bars of grey iron"),
        (240, 244, 30, 0, "12 moulds, sand, resin"),
        (690, 290, 40, -9, "paid in full"),
        (330, 340, 30, 180, "this side down, keep it dry"),
        (700, 440, 34, 12, "Handle with care"),
        (250, 470, 34, 0, "Weight 1,820 kg"),
        (330, 560, 28, 0, "Received by the yard at 14:05"),
    ]),
    "menu": ((720, 760), (38, 52, 46), (232, 226, 204), [
        (360, 70, 52, 0, "Canteen"),
        (210, 180, 30, 0, "Lentil soup"),
        (560, 180, 30, 0, "4.20"),
        (220, 240, 30, 0, "Baked potato"),
        (560, 240, 30, 0, "5.60"),
        (200, 300, 30, 0, "Apple tart"),
        (560, 300, 30, 0, "3.10"),
        (300, 470, 36, -20, "Today only: pancakes"),
        (660, 470, 34, 90, "Closed on Sundays"),
        (300, 680, 26, 180, "Please bring back the trays"),
    ]),
}


def put(page, x, y, size, degrees, text, ink):
    font = ImageFont.load_default(size=size)
    x0, y0, x1, y1 = font.getbbox(text)
    side = int(math.hypot(x1 - x0, y1 - y0)) + 8
    ImageDraw.Draw(stamp := Image.new("L", (side, side))).text(((side - x0 - x1) / 2, (side - y0 - y1) / 2), text, fill=255, font=font)
    stamp = stamp.rotate(-degrees, Image.Resampling.BICUBIC)
    page.paste(ink, (x - side // 2, y - side // 2), stamp)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "expected.txt"), "w", encoding="utf-8") as f:
        for name, (size, paper, ink, lines) in PAGES.items():
            page = Image.new("RGB", size, paper)
            for x, y, height, degrees, text in lines:
                put(page, x, y, height, degrees, text, ink)
                f.write(f"{name}.png\t{x}\t{y}\t{degrees}\t{text}\n")
            page.save(os.path.join(folder, name + ".png"), optimize=True)


if __name__ == "__main__":
    main()
