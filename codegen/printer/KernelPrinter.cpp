//===- KernelPrinter.cpp - an expanded plan.kernel as a C++ or CUDA function ----------------===//
#include "codegen/printer/KernelPrinter.h"
#include "codegen/printer/BodyPrinter.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

namespace {
class KernelPrinter : public BodyPrinter {
public:
  KernelPrinter(plan::KernelOp kernel, const Machine &machine, Names &functions)
      : BodyPrinter(machine, kernel), kernel(kernel), functions(functions) {}

  FailureOr<PrintedKernel> print() {
    result.name = kernel.getSymName().str();
    if (auto text = kernel->getAttrOfType<StringAttr>("doc"))
      result.doc = text.str();
    else if (auto lines = kernel->getAttrOfType<ArrayAttr>("doc"))
      describe(lines);
    result.name = functions.fresh(result.name);
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
    addLine(costs());
    if (launches.size() > 1)
      addLine("one kernel for " + std::to_string(launches.size()) + " launches");
    else
      addLine(llvm::join(origins, "; "));
    return result;
  }

private:
  plan::KernelOp kernel;
  PrintedKernel result;

  Names &functions;
  SmallVector<plan::LaunchOp> launches;
  std::vector<std::string> origins; // "x = /conv1/Conv", for parameters that are called otherwise

  void addLine(StringRef line) {
    if (!line.empty())
      result.doc += (result.doc.empty() ? "" : "\n") + line.str();
  }

  /// Lines of ONNX nodes, and one of what they come to; the nodes name the function.
  void describe(ArrayAttr lines) {
    for (auto line : lines.getAsRange<StringAttr>())
      addLine(line);
    if (lines.size() < 2)
      return;
    StringRef nodes = cast<StringAttr>(lines[0]).getValue();
    result.sumOfProducts = llvm::any_of(kernel.getBody().getArguments(), [](BlockArgument a) { return roleOf(a) == Role::Factor; });
    result.name = shortName(result.sumOfProducts ? nodes.split(", ").first : nodes.substr(nodes.rfind(", ") + 1).ltrim());
  }

  // ---- parameters

  /// What sums make of an operand.
  enum class Role { None, Factor, Bias, Scale };

  /// Whether a value goes on to the next iteration of a sum.
  static bool accumulates(Operation *add) {
    return llvm::any_of(add->getUsers(), [](Operation *user) {
      auto store = dyn_cast<memref::StoreOp>(user);
      return isa<scf::YieldOp>(user) || (store && store.getMemRef().getDefiningOp<memref::AllocaOp>());
    });
  }
  static Role roleOf(Value v) {
    for (Operation *user : v.getUsers()) {
      if (isa<vector::FMAOp, math::FmaOp>(user))
        return user->getOperand(2) == v ? Role::Bias : Role::Factor;
      if (isa<arith::AddFOp, arith::AddIOp>(user))
        return Role::Bias;
      if (isa<arith::MulFOp, arith::MulIOp>(user)) {
        bool summed = llvm::any_of(user->getUsers(), [](Operation *add) { return isa<arith::AddFOp, arith::AddIOp>(add) && accumulates(add); });
        return summed ? Role::Factor : Role::Scale;
      }
      Role role = Role::None;
      if (isa<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp, plan::PtrLoadOp, plan::PtrToOp, scf::YieldOp, vector::BroadcastOp>(user) ||
          isa<CastOpInterface>(user)) {
        for (Value result : user->getNumResults() ? ValueRange(user->getResults()) : user->getParentOp()->getResults())
          role = role == Role::None && !isa<IndexType>(result.getType()) ? roleOf(result) : role;
      } else if (auto store = dyn_cast<memref::StoreOp>(user); store && store.getValue() == v) {
        if (auto local = store.getMemRef().getDefiningOp<memref::AllocaOp>()) // a row of registers
          for (Operation *reader : local->getUsers())
            if (isa<memref::LoadOp>(reader) && role == Role::None)
              role = roleOf(reader->getResult(0));
      }
      if (role != Role::None)
        return role;
    }
    return Role::None;
  }

  /// The weight that every launch passes, or nothing.
  plan::WeightOp weightOf(unsigned argument) {
    plan::WeightOp weight;
    for (plan::LaunchOp launch : launches) {
      auto get = launch.getArgs()[argument].getDefiningOp<plan::GetWeightOp>();
      if (!get)
        return {};
      weight = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(get, get.getWeightAttr());
    }
    return weight;
  }

  bool isLocalName(StringRef onnx) { return onnx.find_first_of("/.:") == StringRef::npos && llvm::isLower(onnx.front()); }

  /// "x", "weight", "bias", "out" where that says it all, else the end of the ONNX name.
  std::string argumentName(BlockArgument arg, StringRef onnx, ArrayRef<int64_t> writes) {
    bool written = llvm::is_contained(writes, int64_t(arg.getArgNumber()));
    if (isLocalName(onnx) && (written || onnx != "y")) // `y` is what nothing is known of
      return onnx.str();
    if (written)
      return "out";
    if (weightOf(arg.getArgNumber())) {
      Role role = roleOf(arg);
      if (role == Role::Factor)
        return "weight";
      if (std::string own = lastWords(onnx); !own.empty())
        return own;
      return role == Role::Bias ? "bias" : role == Role::Scale ? "scale" : isLocalName(onnx) ? "constant" : shortName(onnx, 16);
    }
    auto others = [&](auto matches) {
      return llvm::count_if(kernel.getBody().getArguments(), [&](BlockArgument a) {
        unsigned i = a.getArgNumber();
        return a != arg && isa<MemRefType>(a.getType()) && !llvm::is_contained(writes, int64_t(i)) && !weightOf(i) && matches(a);
      });
    };
    bool alone = others([](BlockArgument) { return true; }) == 0;
    bool onlyFactor = roleOf(arg) == Role::Factor && others([](BlockArgument a) { return roleOf(a) == Role::Factor; }) == 0;
    return alone || onlyFactor ? "x" : lastName(onnx);
  }

  void parameters() {
    SmallVector<int64_t> writes;
    if (auto a = kernel->getAttrOfType<DenseI64ArrayAttr>("writes"))
      writes.append(a.asArrayRef().begin(), a.asArrayRef().end());
    else if (auto array = kernel->getAttrOfType<ArrayAttr>("writes"))
      for (Attribute w : array)
        writes.push_back(cast<IntegerAttr>(w).getInt());
    if (auto model = kernel->getParentOfType<plan::ModelOp>())
      model.walk([&](plan::LaunchOp launch) {
        if (launch.getKernel() == kernel.getSymName())
          launches.push_back(launch);
      });
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
      bool pointer = isa<MemRefType>(arg.getType());
      std::string name = names.fresh(pointer ? argumentName(arg, hint, writes) : hint), type = valueType(arg);
      if (pointer && name != hint && hint != "y") {
        plan::WeightOp weight = weightOf(i);
        origins.push_back(name + (weight && weight->hasAttr("value") ? " = constant of " : " = ") + hint);
      }
      std::string restrict = pointer && (kernel->hasAttr("noalias") || kernel.getArgAttr(i, "plan.noalias")) ? "__restrict " : "";
      if (pointer)
        type = elementType(arg) + " *";
      bool readOnly = pointer && !llvm::is_contained(writes, int64_t(i));
      result.params.push_back((readOnly ? "const " : "") + type + (pointer ? "" : " ") + restrict + name);
      result.used.push_back(i);
      bind(arg, name, type);
    }
  }

  // ---- what it costs and how it is divided

  /// "26.1 MFLOP; a tile is 11 steps of block; registers hold 6 x 64 sums"
  std::string costs() {
    std::vector<std::string> parts;
    if (auto flops = kernel->getAttrOfType<StringAttr>("flops")) {
      int64_t n;
      if (flops.getValue().getAsInteger(10, n))
        parts.push_back(flops.getValue().str() + " FLOP");
      else if (n > 0)
        parts.push_back(amount(n) + "FLOP");
    }
    if (std::string tile = tileText(); !tile.empty())
      parts.push_back(tile);
    return llvm::join(parts, "; ");
  }
  static std::string amount(int64_t n) {
    double value = double(n);
    const char *const units[] = {"", "k", "M", "G", "T"};
    unsigned unit = 0;
    for (; value >= 1000 && unit < 4; ++unit)
      value /= 1000;
    char text[32];
    snprintf(text, sizeof text, unit ? "%.3g %s" : "%g %s", value, units[unit]);
    return text;
  }
  /// Whether a value tells tiles apart.
  static bool dependsOnTile(Value v) {
    if (auto arg = dyn_cast<BlockArgument>(v))
      return isa<scf::ForallOp>(arg.getOwner()->getParentOp());
    return v.getType().isIndex() && llvm::any_of(v.getDefiningOp()->getOperands(), dependsOnTile);
  }
  /// The loops that a tile has a part of, and the outputs that registers hold at a time.
  std::string tileText() {
    std::vector<std::string> spans;
    std::string registers;
    kernel.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        auto start = loop.getLowerBound().getDefiningOp<arith::MulIOp>();
        APInt steps;
        if (start && matchPattern(start.getRhs(), m_ConstantInt(&steps)) && dependsOnTile(start.getLhs()) && !loopName(loop).empty())
          if (std::string span = std::to_string(steps.getSExtValue()) + " steps of " + loopName(loop); !llvm::is_contained(spans, span))
            spans.push_back(span);
      } else if (auto local = dyn_cast<memref::AllocaOp>(op); local && registers.empty()) {
        auto lanes = dyn_cast<VectorType>(local.getType().getElementType());
        ArrayRef<int64_t> shape = local.getType().getShape();
        if (lanes && shape.size() == 2)
          registers = std::to_string(shape[0]) + " x " + std::to_string(shape[1] * lanes.getNumElements());
      }
    });
    std::vector<std::string> parts;
    if (!spans.empty())
      parts.push_back("a tile is " + llvm::join(spans, " by "));
    if (!registers.empty())
      parts.push_back("registers hold " + registers + " sums");
    return llvm::join(parts, "; ");
  }

  void tiles(scf::ForallOp op) {
    bool cuda = machine.kind == MachineKind::Cuda;
    std::string hint = nameHint(op.getInductionVars()[0]);
    OpFoldResult lower = op.getMixedLowerBound()[0], step = op.getMixedStep()[0];
    bool plain = isConstantIntValue(lower, 0) && isConstantIntValue(step, 1);
    std::string tile = plain && !hint.empty() && hint != "tile" ? names.fresh(hint) : "tile"; // a word that no other name may be
    names.reserve(tile);
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

FailureOr<PrintedKernel> printKernel(plan::KernelOp kernel, const Machine &machine, Names &functions) {
  if (!kernel->hasAttr("target"))
    return kernel.emitOpError("is not expanded");
  return KernelPrinter(kernel, machine, functions).print();
}

std::string kernelPreamble(StringRef ns, const Machine &machine, const std::map<std::string, int64_t> &zeros) {
  bool cuda = machine.kind == MachineKind::Cuda;
  std::string text = ("#define INGOT_NS " + ns + "\n#include \"ingot/kernel.h\"\n#include \"simd/" + (cuda ? "cuda" : machine.id) + ".h\"\n").str();
  text += ("\nnamespace " + ns + " {\n").str();
  if (!zeros.empty())
    text += "\n// What a read outside a tensor's border finds.\n";
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
