//===- Machine.cpp - the table of targets -------------------------------------------===//
#include "codegen/targets/Machine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
namespace ingot {

// Of one architecture, each runs on whatever a later one runs on.
static const Machine rows[] = {
    // name, kind, id, vector bytes, registers, L1, L2, flags, features, cpuFeatures, triple, slowSubnormals
    {"x86-64-v2", MachineKind::Cpu, "scalar", 0, 16, 32 << 10, 256 << 10, {"-march=x86-64-v2"}, {}, "INGOT_CPU_X86_64_V2", "", true},
    {"x86-64-v3", MachineKind::Cpu, "x86_64_v3", 32, 16, 32 << 10, 512 << 10, {"-march=x86-64-v3"}, {"fma", "f16c"}, "INGOT_CPU_X86_64_V3", "", true},
    {"x86-64-v4", MachineKind::Cpu, "x86_64_v4", 64, 32, 32 << 10, 1 << 20,
     {"-march=x86-64-v4", "-mprefer-vector-width=512"}, {"fma", "f16c", "masks"}, "INGOT_CPU_X86_64_V4", "", true},
    {"aarch64", MachineKind::Cpu, "aarch64", 16, 32, 64 << 10, 512 << 10, {"-march=armv8-a"}, {"fma"}, "INGOT_CPU_AARCH64", "aarch64-linux-gnu"},
    {"cuda-sm80", MachineKind::Cuda, "cuda_sm80", 0, 0, 0, 0, {"-arch=sm_80"}, {"fma"}, "0", ""},
    {"cuda-sm90a", MachineKind::Cuda, "cuda_sm90a", 0, 0, 0, 0, {"-arch=sm_90a"}, {"fma"}, "0", ""},
};

bool Machine::has(StringRef feature) const { return llvm::is_contained(features, feature); }

static const Machine *rowOf(StringRef name) {
  const Machine *row = llvm::find_if(rows, [&](const Machine &m) { return m.name == name.split('+').first; });
  return row == std::end(rows) ? nullptr : row;
}

/// The first +feature in `name` that the row has not.
static StringRef unknownFeature(const Machine &row, StringRef name) {
  SmallVector<StringRef> features;
  name.split('+').second.split(features, '+', -1, false);
  for (StringRef f : features)
    if (!row.has(f))
      return f;
  return "";
}

std::optional<Machine> findMachine(StringRef name) {
  if (name == "native") {
#if defined(__x86_64__)
    StringMap<bool> f = sys::getHostCPUFeatures();
    auto all = [&](std::initializer_list<const char *> list) {
      return llvm::all_of(list, [&](const char *x) { return f.lookup(x); });
    };
    if (all({"avx512f", "avx512bw", "avx512dq", "avx512vl"}))
      return findMachine("x86-64-v4");
    if (all({"avx2", "fma", "bmi2", "f16c"}))
      return findMachine("x86-64-v3");
    return findMachine("x86-64-v2");
#else
    return findMachine("aarch64");
#endif
  }
  const Machine *row = rowOf(name);
  if (!row || !unknownFeature(*row, name).empty())
    return std::nullopt;
  return *row;
}

/// Why findMachine found nothing.
static std::string unknownMachine(StringRef name) {
  const Machine *row = rowOf(name);
  if (!row)
    return "unknown target '" + name.str() + "'; known: " + join(machineNames(), ", ") + "; native, where the model runs here";
  return "target " + row->name + " has no feature '" + unknownFeature(*row, name).str() + "'; it has " +
         join(row->features, ", ");
}

std::vector<Machine> findMachines(StringRef list, std::string &problem) {
  SmallVector<StringRef> names;
  list.split(names, ',');
  std::vector<Machine> machines;
  auto refuse = [&](std::string why) {
    problem = std::move(why);
    return std::vector<Machine>();
  };
  for (StringRef name : names) {
    name = name.trim(); // "a, b"
    std::optional<Machine> row = findMachine(name);
    if (!row)
      return refuse(unknownMachine(name));
    if (llvm::none_of(machines, [&](const Machine &m) { return m.id == row->id; }))
      machines.push_back(*row);
  }
  const Machine &first = machines.front();
  for (const Machine &m : machines)
    if (m.kind != first.kind || m.triple != first.triple)
      return refuse("targets " + first.name + " and " + m.name +
                    " in one library: they must be CPUs of one architecture; compile a library for each");
  if (machines.size() > 1 && first.kind == MachineKind::Cuda)
    return refuse("targets " + first.name + " and " + machines[1].name + ": a CUDA library has one target; compile a library for each");
  llvm::sort(machines, [](const Machine &a, const Machine &b) { return rowOf(a.name) > rowOf(b.name); });
  return machines;
}

bool runsOn(const Machine &target, const Machine &processor) {
  return target.kind == processor.kind && target.triple == processor.triple && rowOf(target.name) <= rowOf(processor.name);
}

std::string listOf(ArrayRef<Machine> machines) {
  std::string text;
  for (const Machine &m : machines)
    text += (text.empty() ? "" : ",") + m.name;
  return text;
}

std::vector<std::string> machineNames() {
  std::vector<std::string> names;
  for (const Machine &row : rows)
    names.push_back(row.name);
  return names;
}

} // namespace ingot
