//===- KernelPrinter.cpp - an expanded plan.kernel as a C++ or CUDA function ----------------===//
#include "codegen/printer/KernelPrinter.h"
#include "codegen/printer/BodyPrinter.h"
#include "dialects/support/BufferAlignment.h"
#include "dialects/support/LocationNames.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

namespace {
class KernelPrinter : public BodyPrinter {
public:
  KernelPrinter(plan::KernelOp kernel, const Machine &machine, std::set<std::string> &functions)
      : BodyPrinter(machine, kernel), kernel(kernel), functions(functions) {}

  FailureOr<PrintedKernel> print() {
    result.name = kernel.getSymName().str();
    if (auto text = kernel->getAttrOfType<StringAttr>("doc"))
      result.doc = text.str();
    else if (auto lines = kernel->getAttrOfType<ArrayAttr>("doc"))
      describe(lines);
    std::string base = result.name;
    for (unsigned n = 2; !functions.insert(result.name).second; ++n)
      result.name = base + "_" + std::to_string(n);
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
    explain();
    addLine(costs());
    if (auto tile = kernel->getAttrOfType<StringAttr>("tile"))
      addLine(tile);
    result.shared = launches.size() > 1;
    if (result.shared)
      addLine("one kernel for " + std::to_string(launches.size()) + " launches; the entry says what its buffers are in each");
    else
      addLine(argumentOrigins(origins));
    return result;
  }

private:
  plan::KernelOp kernel;
  PrintedKernel result;

  std::set<std::string> &functions;
  SmallVector<plan::LaunchOp> launches;
  std::vector<std::string> argumentNames;
  std::vector<Argument> origins; // the buffers that the only launch passes

  void addLine(StringRef line) {
    if (!line.empty())
      result.doc += (result.doc.empty() ? "" : "\n") + line.str();
  }

  /// Lines of ONNX nodes, and one of what they come to; the nodes name the function.
  void describe(ArrayAttr lines) {
    for (auto line : lines.getAsRange<StringAttr>())
      addLine(line);
    if (lines.empty())
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
    return llvm::any_of(add->getUsers(), [&](Operation *user) {
      auto store = dyn_cast<memref::StoreOp>(user);
      bool another = isa<vector::FMAOp, math::FmaOp>(user) && user->getOperand(2) == add->getResult(0); // term of the same sum
      return isa<scf::YieldOp>(user) || (store && store.getMemRef().getDefiningOp<memref::AllocaOp>()) || (another && accumulates(user));
    });
  }
  static Role roleOf(Value v) {
    for (Operation *user : v.getUsers()) {
      if (isa<vector::FMAOp, math::FmaOp>(user))
        return user->getOperand(2) == v ? Role::Bias : accumulates(user) ? Role::Factor : Role::Scale;
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

  /// Whether what is read of `v` is added to what is read of another argument that is no weight.
  bool addedToArgument(Value v) {
    for (Operation *load : v.getUsers())
      for (Operation *add : load->getNumResults() == 1 ? llvm::to_vector(load->getUsers()) : SmallVector<Operation *>()) {
        if (!isa<arith::AddFOp, arith::AddIOp>(add))
          continue;
        Operation *other = add->getOperand(add->getOperand(0) == load->getResult(0)).getDefiningOp();
        if (!isa_and_nonnull<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp>(other))
          continue;
        auto arg = dyn_cast<BlockArgument>(other->getOperand(0));
        if (arg && !weightOf(arg.getArgNumber()))
          return true;
      }
    return false;
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

  /// A word that serves as a parameter's name, in every launch.
  bool isLocalName(StringRef onnx) {
    return launches.size() <= 1 && onnx.find_first_of("/.:(") == StringRef::npos && llvm::isLower(onnx.front());
  }

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
      for (StringRef computed : {".packed", ".reshaped", ".folded"}) // what hoist-constants made of it
        onnx.consume_back(computed);
      if (std::string own = lastWords(onnx); !own.empty())
        return own;
      if (result.sumOfProducts && role == Role::Bias && addedToArgument(arg)) // of the other path
        return "residual_bias";
      return role == Role::Bias ? "bias" : role == Role::Scale ? "scale" : isLocalName(onnx) ? "constant" : shortName(onnx, 16);
    }
    auto others = [&](auto matches) {
      return llvm::count_if(kernel.getBody().getArguments(), [&](BlockArgument a) {
        unsigned i = a.getArgNumber();
        return a != arg && isa<MemRefType>(a.getType()) && !llvm::is_contained(writes, int64_t(i)) && !weightOf(i) && matches(a);
      });
    };
    Role role = roleOf(arg);
    bool alone = others([](BlockArgument) { return true; }) == 0;
    unsigned factors = others([](BlockArgument a) { return roleOf(a) == Role::Factor; });
    if (alone || (role == Role::Factor && !factors))
      return "x";
    if (result.sumOfProducts && role == Role::Bias) // another path's values that a sum of products is added to
      return "residual";
    if (result.sumOfProducts && role == Role::Scale)
      return "scale";
    return lastName(onnx);
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
      bool pointer = isa<MemRefType>(arg.getType());
      std::string name = names.fresh(pointer ? argumentName(arg, hint, writes) : hint), type = valueType(arg);
      argumentNames.push_back(name);
      if (llvm::none_of(arg.getUsers(), [&](Operation *user) { return isLive(user) && !isa<scf::ForallOp>(user); }))
        continue; // the tile count alone needs it
      if (pointer)
        origins.push_back({name, hint, launches.size() == 1 ? launches[0].getArgs()[i] : Value()});
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

  /// What it computes, under the parameters' names: "{2}" is argument 2.
  void explain() {
    auto lines = kernel->getAttrOfType<ArrayAttr>("about");
    for (StringRef line : lines ? llvm::to_vector(lines.getAsValueRange<StringAttr>()) : SmallVector<StringRef>()) {
      std::string text;
      while (!line.empty()) {
        auto [before, rest] = line.split('{');
        text += before;
        auto [number, after] = rest.split('}');
        unsigned argument;
        if (!number.getAsInteger(10, argument) && argument < argumentNames.size())
          text += argumentNames[argument];
        line = after;
      }
      addLine(text);
    }
  }

  /// "26.1 MFLOP"
  std::string costs() {
    auto flops = kernel->getAttrOfType<StringAttr>("flops");
    int64_t n;
    if (!flops || flops.getValue().getAsInteger(10, n))
      return flops ? flops.getValue().str() + " FLOP" : "";
    return n > 0 ? amount(n) + "FLOP" : "";
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

  // ---- variants

  /// Values from around the body that it uses, arguments of the kernel first.
  SmallVector<Value> captured(plan::VariantsOp variants) {
    llvm::SetVector<Value> values;
    variants.getBody().walk([&](Operation *op) {
      if (isLive(op))
        for (Value v : op->getOperands())
          if (!variants.getBody().isAncestor(v.getParentRegion()) && !v.getDefiningOp<arith::ConstantOp>())
            values.insert(v);
    });
    SmallVector<Value> all = values.takeVector();
    llvm::stable_sort(all, [&](Value a, Value b) {
      auto rank = [&](Value v) {
        auto arg = dyn_cast<BlockArgument>(v);
        return arg && arg.getOwner() == &kernel.getBody().front() ? arg.getArgNumber() : ~0u;
      };
      return rank(a) < rank(b);
    });
    return all;
  }

  /// "int64_t row", "const float *x"; a local array of several dimensions decays to a pointer to its rows.
  static std::string parameter(Value v, StringRef type, StringRef name) {
    auto array = dyn_cast<MemRefType>(v.getType());
    if (!array || array.getRank() < 2)
      return (type + (type.ends_with("*") ? "" : " ") + name).str();
    std::string text = (type.rtrim(" *") + " (*" + name + ")").str();
    for (int64_t size : array.getShape().drop_front())
      text += "[" + std::to_string(size) + "]";
    return text;
  }

  /// A function template in front of the kernel, and a call for each case.
  bool printStatement(Operation *op) override {
    auto variants = dyn_cast<plan::VariantsOp>(op);
    if (!variants)
      return false;
    std::string name = result.name + "_" + variants.getName().str();
    std::vector<std::string> constants, params, arguments;
    auto named = [&](Value v) {
      if (Expr e = get(v); !isIdentifier(e.text))
        declare(v, e);
      return get(v).text;
    };
    for (Value v : captured(variants)) {
      std::string own = named(v), type = valueType(v);
      auto it = llvm::find_if(result.params, [&](StringRef p) { return p.substr(p.find_last_of(" *") + 1) == own; });
      params.push_back(it != result.params.end() ? *it : parameter(v, type, own));
      arguments.push_back(own);
    }
    std::vector<std::string> values;
    for (Value v : variants.getValues())
      values.push_back(named(v));
    bool cuda = machine.kind == MachineKind::Cuda;
    Names around = std::exchange(names, Names()); // a function's own
    for (const std::string &own : arguments)
      names.reserve(own);
    Body body = captureAt(2, [&] {
      for (auto [argument, hint] : llvm::zip(variants.getBody().getArguments(), variants.getArguments().getAsValueRange<StringAttr>())) {
        std::string type = valueType(argument), own = names.fresh(hint);
        constants.push_back(type + " " + own);
        bind(argument, own, type);
      }
      for (Operation &inner : variants.getBody().front())
        if (ok)
          operation(&inner);
    });
    names = around;
    std::string head = wrapStatement((cuda ? "static __device__ void " : "static void ") + name + "(" + llvm::join(params, ", ") + ") {", 0);
    if (auto doc = variants->getAttrOfType<StringAttr>("doc"))
      result.helpers += comment(doc.getValue());
    result.helpers += "template <" + llvm::join(constants, ", ") + ">\n" + head + body.text + "}\n\n";

    std::string list = "(" + llvm::join(arguments, ", ") + ");", chain;
    unsigned last = variants.getCases().size() - 1;
    for (unsigned i = 0; i <= last; ++i) {
      std::vector<std::string> numbers, conditions;
      for (auto [value, v, number] : llvm::zip(values, variants.getValues(), variants.getCase(i))) {
        bool isBool = v.getType().isInteger(1);
        numbers.push_back(isBool ? number ? "true" : "false" : std::to_string(number));
        conditions.push_back(isBool ? (number ? "" : "!") + value : value + " == " + std::to_string(number));
      }
      std::string condition = "if (" + llvm::join(conditions, " && ") + ")", pad(indent, ' ');
      if (last)
        chain += pad + (i == 0 ? condition : i < last ? "else " + condition : "else") + "\n";
      chain += wrapStatement(name + "<" + llvm::join(numbers, ", ") + ">" + list, indent + (last ? 2 : 0));
    }
    raw(chain);
    return true;
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

std::string argumentOrigins(ArrayRef<Argument> arguments) {
  struct Origin {
    std::string text, owner;
    bool isConstant; // without a name of its own
  };
  std::vector<Origin> origins;
  std::set<std::string> owners;
  for (const Argument &a : arguments) {
    plan::WeightOp weight;
    std::string owner;
    if (auto get = a.value ? a.value.getDefiningOp<plan::GetWeightOp>() : plan::GetWeightOp()) {
      weight = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(get, get.getWeightAttr());
      owner = nameAt(get.getLoc()).str();
    }
    bool isConstant = weight && weight->hasAttr("value");
    if (!owner.empty() && owner != a.onnx)
      owners.insert(owner);
    if (a.parameter == a.onnx || a.onnx == "y") // which is what nothing is known of
      continue;
    origins.push_back({a.parameter + (isConstant ? " of " : " = ") + a.onnx, owner == a.onnx ? "" : owner, isConstant});
  }
  return llvm::join(llvm::map_range(origins, [&](const Origin &o) {
    return o.text + (owners.size() < 2 || o.isConstant || o.owner.empty() ? "" : " of " + o.owner);
  }), "; ");
}

std::string argumentOrigins(plan::LaunchOp launch, const PrintedKernel &kernel) {
  auto names = launch->getAttrOfType<ArrayAttr>("names");
  std::vector<Argument> arguments;
  unsigned indices = names ? launch.getArgs().size() - names.size() : 0; // come first
  for (auto [argument, parameter] : llvm::zip(kernel.used, kernel.params))
    if (names && argument >= indices)
      arguments.push_back({parameter.substr(parameter.find_last_of(" *") + 1), cast<StringAttr>(names[argument - indices]).str(),
                           launch.getArgs()[argument]});
  return argumentOrigins(arguments);
}

FailureOr<PrintedKernel> printKernel(plan::KernelOp kernel, const Machine &machine, std::set<std::string> &functions) {
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
    text += (cuda ? "static __device__ const " : "alignas(" + std::to_string(bufferAlignment) + ") static const ") + type + " zeros_" + StringRef(type).split('_').first.str() + "[" +
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
  std::string gap = kernel.helpers.empty() || kernel.doc.empty() ? "" : "\n";
  return comment(kernel.doc) + gap + kernel.helpers + kernelSignature(kernel, prefix, machine, "extern \"C\" ", " {") + kernel.body + "}\n";
}

} // namespace ingot::printer
