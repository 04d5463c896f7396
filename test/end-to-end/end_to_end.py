#!/usr/bin/env python3
"""Small models from ONNX file to program: each is compiled to a library, a C++ program that uses it is built and run, and what it writes
is compared with onnxruntime."""
import argparse
import os
import shutil
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime

import builds
import toys

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror"]


class Failure(Exception):
    pass


def command(*arguments, data=b""):
    """(what it wrote, what it said)"""
    done = subprocess.run(arguments, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode:
        raise Failure(f"{os.path.basename(arguments[0])}: exit code {done.returncode}: {said or done.stdout.decode('utf-8', 'replace')}")
    return done.stdout, said


def reference(model, **inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {name: np.asarray(v) for name, v in inputs.items()})


def i64(*values):
    return np.array(values, np.int64).tobytes()


def floats(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


class Written:
    """A program's output, taken apart array by array."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def expect(self, what, wanted):
        size = wanted.nbytes
        got = np.frombuffer(self.data[self.at:self.at + size], wanted.dtype)
        self.at += size
        if got.size != wanted.size:
            raise Failure(f"{what}: {got.size} elements, expected {wanted.size}")
        error = np.max(np.abs(got - wanted.ravel()), initial=0.0)
        bound = 1e-5 * np.max(np.abs(wanted), initial=1e-1)
        if not error <= bound:
            raise Failure(f"{what}: error {error:.3g}, allowed {bound:.3g}")

    def end(self):
        if self.at != len(self.data):
            raise Failure(f"{len(self.data) - self.at} bytes too many")


class Suite:
    def __init__(self, ingot, cxx, target, work):
        self.ingot, self.cxx, self.target, self.work = ingot, cxx, target, work

    def run(self, name, model, data, *options):
        """Compiles the model as a library of that name, builds name.cpp with it and runs that."""
        folder, file = os.path.join(self.work, name), os.path.join(self.work, name + ".onnx")
        program = os.path.join(self.work, name + "-program")
        shutil.rmtree(folder, ignore_errors=True)
        onnx.save(model, file)
        command(self.ingot, "compile", file, "-o", folder, "--target", self.target, *options)
        command(self.cxx, *FLAGS, "-I", folder, os.path.join(HERE, name + ".cpp"), os.path.join(folder, "lib", f"lib{name}.a"), "-lm",
                "-lpthread", "-o", program)
        written, said = command(program, data=data)
        return Written(written), said

    def mlp(self):
        model, batches = toys.mlp(), [floats(1, 2, 24), floats(2, 7, 24)]
        written, _ = self.run("mlp", model, b"".join(i64(len(x)) + x.tobytes() for x in batches) + i64(0))
        for x in batches:
            written.expect(f"batch {len(x)}", reference(model, x=x)[0])
        written.end()

    STEPS = [3] + [1] * 9  # positions of each step

    def steps(self, model, batch):
        """(rows, output, caches) of each step, by onnxruntime."""
        cache = [np.zeros((batch, toys.HEADS, 0, toys.HEAD), np.float32)] * 2
        for k, count in enumerate(self.STEPS):
            hidden = floats(10 + k, batch, count, toys.WIDTH)
            out, *cache = reference(model, hidden=hidden, past_key=cache[0], past_value=cache[1])
            yield hidden, out, cache

    @staticmethod
    def step_data(hidden):
        return i64(hidden.shape[1]) + hidden.tobytes()

    def decoder(self):
        model, batch = toys.decoder(), 2
        steps = list(self.steps(model, batch))
        written, _ = self.run("decoder", model, i64(batch) + b"".join(self.step_data(h) for h, _, _ in steps) + i64(0))
        for k, (_, out, _) in enumerate(steps):
            written.expect(f"step {k}", out)
        for what, wanted in zip(("keys", "values"), steps[-1][2]):
            written.expect(what, wanted)
        written.end()

    def decoder_state(self):
        """The state holds all steps and no more; one that is too long comes before the last."""
        model, batch, capacity = toys.decoder(), 2, sum(self.STEPS)
        steps = list(self.steps(model, batch))
        data = [self.step_data(h) for h, _, _ in steps]
        data.insert(-1, self.step_data(floats(30, batch, 4, toys.WIDTH)))
        written, said = self.run("decoder_state", model, i64(batch) + b"".join(data) + i64(0), "--state", f"past_*=present_*:2:{capacity}")
        for k, (_, out, _) in enumerate(steps):
            written.expect(f"step {k}", out)
        written.end()
        if said != f"past: past+seq = {capacity - 1}+4 = {capacity + 3}, the state holds {capacity}":
            raise Failure(f"the step that does not fit says '{said}'")

    def branch(self):
        model, runs = toys.branch(), [(True, floats(40, 5)), (False, floats(41, 5)), (True, floats(42, 8))]
        written, _ = self.run("branch", model, b"".join(i64(flag, len(x)) + x.tobytes() for flag, x in runs) + i64(0, 0))
        for flag, x in runs:
            for what, wanted in zip("yz", reference(model, flag=np.array(flag), x=x)):
                written.expect(f"{what} where the flag is {flag}", wanted)
        written.end()

    def kept(self):
        """Every value inside is kept and matches the reference, while onnxruntime's data set says what the outputs are."""
        cache = floats(70, 2, toys.HEADS, 5, toys.HEAD)
        for model, inputs in ((toys.mlp(), {"x": floats(71, 7, 24)}), (toys.branch(), {"flag": np.array(True), "x": floats(72, 5)}),
                              (toys.loop(), {"count": np.array(3), "v0": floats(73, 6)}),
                              (toys.decoder(), {"hidden": floats(74, 2, 3, toys.WIDTH), "past_key": cache, "past_value": cache})):
            graph = model.graph
            file, data = (os.path.join(self.work, f"kept_{graph.name}{end}") for end in (".onnx", ""))
            onnx.save(model, file)
            os.makedirs(data, exist_ok=True)
            for prefix, arrays in (("input", (inputs[i.name] for i in graph.input)), ("output", reference(model, **inputs))):
                for k, array in enumerate(arrays):
                    with open(os.path.join(data, f"{prefix}_{k}.pb"), "wb") as f:
                        f.write(onnx.numpy_helper.from_array(array).SerializeToString())
            said = command(self.ingot, "verify", file, "--target", self.target, "--data", data, "--keep", "all")[0].decode()
            count = sum(len(node.output) for node in graph.node)
            if said.splitlines()[-1] != f"{count} values kept, none differs from the reference":
                raise Failure(f"{graph.name}: {said}")

    def side_by_side(self):
        """Two models for two instruction sets each, one of them made by another build of Ingot, on one pool in one program.

        The other build is this one with inline functions of the runtime changed (builds.py): an older commit would differ in fewer
        places, and only a function that both libraries have under one name, with different meanings, shows that it is shared. Without
        AVX-512, and then without AVX2, the processor is emulated."""
        x86 = os.uname().machine == "x86_64"
        if not x86:
            return "x86 alone has several targets"
        targets = ("--target", "x86-64-v3,x86-64-v4")
        folders = {name: os.path.join(self.work, name) for name in ("left", "right")}
        other = builds.another(self.ingot, os.path.join(self.work, "other-build"))
        for name, tool in (("left", self.ingot), ("right", other)):
            file = folders[name] + ".onnx"
            onnx.save(getattr(toys, name)(), file)
            shutil.rmtree(folders[name], ignore_errors=True)
            command(tool, "compile", file, "-o", folders[name], *targets)
        archives = {name: os.path.join(folder, "lib", f"lib{name}.a") for name, folder in folders.items()}
        self.check_symbols(archives)

        include = [flag for folder in folders.values() for flag in ("-I", folder)]
        common = [self.cxx, *FLAGS, *include, os.path.join(HERE, "side_by_side.cpp"), os.path.join(folders["left"], "ingot", "pool.cpp")]
        programs = []
        for order in (("left", "right"), ("right", "left")):
            programs.append(os.path.join(self.work, "_".join(order) + "-program"))
            command(*common, *(archives[name] for name in order), "-lm", "-lpthread", "-o", programs[-1])
        programs += self.from_source(folders)

        batches = [floats(60, 1, 24), floats(61, 8, 24)]
        data = b"".join(i64(len(x)) + x.tobytes() for x in batches) + i64(0)
        emulator = shutil.which("qemu-x86_64")
        for program in programs:
            self.judge_both(batches, *command(program, data=data))
            if emulator:
                # v3, where v4 cannot run; qemu warns of what it does not emulate.
                written, said = command(emulator, "-cpu", "Haswell-noTSX", program, data=data)
                self.judge_both(batches, written, "\n".join(l for l in said.splitlines() if "warning: TCG" not in l))
                done = subprocess.run([emulator, "-cpu", "Nehalem", program], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      timeout=600)
                said = done.stderr.decode()
                if done.returncode != 9 or said.count("has kernels for x86-64-v4 or x86-64-v3") != 2:
                    raise Failure(f"without AVX2: exit code {done.returncode}: {said}")
        return "" if emulator else "emulated processors: qemu-x86_64 is not installed"

    @staticmethod
    def judge_both(batches, written, said):
        written = Written(written)
        for x in batches:
            written.expect(f"left, batch {len(x)}", reference(toys.left(), x=x)[0])
            written.expect(f"right, batch {len(x)}", reference(toys.right(twice=True), x=x)[0])
        written.end()
        lines = said.splitlines()
        if len(lines) != 2 or not lines[0].startswith("x: 0 elements") or not lines[1].startswith("!: 0 elements"):
            raise Failure(f"the libraries say {lines}")

    @staticmethod
    def check_symbols(archives):
        for name, archive in archives.items():
            if wrong := builds.shared_symbols(archive, name) + builds.misplaced_vectors(archive):
                raise Failure(f"{archive}: {', '.join(wrong)}")

    def from_source(self, folders):
        """The same program by add_subdirectory: there no partial link makes symbols local. Linked in both orders."""
        project, build = os.path.join(self.work, "from-source"), os.path.join(self.work, "from-source-build")
        os.makedirs(project, exist_ok=True)
        shutil.rmtree(build, ignore_errors=True)
        with open(os.path.join(project, "CMakeLists.txt"), "w", encoding="utf-8") as f:
            f.write("cmake_minimum_required(VERSION 3.16)\nproject(p CXX ASM)\n")
            f.writelines(f"add_subdirectory({folder} {name})\n" for name, folder in folders.items())
            for first, second in (("left", "right"), ("right", "left")):
                f.write(f"add_executable({first}-first {HERE}/side_by_side.cpp)\n"
                        f"target_link_libraries({first}-first {first}::{first} {second}::{second} ingot::pool)\n")
        command("cmake", "-S", project, "-B", build, f"-DCMAKE_CXX_COMPILER={self.cxx}")
        command("cmake", "--build", build)
        self.check_symbols({name: os.path.join(build, name, f"lib{name}.a") for name in folders})
        return [os.path.join(build, first + "-first") for first in folders]

    def loop(self):
        """60000 rows of history are more than the workspace has at first."""
        model, start, counts = toys.loop(), floats(50, 6), [4, 0, 11, 60000]
        written, said = self.run("loop", model, start.tobytes() + i64(*counts, -1))
        for count in counts:
            v, history = reference(model, count=np.array(count), v0=start)
            written.expect(f"v of {count}", v)
            written.expect(f"history of {count}", history)
        written.end()
        if "workspace" not in said:
            raise Failure("the workspace was never too small")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ingot", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("--target", default="x86-64-v3")
    parser.add_argument("--toy", action="append", help="only these (repeatable)")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    suite = Suite(os.path.abspath(args.ingot), args.cxx, args.target, os.path.abspath(args.work))
    names = args.toy or ["mlp", "decoder", "decoder_state", "branch", "loop", "kept", "side_by_side"]
    failed = 0
    for name in names:
        try:
            left_out = getattr(suite, name)()
            print(f"passed   {name}" + (f" (not run: {left_out})" if left_out else ""), flush=True)
        except (Failure, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED   {name}: {error}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
