#!/usr/bin/env python3
"""The archive of 'make dist': unpacked at an odd place, it needs nothing of this machine but the C library and the C++ compiler."""
import argparse
import glob
import os
import re
import subprocess
import sys

from suite import HERE, Affine, Failure, NotRun, command, expect, fresh, run_checks

PROGRAMS = ["ingot", "ingot-opt", "ingot-translate", "ingot-lsp-server", "ingot-reduce"]
SYSTEM = re.compile(r"linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so")
README = os.path.join(HERE, "..", "..", "compiler", "README.md")


def is_elf(path):
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def resolved(program):
    """{name: path or None} of the shared libraries that the loader finds for a program."""
    found = {}
    for line in command("ldd", program).splitlines():
        name, arrow, path = line.strip().partition(" => ")
        name = os.path.basename(name.split()[0])
        found[name] = None if path == "not found" else path.rsplit(" (", 1)[0] if arrow else name
    return found


class Dist:
    def __init__(self, build, work):
        self.build, self.work = build, work
        self.top = None

    def unpacks(self):
        """What make dist packs, in less time; one folder comes out of it, with programs, libraries and licences."""
        packed = os.path.join(self.work, "dist")
        command("cmake", "-DLEVEL=0", f"-DDIST={packed}", "-P", os.path.join(self.build, "Archive.cmake"))
        archives = glob.glob(os.path.join(packed, "ingot-*-linux-*.tar.xz"))
        expect(len(archives) == 1, f"archives: {archives}")
        place = fresh(self.work, "an odd $place")
        command("tar", "xf", archives[0], "-C", place)
        name = os.path.basename(archives[0]).split(".tar")[0]
        expect(os.listdir(place) == [name], f"the archive holds {os.listdir(place)}")
        self.top = os.path.join(place, name)
        libraries = os.listdir(os.path.join(self.top, "lib"))
        licences = os.listdir(os.path.join(self.top, "share/doc/ingot/licences"))
        for licence in ("libmlir-22", "libllvm22", "libprotobuf32", "onnx"):
            expect(licence in licences, f"no licence of {licence}")
        for library in ("libMLIR.so", "libLLVM.so", "libprotobuf.so"):
            expect(any(l.startswith(library) for l in libraries), f"no {library}")
        unpacked = sum(os.path.getsize(p) for p in self.files())
        print(f"         {os.path.getsize(archives[0]) / 1e6:.0f} MB packed, {unpacked / 1e6:.0f} MB unpacked", flush=True)

    def files(self):
        return [os.path.join(root, n) for root, _, names in os.walk(self.top) for n in names]

    def need(self):
        if not self.top:
            raise Failure("there is no archive")

    def resolves_inside(self):
        """Every library comes from the archive or belongs to the system's C and C++; none is there in vain; nothing names this machine."""
        self.need()
        used = set()
        for program in PROGRAMS:
            for name, path in resolved(os.path.join(self.top, "bin", program)).items():
                expect(path, f"{program}: {name} is not found")
                if not SYSTEM.match(name):
                    expect(os.path.realpath(path).startswith(os.path.realpath(self.top) + os.sep), f"{program}: {name} comes from {path}")
                    used.add(name)
        expect(used == set(f for f in os.listdir(os.path.join(self.top, "lib")) if f != "cmake"), "lib/ holds what no program needs")
        for program in PROGRAMS:
            path = os.path.join(self.top, "bin", program)
            said = command("readelf", "-d", path)
            expect(re.findall(r"R(?:UN)?PATH.*\[(.*)\]", said) == ["$ORIGIN/../lib"], f"{program}: the search path is another:\n{said}")
            expect(" .symtab " not in command("readelf", "-SW", path), f"{program} is not stripped")

    def needs_what_is_documented(self):
        """The newest symbol versions of glibc and libstdc++ are those that compiler/README.md states."""
        self.need()
        newest = {"GLIBC": (0,), "GLIBCXX": (0,)}
        for path in self.files():
            if is_elf(path):
                for name, version in re.findall(r"\b(GLIBC|GLIBCXX)_(\d+(?:\.\d+)*)", command("readelf", "-VW", path)):
                    newest[name] = max(newest[name], tuple(map(int, version.split("."))))
        with open(README, encoding="utf-8") as f:
            text = f.read()
        for name, version in newest.items():
            stated = f"{name}_{'.'.join(map(str, version))}"
            expect(stated in text, f"{stated} is needed, compiler/README.md does not say so")

    def runs_without_mlir(self):
        """In a mount namespace where LLVM, MLIR and all else that the archive brings are covered."""
        self.need()
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode:
            raise NotRun("this user may not make mount namespaces")
        model = Affine(fresh(self.work, "model"))
        # The C++ compiler's own libraries (zlib, zstd) stay.
        tools = [command("c++", "-print-prog-name=cc1plus").strip()] + ["/usr/bin/" + t for t in ("c++", "as", "ld", "ar", "objcopy")]
        kept = set().union(*(resolved(t) for t in tools))
        hidden = []
        for name in os.listdir(os.path.join(self.top, "lib")):
            hidden += [os.path.realpath(p) for folder in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib")
                       for p in [os.path.join(folder, name)] if name not in kept and os.path.isfile(p)]
        script = ["mount -t tmpfs -o ro none /usr/lib/llvm-22"] + [f"mount --bind /dev/null '{p}'" for p in sorted(set(hidden))]
        script += ['if "$3/bin/ingot" --version >/dev/null 2>&1; then echo "MLIR is not covered"; exit 1; fi', 'cd "$2"',
                   '"$1/bin/ingot" compile affine.onnx --dim batch=1..8',
                   '"$1/bin/ingot" compile affine.onnx --dim batch=1..8 --emit plan -o plan.mlir', '"$1/bin/ingot-opt" plan.mlir -o again.mlir']
        command("unshare", "--mount", "sh", "-ec", "\n".join(script), "sh", self.top, model.folder, self.build, env={"PATH": "/usr/bin:/bin"})
        command("c++", "-std=c++17", "-Iaffine", os.path.join(HERE, "projects", "affine.cpp"), "affine/ingot/pool.cpp", "affine/lib/libaffine.a",
                "-lm", "-lpthread", "-o", "program", cwd=model.folder)
        model.check(command(os.path.join(model.folder, "program")))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    dist = Dist(os.path.abspath(args.build), os.path.abspath(args.work))
    return run_checks([(c.__name__, c) for c in (dist.unpacks, dist.resolves_inside, dist.needs_what_is_documented, dist.runs_without_mlir)])


if __name__ == "__main__":
    sys.exit(main())
