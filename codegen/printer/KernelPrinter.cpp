//===- KernelPrinter.cpp - an expanded plan.kernel as a C++ or CUDA function ----------------===//
#include "codegen/printer/KernelPrinter.h"
#include "codegen/printer/BodyPrinter.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

namespace {
class KernelPrinter : public BodyPrinter {
public:
  KernelPrinter(plan::KernelOp kernel, const Machine &machine) : BodyPrinter(machine, kernel), kernel(kernel) {}

  FailureOr<PrintedKernel> print() {
    result.name = kernel.getSymName().str();
    if (auto doc = kernel->getAttr("doc")) {
      if (auto text = dyn_cast<StringAttr>(doc))
        result.doc = text.str();
      else if (auto lines = dyn_cast<ArrayAttr>(doc))
        for (Attribute line : lines)
          result.doc += (result.doc.empty() ? "" : "\n") + cast<StringAttr>(line).str();
    }
    for (const char *word : {"begin", "end", "tiles"})
      names.reserve(word);
    countUses(kernel);
    parameters();
    for (Operation &op : kernel.getBody().front().without_terminator()) {
      if (!ok)
        break;
      if (auto forall = dyn_cast<scf::ForallOp>(op))
        tiles(forall);
      else
        operation(&op);
    }
    if (!ok)
      return failure();
    result.body = body.text;
    return result;
  }

private:
  plan::KernelOp kernel;
  PrintedKernel result;

  void parameters() {
    SmallVector<int64_t> writes;
    if (auto a = kernel->getAttrOfType<DenseI64ArrayAttr>("writes"))
      writes.append(a.asArrayRef().begin(), a.asArrayRef().end());
    else if (auto array = kernel->getAttrOfType<ArrayAttr>("writes"))
      for (Attribute w : array)
        writes.push_back(cast<IntegerAttr>(w).getInt());
    auto symbols = kernel->getAttrOfType<ArrayAttr>("symbols");
    for (BlockArgument arg : kernel.getBody().getArguments()) {
      unsigned i = arg.getArgNumber();
      std::string hint;
      if (auto name = kernel.getArgAttrOfType<StringAttr>(i, "plan.name"))
        hint = name.str();
      else if (symbols && i < symbols.size())
        hint = cast<StringAttr>(symbols[i]).str();
      else
        hint = nameHint(arg);
      if (hint.empty())
        hint = arg.getType().isIndex() ? "size" : llvm::is_contained(writes, int64_t(i)) ? "y" : "x";
      if (llvm::none_of(arg.getUsers(), [&](Operation *user) { return isLive(user) && !isa<scf::ForallOp>(user); }))
        continue; // the tile count alone needs it
      std::string name = names.fresh(hint), type = valueType(arg);
      bool pointer = StringRef(type).ends_with("*");
      std::string restrict = pointer && (kernel->hasAttr("noalias") || kernel.getArgAttr(i, "plan.noalias")) ? "__restrict " : "";
      if (pointer)
        type = elementType(arg) + " *";
      bool readOnly = pointer && !llvm::is_contained(writes, int64_t(i));
      result.params.push_back((readOnly ? "const " : "") + type + (pointer ? "" : " ") + restrict + name);
      result.used.push_back(i);
      bind(arg, name, type);
    }
  }

  void tiles(scf::ForallOp op) {
    bool cuda = machine.kind == MachineKind::Cuda;
    std::string hint = nameHint(op.getInductionVars()[0]);
    OpFoldResult lower = op.getMixedLowerBound()[0], step = op.getMixedStep()[0];
    bool plain = isConstantIntValue(lower, 0) && isConstantIntValue(step, 1);
    std::string tile = names.fresh(plain && !hint.empty() ? hint : "a tile");
    if (!plain || hint.empty()) {
      tile = "tile";
      names.reserve(tile);
    }
    auto inner = [&] {
      Value v = op.getInductionVars()[0];
      if (plain) {
        bind(v, tile, "int64_t");
      } else {
        auto number = [&](OpFoldResult r) { return isa<Value>(r) ? text(cast<Value>(r), Product) : std::to_string(*getConstantIntValue(r)); };
        std::string first = number(lower), by = number(step), at = names.fresh(hint.empty() ? "at" : hint);
        statement("const int64_t " + at + " = " + (first == "0" ? "" : first + " + ") + tile + " * " + by + ";", Kind::Declaration);
        bind(v, at, "int64_t");
      }
      block(*op.getBody());
    };
    if (cuda) {
      statement("const int64_t " + tile + " = blockIdx.x * int64_t(blockDim.x) + threadIdx.x;", Kind::Declaration);
      Body stop = capture([&] { statement("return;"); });
      compound("if (" + tile + " >= tiles)", stop);
      inner();
    } else {
      Body loop = capture(inner);
      compound("for (int64_t " + tile + " = begin; " + tile + " < end; ++" + tile + ")", loop, loop.statements == 0);
    }
  }

  std::optional<Expr> printExpression(Operation *op) override {
    auto zeros = dyn_cast<plan::ZerosOp>(op);
    if (!zeros)
      return std::nullopt;
    Type element = cast<plan::PtrType>(zeros.getType()).getElement();
    int64_t count = zeros.getCount();
    if (int bits = packedBits(element))
      count = (count * bits + 7) / 8;
    std::string type = cStorage(element);
    int64_t &most = result.zeros[type];
    most = std::max(most, count);
    Expr e;
    e.text = "zeros_" + StringRef(type).split('_').first.str();
    e.type = "const " + type + " *";
    return e;
  }
};
} // namespace

FailureOr<PrintedKernel> printKernel(plan::KernelOp kernel, const Machine &machine) {
  if (!kernel->hasAttr("target"))
    return kernel.emitOpError("is not expanded");
  return KernelPrinter(kernel, machine).print();
}

std::string kernelPreamble(StringRef ns, const Machine &machine, const std::map<std::string, int64_t> &zeros) {
  bool cuda = machine.kind == MachineKind::Cuda;
  std::string text = ("#define INGOT_NS " + ns + "\n#include \"ingot/kernel.h\"\n#include \"simd/" + (cuda ? "cuda" : machine.id) + ".h\"\n").str();
  text += ("\nnamespace " + ns + " {\n").str();
  if (!zeros.empty())
    text += "\n// What reads outside a tensor's border find.\n";
  for (auto &[type, count] : zeros)
    text += (cuda ? "static __device__ const " : "alignas(64) static const ") + type + " zeros_" + StringRef(type).split('_').first.str() + "[" +
            std::to_string(count) + "] = {};\n";
  return text;
}

std::string kernelPostamble(StringRef ns) { return ("\n} // namespace " + ns + "\n").str(); }

std::string kernelSignature(const PrintedKernel &kernel, StringRef prefix, const Machine &machine, StringRef begin, StringRef end) {
  bool cuda = machine.kind == MachineKind::Cuda;
  std::vector<std::string> params = kernel.params;
  if (cuda)
    params.push_back("int64_t tiles");
  else
    params.insert(params.end(), {"int64_t begin", "int64_t end"});
  return wrapStatement((begin + (cuda ? "__global__ void " : "void ") + prefix + kernel.name + "(" + llvm::join(params, ", ") + ")" + end).str(), 0);
}

std::string kernelFunction(const PrintedKernel &kernel, StringRef prefix, const Machine &machine) {
  return comment(kernel.doc) + kernelSignature(kernel, prefix, machine, "extern \"C\" ", " {") + kernel.body + "}\n";
}

} // namespace ingot::printer
