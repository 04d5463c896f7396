//===- KernelPrinter.h - an expanded plan.kernel as a C++ or CUDA function ------------------===//
#ifndef INGOT_CODEGEN_PRINTER_KERNELPRINTER_H
#define INGOT_CODEGEN_PRINTER_KERNELPRINTER_H

#include "codegen/targets/Machine.h"
#include "dialects/plan/Plan.h"
#include <map>
#include <set>

namespace ingot::printer {

/// The parts that codegen/package's Kernel wants, under the same names.
struct PrintedKernel {
  std::string name;                // of the function, behind the prefix
  std::string doc;                 // comment text, lines without //
  std::vector<std::string> params; // "int64_t batch", "const float *x"; the tiles [begin, end) follow
  std::string helpers;             // functions that it calls, each with a blank line behind it
  std::string body;                // statements, indented by two spaces
  std::vector<unsigned> used;      // the plan.kernel's argument behind each of `params`; the others it does not need
  std::map<std::string, int64_t> zeros; // C type → elements of the unit's zero array that it reads
  bool sumOfProducts = false;      // its first ONNX node names it, else the last
  bool shared = false;             // several launches: what its buffers are is said at each
};

/// What a launch passes for a parameter.
struct Argument {
  std::string parameter, onnx; // the parameter's name and the value's
  mlir::Value value;           // of the entry, if there is one
};
/// "x = /conv1/Conv; weight = w.packed; bias of /conv1/Conv": the arguments whose parameters are called otherwise. Where constants belong to
/// different nodes, whose they are is said.
std::string argumentOrigins(llvm::ArrayRef<Argument> arguments);
/// The same for a launch of `kernel`, by its own names.
std::string argumentOrigins(plan::LaunchOp launch, const PrintedKernel &kernel);

/// Prints the kernel for the machine; a diagnostic and failure for what cannot be printed. `functions` has the names of
/// the functions so far.
mlir::FailureOr<PrintedKernel> printKernel(plan::KernelOp kernel, const Machine &machine,
                                         std::set<std::string> &functions);

/// What every kernel file of a target begins with; `ns` is the namespace of its runtime headers.
/// Kernels stand between this and kernelPostamble(), inside that namespace.
std::string kernelPreamble(llvm::StringRef ns, const Machine &machine, const std::map<std::string, int64_t> &zeros);
std::string kernelPostamble(llvm::StringRef ns);
/// The whole function: comment, signature, body. `prefix` comes before its name.
std::string kernelFunction(const PrintedKernel &kernel, llvm::StringRef prefix, const Machine &machine);
/// "void N_k(int64_t batch, const float *x, int64_t begin, int64_t end)" between `begin` and `end`, as lines.
std::string kernelSignature(const PrintedKernel &kernel, llvm::StringRef prefix, const Machine &machine, llvm::StringRef begin,
                            llvm::StringRef end);

} // namespace ingot::printer
#endif
