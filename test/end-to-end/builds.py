"""Another build of Ingot, and what of a library the linker sees."""
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Inline functions of the runtime as another commit might have them, of kernels and of the code around them. Each changes what one sees,
# so that a function shared between two libraries shows, whichever of them the linker keeps.
CHANGES = {
    "simd/math.h": (r"(INGOT_SIMD V sigmoid\(V x\) \{)", r"\1\n  x = x + x;"),
    "include/ingot/launch.h": (r"(vsnprintf\(error->text, sizeof error->text, format, args\);)", r"\1\n  error->text[0] = '!';"),
}


def another(ingot, folder):
    """The tool as another build would be installed: the same compiler with a changed runtime. Returns its path."""
    tool, runtime = os.path.join(folder, "bin", "ingot"), os.path.join(folder, "share", "ingot", "runtime")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.dirname(tool))
    shutil.copy2(ingot, tool)
    shutil.copytree(os.path.join(ROOT, "runtime"), runtime)
    for file, (old, new) in CHANGES.items():
        path = os.path.join(runtime, file)
        with open(path, encoding="utf-8") as f:
            text, count = re.subn(old, new, f.read(), count=1)
        if not count:
            raise LookupError(f"{file} has no {old}: choose another function")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    return tool


def symbols(*options):
    """(kind, name) of each."""
    out = subprocess.run(["nm", *options], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [tuple(line.split()[-2:]) for line in out.splitlines() if len(line.split()) > 1]


def shared_symbols(archive, name):
    """What another library could take for its own: non-local symbols without the library's name, and weak ones."""
    return sorted(f"{kind} {symbol}" for kind, symbol in symbols("-g", "--defined-only", archive)
                  if kind in "WVu" or not symbol.startswith(name + "_"))


def misplaced_vectors(archive):
    """Functions with registers of an instruction set that their names do not say."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", archive], stdout=subprocess.PIPE, check=True, text=True).stdout
    wrong, function = set(), ""
    for line in out.splitlines():
        if header := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            function = header.group(1)
        elif re.search(r"%zmm|%k[1-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])", line) and "x86_64_v4" not in function:
            wrong.add(function + " (AVX-512)")
        elif "%ymm" in line and not re.search("x86_64_v[34]", function):
            wrong.add(function + " (AVX)")
    return sorted(wrong)
