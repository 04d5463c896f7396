#!/usr/bin/env python3
"""Made speech.wav with espeak-ng 1.51: python speak.py [FILE].

The file is committed, because another version of espeak-ng may speak otherwise. 16 kHz, mono, 16 bits: a second of a
room's noise, a sentence, a short pause within it, a longer one, a low voice, noise again, a hum that is no speech.
"""
import os
import subprocess
import sys
import tempfile
import wave

import numpy as np

RATE = 16000
SENTENCES = [("en-us", 50, 155, "The mould is open."), ("en-gb", 25, 145, "Pour slowly, then wait.")]  # voice, pitch, words a minute, text
SILENCES = [0.8, 0.9, 0.7]  # seconds before, between and after them
LEVEL, NOISE = 0.25, 0.002


def say(voice, pitch, speed, text):
    """What espeak-ng says, in [-1, 1] at RATE."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "said.wav")
        subprocess.run(["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "-z", "-w", path, text], check=True)
        with wave.open(path) as w:
            rate, samples = w.getframerate(), np.frombuffer(w.readframes(w.getnframes()), "<i2") / 32768
    return resample(samples, rate, RATE)


def resample(samples, old, new, half=32):
    """A windowed sinc below both rates' half."""
    cutoff = 0.95 * min(1.0, new / old)
    at = np.arange(len(samples) * new // old) * (old / new)
    taps = np.floor(at).astype(int)[:, None] + np.arange(-half, half + 1)
    away = at[:, None] - taps
    weights = cutoff * np.sinc(cutoff * away) * np.cos(np.pi * np.clip(away / (half + 1), -0.5, 0.5) * 1.0) ** 2
    return (np.where((taps >= 0) & (taps < len(samples)), samples[np.clip(taps, 0, len(samples) - 1)], 0) * weights).sum(1)


def main():
    file = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "speech.wav")
    silence = lambda seconds: np.zeros(int(seconds * RATE))
    parts = [silence(SILENCES[0])]
    for sentence, after in zip(SENTENCES, SILENCES[1:]):
        said = say(*sentence)
        parts += [said * (LEVEL / np.abs(said).max()), silence(after)]
    hum = np.arange(int(0.8 * RATE)) / RATE
    parts += [0.1 * np.sin(2 * np.pi * 100 * hum) + 0.05 * np.sin(2 * np.pi * 200 * hum), silence(0.2)]
    sound = np.concatenate(parts)
    sound += NOISE * np.random.default_rng(1).standard_normal(len(sound))
    with wave.open(file, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes((np.clip(sound, -1, 1) * 32767).round().astype("<i2").tobytes())


if __name__ == "__main__":
    main()
