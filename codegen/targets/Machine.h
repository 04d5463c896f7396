//===- Machine.h - one row per target: what costs and printers may know ---------===//
#ifndef INGOT_CODEGEN_TARGETS_MACHINE_H
#define INGOT_CODEGEN_TARGETS_MACHINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

enum class MachineKind { Cpu, Cuda };

struct Machine {
  std::string name;            // "x86-64-v3", as on the command line
  MachineKind kind;
  std::string id;              // "x86_64_v3": in file names, namespaces and runtime/simd/<id>.h
  int vectorBytes;             // native vector register; 0: scalar code
  int vectorRegisters;         // architectural
  int64_t l1Bytes, l2Bytes;    // per core
  std::vector<std::string> flags;    // for the C++ compiler (or nvcc), of the kernels' translation unit alone
  std::vector<std::string> features; // "fma", "f16c", …
  std::string cpuFeatures;           // what N_open asks of the processor: C over runtime/include/ingot/cpu.h
  std::string triple;          // GNU triple of the cross toolchain, empty for the host's architecture
  bool slowSubnormals = false; // some of its processors take them by microcode, a hundred cycles an instruction
  bool has(llvm::StringRef feature) const;
  int lanes(int elementBytes) const { return vectorBytes ? vectorBytes / elementBytes : 1; }
};

/// The row of `name`, or nothing if there is none. "native" detects this CPU. Features that the row has may follow
/// (+fma); no code makes use of others, so asking for them fails.
std::optional<Machine> findMachine(llvm::StringRef name);
/// The rows of "T[,T…]", the targets of one library: each once, the best first, whatever their order in the list. Empty, and
/// `problem` set, for an unknown one, a mixture of architectures, or several CUDA targets.
std::vector<Machine> findMachines(llvm::StringRef list, std::string &problem);
/// Whether code for `target` runs on a processor of the other row.
bool runsOn(const Machine &target, const Machine &processor);
/// "x86-64-v4,x86-64-v3": the list that findMachines makes of it.
std::string listOf(llvm::ArrayRef<Machine> machines);
/// Names of all rows, for help and error texts.
std::vector<std::string> machineNames();

} // namespace ingot
#endif
