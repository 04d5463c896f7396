//===- Machine.cpp - the table of targets -------------------------------------------===//
#include "codegen/targets/Machine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
namespace ingot {

static const Machine rows[] = {
    // name, kind, id, vector bytes, registers, L1, L2, flags, features, cpuFeatures, triple
    {"x86-64-v2", MachineKind::Cpu, "scalar", 0, 16, 32 << 10, 256 << 10, {"-march=x86-64-v2"}, {}, "INGOT_CPU_X86_64_V2", ""},
    {"x86-64-v3", MachineKind::Cpu, "x86_64_v3", 32, 16, 32 << 10, 512 << 10, {"-march=x86-64-v3"}, {"fma", "f16c"}, "INGOT_CPU_X86_64_V3", ""},
    {"x86-64-v4", MachineKind::Cpu, "x86_64_v4", 64, 32, 32 << 10, 1 << 20,
     {"-march=x86-64-v4", "-mprefer-vector-width=512"}, {"fma", "f16c", "masks"}, "INGOT_CPU_X86_64_V4", ""},
    {"aarch64", MachineKind::Cpu, "aarch64", 16, 32, 64 << 10, 512 << 10, {"-march=armv8-a"}, {"fma"}, "INGOT_CPU_AARCH64", "aarch64-linux-gnu"},
    {"cuda-sm80", MachineKind::Cuda, "cuda_sm80", 0, 0, 0, 0, {"-arch=sm_80"}, {"fma"}, "0", ""},
    {"cuda-sm90a", MachineKind::Cuda, "cuda_sm90a", 0, 0, 0, 0, {"-arch=sm_90a"}, {"fma"}, "0", ""},
};

bool Machine::has(StringRef feature) const { return llvm::is_contained(features, feature); }

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
  auto [base, suffix] = name.split('+');
  for (const Machine &row : rows)
    if (base == row.name) {
      Machine m = row;
      SmallVector<StringRef> extra;
      suffix.split(extra, '+', -1, false);
      for (StringRef e : extra)
        m.features.push_back(e.str());
      return m;
    }
  return std::nullopt;
}

std::vector<std::string> machineNames() {
  std::vector<std::string> names;
  for (const Machine &row : rows)
    names.push_back(row.name);
  return names;
}

} // namespace ingot
