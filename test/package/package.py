#!/usr/bin/env python3
"""A compiled folder and Ingot's own CMake package, each used as their readers would: programs are built against them and run."""
import argparse
import hashlib
import json
import os
import shlex
import shutil
import sys

from suite import PROJECTS, Affine, command, expect, fresh, need, run_checks

STRICT = ["-Wall", "-Wextra", "-Wshadow", "-pedantic", "-Werror"]
ODD = "a folder, with blanks"  # Ninja and CMake themselves fail at quotes and dollars in depfiles
CROSS = os.path.join(PROJECTS, "aarch64.cmake")
EMULATED = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]


def need_aarch64():
    need("aarch64-linux-gnu-g++", "qemu-aarch64")


def run_programs(build, model, emulator=()):
    for name in ("program", "program_c"):
        paths = [os.path.join(build, name), os.path.join(build, "program", name)]
        model.check(command(*emulator, next(p for p in paths if os.path.isfile(p))))


class Output:
    """The folder that 'ingot compile' writes."""

    def __init__(self, ingot, work):
        self.ingot, self.work = ingot, fresh(work, "output")
        self.model = Affine(self.work)

    def compile(self, folder, *options):
        shutil.rmtree(folder, ignore_errors=True)
        command(self.ingot, "compile", self.model.path, "-o", folder, "--dim", "batch=1..8", "--quiet", *options)
        return folder

    def lists_its_files(self):
        """manifest.json names every file with its hash; the promised ones are there."""
        folder = self.compile(os.path.join(self.work, "listed"))
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
            manifest = json.load(f)
        found = {}
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                with open(path, "rb") as f:
                    found[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
        found.pop("manifest.json")
        expect(found == manifest["files"], f"the manifest differs from the folder in {set(found.items()) ^ set(manifest['files'].items())}")
        with open(self.model.path, "rb") as f:
            expect(hashlib.sha256(f.read()).hexdigest() == manifest["model_sha256"], "the model's hash in the manifest is another")
        expect(manifest["name"] == "affine" and manifest["targets"] == ["x86-64-v3"], "the manifest's name or target is wrong")
        for path in ("affine.h", "affine.hpp", "src/affine.cpp", "weights/affine.weights", "lib/libaffine.a", "CMakeLists.txt",
                     "cmake/affineConfig.cmake", "cmake/affineConfigVersion.cmake", "affine.pc", "README.md", "LICENSE-note",
                     "report/report.json"):
            expect(path in found, f"{path} is missing")
        with open(os.path.join(folder, "LICENSE-note"), encoding="utf-8") as f:
            expect("claims no rights" in f.read(), "LICENSE-note does not say whose the code is")

    def pkg_config(self):
        """With PKG_CONFIG_PATH, from C and from C++ with the pool, wherever the folder has been moved to."""
        need("pkg-config")
        folder = self.compile(os.path.join(self.work, "moved"))
        for place in ("plain", "with a blank"):
            there = os.path.join(fresh(self.work, place), "affine")
            os.rename(folder, there)
            folder = there
            env = {"PKG_CONFIG_PATH": folder}
            ask = lambda *what: shlex.split(command("pkg-config", *what, "affine", env=env))  # as a shell takes it apart
            expect(ask("--modversion")[0].count(".") == 2, "no version")
            flags, (pool,) = ask("--cflags", "--libs"), ask("--variable=pool")
            command("cc", "-std=c99", *STRICT, os.path.join(PROJECTS, "affine.c"), *flags, "-o", "program_c", cwd=self.work)
            command("c++", "-std=c++17", *STRICT, os.path.join(PROJECTS, "affine.cpp"), pool, *flags, "-o", "program", cwd=self.work)
            run_programs(self.work, self.model)

    def plain_compilers(self):
        folder = self.compile(os.path.join(self.work, "affine"))
        command("c++", "-std=c++17", *STRICT, "-I.", os.path.join(PROJECTS, "affine.cpp"), "ingot/pool.cpp", "lib/libaffine.a", "-lm", "-lpthread",
                "-o", os.path.join(self.work, "program"), cwd=folder)
        command("cc", "-std=c99", *STRICT, "-I.", os.path.join(PROJECTS, "affine.c"), "lib/libaffine.a", "-lm", "-lpthread", "-o",
                os.path.join(self.work, "program_c"), cwd=folder)
        run_programs(self.work, self.model)

    def cmake(self, project, folder, *options):
        build = fresh(self.work, project + "-build")
        command("cmake", "-S", os.path.join(PROJECTS, project), "-B", build, f"-DCMAKE_PREFIX_PATH={folder}", f"-DAFFINE={folder}", *options)
        command("cmake", "--build", build)
        return build

    def cmake_projects(self):
        folder = self.compile(os.path.join(self.work, "affine"))
        for project in ("found", "added"):
            run_programs(self.cmake(project, folder), self.model)
        # Of sources alone only one of the two.
        folder = self.compile(os.path.join(self.work, "source", "affine"), "--emit", "source")
        said = command("cmake", "-S", os.path.join(PROJECTS, "found"), "-B", fresh(self.work, "source-build"), f"-DCMAKE_PREFIX_PATH={folder}",
                       fails=True)
        expect("libaffine.a is missing: add_subdirectory(" in " ".join(said.split()), f"find_package does not say what is missing:\n{said}")
        run_programs(self.cmake("added", folder), self.model)

    def toolchain_file(self):
        """Cross-compiled: found as it was compiled, and added from source."""
        need_aarch64()
        folder = self.compile(os.path.join(self.work, "arm", "affine"), "--target", "aarch64")
        for project in ("found", "added"):
            run_programs(self.cmake(project, folder, f"--toolchain={CROSS}"), self.model, EMULATED)
        command("aarch64-linux-gnu-g++", "-std=c++17", *STRICT, "-I.", os.path.join(PROJECTS, "affine.cpp"), "ingot/pool.cpp", "lib/libaffine.a",
                "-lm", "-lpthread", "-o", os.path.join(self.work, "program"), cwd=folder)
        self.model.check(command(*EMULATED, os.path.join(self.work, "program")))

    def other_processor(self):
        """find_package takes the library of the processor that is built for, and says why there is none."""
        folder = self.compile(os.path.join(self.work, "affine"))
        arm = os.path.join(self.work, "arm", "affine")
        self.compile(arm, "--target", "aarch64", "--emit", "source")
        build = fresh(self.work, "other-build")
        said = command("cmake", "-S", os.path.join(PROJECTS, "found"), "-B", build, f"-DCMAKE_PREFIX_PATH={arm}", fails=True)
        expect("for aarch64" in said, f"the library of another processor is not refused by its name:\n{said}")
        said = command("cmake", "-S", os.path.join(PROJECTS, "found"), "-B", fresh(build), f"-DCMAKE_PREFIX_PATH={arm};{folder}")
        with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
            expect(f"affine_DIR:PATH={folder}/cmake" in f.read(), "the wrong folder was found")


class OwnPackage:
    """find_package(Ingot) and ingot_add_model, from an installation and from the build tree."""

    def __init__(self, build, cxx, work):
        self.build, self.cxx, self.work = build, cxx, work
        self.prefix = os.path.join(work, ODD, "prefix")

    def install(self):
        shutil.rmtree(self.prefix, ignore_errors=True)
        command("cmake", "--install", self.build, "--prefix", self.prefix, "--component", "ingot", "--strip")
        for program in ("ingot", "ingot-opt", "ingot-translate", "ingot-reduce"):
            expect(command(os.path.join(self.prefix, "bin", program), "--version").strip(), f"{program} says no version")
        command(os.path.join(self.prefix, "bin", "ingot-lsp-server"), "--help")

    def configure(self, name, package, model, *options, fails=False):
        build = fresh(self.work, ODD, name)
        said = command("cmake", "-S", os.path.join(PROJECTS, "model"), "-B", build, f"-DIngot_DIR={package}/lib/cmake/Ingot",
                       f"-DMODEL={model}", *options, fails=fails)
        return said if fails else build

    def rebuilds(self, name, package, *options):
        """Builds; builds nothing the second time; follows the external data and the model file."""
        model = Affine(fresh(self.work, ODD, name + "-model"))
        build = self.configure(name, package, model.path, *options)
        library = os.path.join(build, "ingot", "affine", "lib", "libaffine.a")

        def compiled():
            before = os.stat(library).st_mtime_ns if os.path.exists(library) else 0
            command("cmake", "--build", build)
            run_programs(build, model)
            return os.stat(library).st_mtime_ns != before

        expect(compiled(), "the model was not compiled")
        expect(not compiled(), "the model was compiled although nothing had changed")
        model.weights(2)
        expect(compiled(), "changed external data did not compile the model")
        model = Affine(model.folder, 2)  # the file is new, and equal
        expect(compiled(), "a changed model file did not compile the model")
        # What clean leaves does not stand in the way.
        command("cmake", "--build", build, "--target", "clean")
        expect(compiled(), "nothing was compiled after 'clean'")

    def installed(self):
        self.rebuilds("make", self.prefix, "-G", "Unix Makefiles")

    def build_tree(self):
        self.rebuilds("ninja", self.build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={self.cxx}")

    def made_by_the_build(self):
        """A model that is not there when the project is configured: the output of a custom command, or marked as made by the build."""
        model = Affine(fresh(self.work, ODD, "made-model"))
        for how in ("command", "property"):
            build = self.configure("made", self.prefix, model.path, "-G", "Ninja", f"-DMADE={how}")
            expect(not os.path.exists(os.path.join(build, "made", "affine.onnx")), "the model is there too early")
            command("cmake", "--build", build)
            run_programs(build, model)

    def cross(self):
        need_aarch64()
        model = Affine(fresh(self.work, ODD, "cross-model"))
        toolchains = ["aarch64.cmake"] + (["aarch64-clang.cmake"] if shutil.which("clang++-22") else [])
        for toolchain in toolchains:
            build = self.configure("cross", self.prefix, model.path, "-G", "Ninja", f"--toolchain={os.path.join(PROJECTS, toolchain)}")
            command("cmake", "--build", build)
            run_programs(build, model, EMULATED)

    def errors(self):
        """The tool's report is in the build's output; a repaired model builds."""
        folder = fresh(self.work, ODD, "broken-model")
        model = Affine(folder)
        os.rename(os.path.join(folder, "w.bin"), os.path.join(folder, "elsewhere"))
        build = self.configure("broken", self.prefix, model.path, "-G", "Ninja")
        said = command("cmake", "--build", build, fails=True)
        expect("external data 'w.bin' is missing" in said, f"the report is not in the build's output:\n{said}")
        os.rename(os.path.join(folder, "elsewhere"), os.path.join(folder, "w.bin"))
        command("cmake", "--build", build)
        run_programs(build, model)
        for more, complaint in (("WEIGHT;file", "'WEIGHT' behind DIMS is not of the form"), ("TARGETS;native", "'native' is no target"), ("WEIGHTS;embedd", "not 'embedd'"),
                                ("TARGETS;aarch64", "aarch64 is not for the project's processor"),
                                ("MODEL;missing.onnx", "missing.onnx does not exist. If the build makes it"),
                                ("MODEL;..", "is a folder; give the .onnx file in it"),
                                ("OPTIONS", "no value behind OPTIONS")):
            said = self.configure("refused", self.prefix, model.path, f"-DMORE={more}", fails=True)
            expect("ingot_add_model(net)" in said and complaint in " ".join(said.split()), f"{more}: no legible error:\n{said}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="Ingot's build tree")
    parser.add_argument("--work", required=True)
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("--only", action="append", help="only these (repeatable)")
    args = parser.parse_args()
    build, work = os.path.abspath(args.build), os.path.abspath(args.work)
    os.makedirs(work, exist_ok=True)
    output = Output(os.path.join(build, "bin", "ingot"), work)
    own = OwnPackage(build, args.cxx, work)
    checks = {c.__name__: c for c in (output.lists_its_files, output.plain_compilers, output.pkg_config, output.cmake_projects,
                                      output.toolchain_file, output.other_processor, own.install, own.installed, own.build_tree,
                                      own.made_by_the_build, own.cross, own.errors)}
    return run_checks([(name, check) for name, check in checks.items() if not args.only or name in args.only])


if __name__ == "__main__":
    sys.exit(main())
