"""Texts that try a tokenizer, and its comparison with the original's tokens."""
import random
import sys
import unicodedata

WRITTEN = [
    "", " ", "\n", "a", "Hello, world!", "  two  spaces  ", "tabs\tand\nlines\r\nand\vmore\f.", "nul\0inside", "It's we'll they'd I'm you've 'S 'LL",
    "don't stop -- ever...", "naïve café Ångström ÀÉÎÕÜ ñ", "e\u0301 combining a\u0308\u0323 \u0301alone", "İstanbul ISPARTA ı ß ẞ ſ ﬁ ǅ",
    "Σίσυφος ΟΔΟΣ", "Привет, мир!", "Ёлка й", "日本語のテキスト。漢字とかな", "中文字符测试", "한국어 텍스트", "नमस्ते दुनिया", "ภาษาไทย", "مرحبا بالعالم", "שָׁלוֹם",
    "👍🏽 👩‍👩‍👧 🇩🇪 emoji", "x²+y³=½ ①Ⅷ ٣४", "1 22 333 4444 55555 3.14159 1,000,000", "http://example.com/a?b=c&d=%20#e",
    "[CLS] [SEP] [UNK] [MASK] [PAD] ##ing", "<|im_start|>user <|im_end|> <|endoftext|>", "zero\u200bwidth\u200d\ufeffjoin\u00adhyphen",
    "no\u00a0break\u2003em\u3000wide\u2028line", "\ufffd replacement \ue000 private", "$ ^ ` ~ | < > = + $5 a_b c-d e/f", "“quoted” ‘single’ «angle» —dash…",
    "pneumonoultramicroscopicsilicovolcanoconiosis", "a" * 100, "a" * 101, "x" * 3000, "!" * 40, " " * 70, "\n\n\n\n  \n x", "𝒜𝔅ℂ 𐍈 𠀀 😀", "ＦＵＬＬｗｉｄｔｈ",
    "function f(x) {\n\treturn x * 2; // twice\n}\n", "SELECT * FROM t WHERE a='b';", "CamelCaseAndSNAKE_CASE42", "mixed日本words中and語", "ÿ Ā ſt Ŀ ŉ",
]


def stable_characters():
    """Characters whose category has not changed since Unicode 3.2: libraries of any age agree on them."""
    old = unicodedata.ucd_3_2_0
    return [c for c in map(chr, range(sys.maxunicode + 1)) if old.category(c) == unicodedata.category(c) and old.category(c) not in ("Cn", "Cs")]


def texts(count=1000):
    """Those above, and `count` that are made of them and of characters of every kind, the same each time."""
    draw, characters = random.Random(1), stable_characters()
    common = characters[:3000]
    pieces = [" ", "  ", "\n", "\t", " \n ", "'s", "'ll", "1", "23", "...", "the", " quick", "ing", "É", "日本", "\u0301"]

    def made():
        for _ in range(draw.randrange(40)):
            kind = draw.random()
            if kind < 0.4:
                yield draw.choice(pieces)
            elif kind < 0.6:
                text = draw.choice(WRITTEN)
                at = draw.randrange(len(text) + 1)
                yield text[at:at + draw.randrange(12)]
            else:
                yield draw.choice(common if kind < 0.9 else characters)

    return WRITTEN + ["".join(made()) for _ in range(count)]


def compare(demo, tokenize, *arguments):
    """The program `tokens` against `tokenize`, which gives the tokens of a text: one comparison, which names the first difference."""
    wanted = texts()
    data = b"".join(b"%d\n%s\n" % (len(text), text) for text in (text.encode() for text in wanted))
    lines = demo.run("tokens", *arguments, input=data).split("\n")
    demo.expect("number of tokenised texts", len(lines) - 1, len(wanted))
    pairs = ((text, [int(number) for number in line.split()], tokenize(text)) for text, line in zip(wanted, lines))
    differs = [f"{text!r} gives {got}, expected {expected}" for text, got, expected in pairs if got != expected]
    demo.judge(f"tokens of {len(wanted)} texts", f"{len(differs)} differ: {differs[0]}" if differs else "")
