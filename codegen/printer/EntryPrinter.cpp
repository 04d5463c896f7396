//===- EntryPrinter.cpp - a plan.entry as the body of the library's run function ------------===//
#include "codegen/printer/EntryPrinter.h"
#include "codegen/package/Text.h"
#include "codegen/printer/BodyPrinter.h"
#include "codegen/printer/DimText.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/ElementType.h"
#include "dialects/support/LocationNames.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

namespace {
class EntryPrinter : public BodyPrinter {
public:
  EntryPrinter(plan::EntryOp entry, const Machine &machine, const EntryOptions &options)
      : BodyPrinter(machine, entry), entry(entry), options(options), cuda(machine.kind == MachineKind::Cuda) {}

  FailureOr<PrintedEntry> print() {
    countUses(entry);
    arguments();
    nameExtents();
    for (Operation &op : entry.getBody().front().without_terminator()) {
      if (!ok)
        break;
      operation(&op);
    }
    outputs();
    if (!ok)
      return failure();
    statement("return INGOT_OK;");
    if (StringRef(body.text).contains("ingot_") || StringRef(body.text).contains("memcpy("))
      include("ingot/kernel.h");
    result.body = body.text;
    result.stagingBytes = staging.str();
    return result;
  }

private:
  plan::EntryOp entry;
  const EntryOptions &options;
  bool cuda;
  PrintedEntry result;
  DimExpr staging;
  llvm::StringMap<std::string> symbols; // symbol → C variable
  llvm::StringMap<std::string> extents; // canonical text of a part of sizes → the symbol that stands for it
  llvm::DenseMap<Operation *, SmallVector<Operation *>> due; // pointers that a step declares
  llvm::DenseMap<Value, std::string> holds;                  // what the last step left in a buffer
  struct Place { // of a buffer in the workspace
    int64_t begin, end;
    std::string name;
  };
  std::vector<Place> places;
  struct Staged {
    std::string host, device, bytes;
  };
  std::vector<Staged> staged;
  std::vector<std::pair<std::string, std::string>> results; // frame field, value: outputs in the workspace

  // ---- names and types

  StringRef attr(unsigned argument, StringRef name) {
    auto a = entry.getArgAttrOfType<StringAttr>(argument, name);
    return a ? a.getValue() : StringRef();
  }
  std::string symbolName(StringRef symbol) {
    auto it = symbols.find(symbol);
    return it == symbols.end() ? identifier(symbol) : it->second;
  }
  std::string dim(StringRef text, Operation *op, int precedence = 0) {
    std::optional<DimExpr> e = DimExpr::parse(text);
    if (!e) {
      (void)failed(op, "bad dimension expression");
      return "0";
    }
    e = abbreviate(withoutRepetition(*e));
    std::string c = dimText(*e, [&](StringRef s) { return symbolName(s); });
    return precedence > Sum && !isFactor(*e) ? "(" + c + ")" : c;
  }
  /// A state without capacity has an old value, which is read, and a new one, `name`_next.
  bool isReplacedState(BlockArgument arg) {
    return attr(arg.getArgNumber(), "plan.role") == "state" && !entry.getArgAttr(arg.getArgNumber(), "plan.capacity");
  }
  bool isConst(Value v) {
    if (auto arg = dyn_cast<BlockArgument>(v)) {
      if (arg.getOwner()->getParentOp() == entry)
        return isReplacedState(arg) || (attr(arg.getArgNumber(), "plan.role") == "input" && !cuda);
      if (auto loop = dyn_cast<scf::ForOp>(arg.getOwner()->getParentOp()))
        return arg.getArgNumber() > 0 && isConst(loop.getInitArgs()[arg.getArgNumber() - 1]);
      return false;
    }
    if (isa<plan::GetWeightOp>(v.getDefiningOp()))
      return true;
    unsigned i = cast<OpResult>(v).getResultNumber();
    if (auto select = dyn_cast<scf::IfOp>(v.getDefiningOp()))
      return isConst(select.thenYield().getOperand(i)) || isConst(select.elseYield().getOperand(i));
    if (auto loop = dyn_cast<scf::ForOp>(v.getDefiningOp()))
      return isConst(loop.getInitArgs()[i]);
    return false;
  }
  std::string element(Value v) {
    auto m = cast<MemRefType>(v.getType());
    if (auto arg = dyn_cast<BlockArgument>(v); arg && arg.getOwner()->getParentOp() == entry)
      return attr(arg.getArgNumber(), "plan.role") == "workspace" ? "unsigned char" : elementType(v);
    // As the first kernel sees it.
    for (OpOperand &use : v.getUses())
      if (auto launch = dyn_cast<plan::LaunchOp>(use.getOwner()))
        if (std::string type = parameterElement(launch, use.getOperandNumber()); !type.empty())
          return type;
    return cStorage(m.getElementType());
  }
  std::string valueType(Value v) override {
    if (isa<MemRefType>(v.getType()))
      return (isConst(v) ? "const " : "") + element(v) + " *";
    return BodyPrinter::valueType(v);
  }
  std::string fallbackName(Operation *op) override {
    if (isa<plan::ReadOp>(op))
      return "host_value";
    if (isa<plan::MarkOp>(op))
      return "tail_mark";
    Value v = op->getResult(0);
    return isa<MemRefType>(v.getType()) ? "buffer" : v.getType().isIndex() ? fallbackIndexName(v) : BodyPrinter::fallbackName(op);
  }
  std::string fallbackIndexName(Value v) {
    bool counts = llvm::any_of(v.getUsers(), [&](Operation *user) {
      auto launch = dyn_cast<plan::LaunchOp>(user);
      return launch && launch.getTiles() == v;
    });
    return counts ? "tile_count" : "extent";
  }
  std::string freshName(Operation *op) {
    std::string hint = nameHint(op->getResult(0));
    if (hint.empty())
      hint = ingot::nameAt(op->getLoc()).str();
    return names.fresh(hint.empty() ? fallbackName(op) : shortName(hint));
  }
  const PrintedKernel *kernelOf(plan::LaunchOp launch) {
    if (!options.kernels)
      return nullptr;
    auto it = options.kernels->find(launch.getKernel().str());
    return it == options.kernels->end() ? nullptr : &it->second;
  }
  static unsigned firstArgument(plan::LaunchOp launch) { return launch.getTiles() ? 1 : 0; }
  /// C element type of the kernel's parameter behind an operand, or nothing.
  std::string parameterElement(plan::LaunchOp launch, unsigned operand) {
    const PrintedKernel *k = kernelOf(launch);
    if (!k || operand < firstArgument(launch))
      return "";
    for (auto [i, argument] : llvm::enumerate(k->used))
      if (argument == operand - firstArgument(launch) && StringRef(k->params[i]).contains('*')) {
        StringRef type = StringRef(k->params[i]).split(" *").first;
        type.consume_front("const ");
        return type.str();
      }
    return "";
  }

  // ---- sizes

  /// With the names of nameExtents().
  DimExpr abbreviate(const DimExpr &e) {
    return rebuild(e, [&](const DimExpr::Atom &atom) {
      auto it = extents.find(atom.text);
      return it != extents.end() ? DimExpr::symbol(it->second)
                                 : combine(atom.kind, abbreviate(atom.args->first), abbreviate(atom.args->second));
    });
  }
  /// Long parts of sizes and offsets that come up again get a name, where the arguments alone decide them.
  void nameExtents() {
    llvm::StringMap<unsigned> count;
    std::vector<DimExpr::Atom> inner; // operands before what they are part of
    auto visit = [&](auto &self, const DimExpr &e) -> void {
      for (auto &[monomial, coefficient] : e.terms())
        for (const DimExpr::Atom &atom : monomial) {
          if (atom.kind == DimExpr::Kind::Symbol || ++count[atom.text] > 1)
            continue;
          self(self, atom.args->first);
          self(self, atom.args->second);
          inner.push_back(atom);
        }
    };
    entry.walk([&](Operation *op) {
      StringRef text;
      if (auto slice = dyn_cast<plan::SliceOp>(op))
        text = slice.getOffset();
      else if (auto dimension = dyn_cast<plan::DimOp>(op); dimension && isLive(op))
        text = dimension.getExpr();
      else if (auto launch = dyn_cast<plan::LaunchOp>(op))
        if (auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr()))
          if (auto flops = kernel->getAttrOfType<StringAttr>("flops"))
            text = flops.getValue();
      if (std::optional<DimExpr> e = DimExpr::parse(text); e && !text.empty())
        visit(visit, withoutRepetition(*e));
    });
    for (const DimExpr::Atom &atom : inner) {
      DimExpr whole = combine(atom.kind, atom.args->first, atom.args->second);
      bool known = whole.isNonNegative(); // as symbols are
      whole.symbols([&](StringRef s) { known &= symbols.contains(s); });
      DimExpr shorter = abbreviate(whole);
      std::string text = dimText(shorter, [&](StringRef s) { return symbolName(s); });
      if (!known || count[atom.text] < 2 || text.size() <= 24)
        continue;
      if (extents.empty())
        raw(comment("Sizes that come up again.", indent), Kind::Declaration);
      std::string name = names.fresh("extent");
      statement("const int64_t " + name + " = " + text + ";", Kind::Declaration);
      extents[atom.text] = name;
    }
  }

  // ---- what comes first and last

  void arguments() {
    for (BlockArgument arg : entry.getBody().getArguments()) {
      unsigned i = arg.getArgNumber();
      StringRef role = attr(i, "plan.role");
      std::string onnx = attr(i, "plan.name").str();
      std::string name = i < options.argumentNames.size() ? options.argumentNames[i] : "";
      if (role == "workspace")
        name = "workspace";
      if (name.empty())
        name = names.fresh(onnx.empty() ? arg.getType().isIndex() ? "size" : "value" : shortName(onnx));
      else
        names.reserve(name);
      if (isReplacedState(arg))
        names.reserve(package::nextName(name));
      std::string type = role == "workspace" ? "unsigned char *" : arg.getType().isIndex() ? "int64_t" : element(arg) + " *";
      bool published = role == "output" && llvm::any_of(arg.getUsers(), [](Operation *user) { return isa<plan::PublishOp>(user); });
      if (role == "input" || isReplacedState(arg))
        type = "const " + type;
      if (auto t = entry.getArgAttrOfType<TypeAttr>(i, "plan.type"); t && isStruct(t.getValue()))
        type = "const " + (nn::isHandle(t.getValue()) ? cType(t.getValue()) : "ingot_tensor") + " *";
      if (!published)
        result.arguments.push_back({name, type, role.str()});
      if (arg.getType().isIndex() && !onnx.empty())
        symbols[onnx] = name;
      bind(arg, name, type);
      bool copied = cuda && (role == "input" || role == "output") && !published;
      if (copied && (role == "output" || !arg.use_empty()))
        stage(arg, name, role == "input");
    }
  }

  /// The device copy of an input or output, in the workspace's tail.
  void stage(BlockArgument arg, std::string name, bool in) {
    auto type = entry.getArgAttrOfType<TypeAttr>(arg.getArgNumber(), "plan.type");
    auto tensor = type ? dyn_cast<RankedTensorType>(type.getValue()) : RankedTensorType();
    if (!tensor)
      return (void)failed(entry, "a CUDA entry needs plan.type of every input and output");
    DimExpr bytes = storageBytes(tensor.getElementType(), product(nn::dimsOf(tensor)));
    staging = staging + DimExpr::ceilDiv(bytes, 64) * DimExpr(64);
    std::string text = dimText(bytes, [&](StringRef s) { return symbolName(s); });
    std::string device = names.fresh("device_" + name), c = element(arg);
    statement(c + " *" + device + " = static_cast<" + c + " *>(ingot_arena_take(&frame->arena, size_t(" + text + ")));",
              Kind::Declaration);
    needRoom(device);
    if (in)
      statement("INGOT_CUDA(cudaMemcpyAsync(" + device + ", " + name + ", size_t(" + text + "), cudaMemcpyHostToDevice, stream));");
    else
      staged.push_back({name, device, text});
    bind(arg, device, c + " *");
  }

  void outputs() {
    for (Staged &s : staged)
      statement("INGOT_CUDA(cudaMemcpyAsync(" + s.host + ", " + s.device + ", size_t(" + s.bytes + "), cudaMemcpyDeviceToHost, stream));");
    if (cuda)
      statement("INGOT_CUDA(cudaStreamSynchronize(stream));");
    for (auto &[field, value] : results)
      statement("frame->" + field + " = " + value + ";");
  }

  void needRoom(StringRef pointer) {
    Body stop = capture([&] {
      statement("return ingot::need_workspace(frame->error, int64_t(frame->arena.needed), frame->arena.size);");
    });
    compound(("if (!" + pointer + ")").str(), stop);
  }

  // ---- operations

  std::optional<Expr> printExpression(Operation *op) override {
    auto dimension = dyn_cast<plan::DimOp>(op);
    if (!dimension)
      return std::nullopt;
    Expr e;
    e.text = dim(dimension.getExpr(), op);
    std::optional<DimExpr> value = DimExpr::parse(dimension.getExpr());
    e.precedence = value && isFactor(*value) ? Primary : Sum;
    e.type = "int64_t";
    return e;
  }

  bool printStatement(Operation *op) override {
    if (isa<plan::SliceOp, plan::GetWeightOp>(op))
      return pointer(op);
    if (auto tail = dyn_cast<plan::TailOp>(op))
      return printTail(tail), true;
    if (auto mark = dyn_cast<plan::MarkOp>(op)) {
      std::string name = freshName(mark);
      statement("const int64_t " + name + " = int64_t(ingot_arena_mark(&frame->arena));", Kind::Declaration);
      return bind(mark.getResult(), name, "int64_t"), true;
    }
    if (auto release = dyn_cast<plan::ReleaseOp>(op))
      return statement("ingot_arena_release(&frame->arena, size_t(" + text(release.getMark()) + "));"), true;
    if (auto launch = dyn_cast<plan::LaunchOp>(op))
      return printLaunch(launch), true;
    if (auto read = dyn_cast<plan::ReadOp>(op))
      return printRead(read), true;
    if (auto bound = dyn_cast<plan::BindOp>(op))
      return printBind(bound), true;
    if (auto require = dyn_cast<plan::RequireOp>(op))
      return printRequire(require), true;
    if (auto copy = dyn_cast<plan::CopyOp>(op))
      return printCopy(copy), true;
    if (auto call = dyn_cast<plan::CallOp>(op))
      return printCall(call), true;
    if (auto set = dyn_cast<plan::SetOp>(op))
      return printSet(set), true;
    if (auto publish = dyn_cast<plan::PublishOp>(op))
      return printPublish(publish), true;
    return false;
  }

  /// The step that first uses a buffer or weight, if that is in the one block that all its uses are in.
  Operation *firstStep(Operation *op, ArrayRef<Operation *> users) {
    Block *block = op->getBlock();
    for (;;) {
      Operation *first = nullptr;
      llvm::SetVector<Block *> inside;
      for (Operation *user : users) {
        Operation *here = block->findAncestorOpInBlock(*user);
        if (!first || here->isBeforeInBlock(first))
          first = here;
        Region *region = user == here ? nullptr : user->getParentRegion();
        while (region && region->getParentOp() != here)
          region = region->getParentOp()->getParentRegion();
        inside.insert(region ? &region->front() : nullptr);
      }
      if (isa_and_nonnull<plan::LaunchOp, plan::CallOp, plan::CopyOp>(first))
        return first;
      if (inside.size() != 1 || !inside.front() || !isa<scf::IfOp>(inside.front()->getParentOp()))
        return nullptr;
      block = inside.front();
    }
  }
  /// Pointers wait for the step that first uses them.
  bool pointer(Operation *op) {
    SmallVector<Operation *> users;
    for (OpOperand &use : op->getUses())
      if (auto launch = dyn_cast<plan::LaunchOp>(use.getOwner()); !launch || passes(launch, use.getOperandNumber()))
        users.push_back(use.getOwner());
    if (Operation *step = firstStep(op, users))
      due[step].push_back(op);
    else if (!users.empty())
      declarePointer(op, "", {});
    return true;
  }
  /// Whether the printed kernel has a parameter for an operand.
  bool passes(plan::LaunchOp launch, unsigned operand) {
    const PrintedKernel *kernel = kernelOf(launch);
    return !kernel || llvm::is_contained(kernel->used, operand - firstArgument(launch));
  }
  void declarePointers(Operation *step) {
    auto launch = dyn_cast<plan::LaunchOp>(step);
    for (Operation *op : due.lookup(step))
      declarePointer(op, launch ? nameAt(op->getResult(0), launch) : "", launch);
    if (!launch)
      return;
    // A buffer that holds something else from now on is called so.
    for (Value v : launch.getArgs()) {
      auto slice = v.getDefiningOp<plan::SliceOp>();
      if (!slice || slice->getBlock() != launch->getBlock() || !writes(launch, v))
        continue;
      std::string name = nameAt(v, launch);
      if (!name.empty() && holds[v] != name)
        declarePointer(slice, name, launch);
    }
  }
  static bool writes(plan::LaunchOp launch, Value v) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr());
    auto list = kernel ? kernel->getAttrOfType<ArrayAttr>("writes") : ArrayAttr();
    return list && llvm::any_of(list.getAsRange<IntegerAttr>(), [&](IntegerAttr i) { return launch.getArgs()[i.getInt()] == v; });
  }
  /// The name of what a launch writes, or of a constant that it reads; empty for what has a name of its own.
  std::string nameAt(Value v, plan::LaunchOp launch) {
    llvm::SetVector<StringRef> nodes = namesAt(launch.getLoc());
    const PrintedKernel *kernel = kernelOf(launch);
    if (nodes.empty() || !kernel || v.getDefiningOp()->hasAttr("plan.name"))
      return "";
    std::string step = shortName(kernel->sumOfProducts ? nodes.front() : nodes.back());
    auto weight = v.getDefiningOp<plan::GetWeightOp>();
    if (!weight)
      return writes(launch, v) ? step : "";
    auto symbol = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(weight, weight.getWeightAttr());
    if (!symbol || !symbol->hasAttr("value"))
      return "";
    // The constant's own node, which may be another path's, and its role there.
    StringRef node = ingot::nameAt(weight.getLoc());
    std::string owner = node.empty() ? step : shortName(node);
    for (auto [argument, parameter] : llvm::zip(kernel->used, kernel->params))
      if (launch.getArgs()[argument] == v) {
        StringRef role = StringRef(parameter).substr(parameter.find_last_of(" *") + 1);
        if (owner != step)
          role.consume_front("residual_");
        return owner + "_" + role.str();
      }
    return "";
  }
  /// The shape that a launch sees in a buffer; empty if it is not the same for all sizes.
  static std::string shapeAt(Value v, plan::LaunchOp launch) {
    auto kernel = launch ? SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr()) : plan::KernelOp();
    for (unsigned i = 0; kernel && i < launch.getArgs().size(); ++i)
      if (auto shape = kernel.getArgAttrOfType<StringAttr>(i, "plan.shape"); shape && launch.getArgs()[i] == v)
        return llvm::any_of(shape.getValue(), llvm::isAlpha) ? "" : shape.str();
    return "";
  }
  /// "over conv1, relu, no longer needed": the buffers whose memory this one takes, where that is the same for all sizes.
  std::string replaced(Operation *op, StringRef name, plan::LaunchOp launch) {
    auto slice = dyn_cast<plan::SliceOp>(op);
    std::optional<DimExpr> offset = slice ? DimExpr::parse(slice.getOffset()) : std::nullopt;
    std::optional<DimExpr> count = slice ? DimExpr::parse(slice.getCount()) : std::nullopt;
    bool inBranch = launch && launch->getParentOp() != entry; // the other one may not come here
    if (!offset || !count || !offset->constant() || op->getParentOp() != entry || inBranch)
      return places.clear(), "";
    auto bytes = storageBytes(cast<MemRefType>(slice.getType()).getElementType(), *count).constant();
    if (!bytes)
      return places.clear(), "";
    Place own = {*offset->constant(), *offset->constant() + *bytes, name.str()};
    std::vector<std::string> before;
    llvm::erase_if(places, [&](const Place &p) {
      bool gone = p.begin < own.end && own.begin < p.end;
      if (gone)
        before.push_back(p.name);
      return gone;
    });
    places.push_back(own);
    return before.empty() ? "" : "over " + llvm::join(before, ", ") + ", no longer needed";
  }
  void declarePointer(Operation *op, StringRef name, plan::LaunchOp launch) {
    std::string base = "workspace", offset, count, hint = name.str();
    if (auto slice = dyn_cast<plan::SliceOp>(op)) {
      offset = dim(slice.getOffset(), op);
      count = dim(slice.getCount(), op);
      holds[slice.getResult()] = hint;
    } else {
      auto weight = cast<plan::GetWeightOp>(op);
      auto symbol = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(weight, weight.getWeightAttr());
      if (auto strings = symbol ? symbol->getAttrOfType<DenseStringElementsAttr>("value") : DenseStringElementsAttr())
        return printStrings(weight, strings, hint.empty() ? shortName(symbol.getSymName()) : hint);
      if (!symbol || !symbol.getOffset())
        return (void)failed(op, "the weight has no offset");
      base = "weights";
      offset = std::to_string(*symbol.getOffset());
      if (hint.empty())
        hint = shortName(symbol.getSymName());
    }
    Value v = op->getResult(0);
    std::string own = hint.empty() ? freshName(op) : names.fresh(hint), type = valueType(v);
    std::string address = offset == "0" ? base : base + " + " + offset;
    std::string text = type + own + " = reinterpret_cast<" + type + ">(" + address + ");";
    bool isHandle = nn::isHandle(cast<MemRefType>(v.getType()).getElementType());
    std::string size = shapeAt(v, launch);
    if (size.empty() && !count.empty() && !isHandle)
      size = count == "1" ? "1 element" : count + " elements";
    if (std::string before = replaced(op, own, launch); !before.empty())
      size += (size.empty() ? "" : ", ") + before;
    std::string pad(indent, ' ');
    if (size.empty() || indent + text.size() + size.size() + 4 <= columnLimit)
      return raw(size.empty() ? wrapStatement(text, indent) : pad + text + " // " + size + "\n", Kind::Declaration), bind(v, own, type);
    auto [target, value] = StringRef(text).split(" = ");
    if (indent + value.size() + size.size() + 8 <= columnLimit)
      return raw(pad + target.str() + " =\n" + pad + "    " + value.str() + " // " + size + "\n", Kind::Declaration), bind(v, own, type);
    raw(comment(own + " " + size, indent), Kind::Declaration);
    --body.statements;
    statement(text, Kind::Declaration);
    bind(v, own, type);
  }

  /// Constant strings are literals.
  void printStrings(plan::GetWeightOp weight, DenseStringElementsAttr strings, StringRef hint) {
    std::string name = names.fresh(hint), list;
    for (StringRef s : strings.getValues<StringRef>())
      list += (list.empty() ? "" : ", ") + stringLiteral(s);
    statement("static const ingot_string " + name + "[] = {" + (list.empty() ? "{}" : list) + "};", Kind::Declaration);
    bind(weight.getResult(), name, valueType(weight.getResult()));
  }

  void printTail(plan::TailOp tail) {
    std::string name = freshName(tail), type = valueType(tail.getResult()), count = dim(tail.getCount(), tail);
    Type element = cast<MemRefType>(tail.getType()).getElementType();
    statement(type + name + " = static_cast<" + type + ">(ingot_arena_take(&frame->arena, ingot_bytes(" + count + ", " + dtypeName(element) +
                  ")));",
              Kind::Declaration);
    needRoom(name);
    bind(tail.getResult(), name, type);
  }

  /// The trip count of the kernel's forall, over the launch's operands.
  Expr tileCount(plan::LaunchOp launch, plan::KernelOp kernel) {
    for (auto [arg, operand] : llvm::zip(kernel.getBody().getArguments(), launch.getArgs()))
      if (arg.getType().isIndex())
        bindExpr(arg, get(operand));
    auto evaluate = [&](auto &self, Value v) -> void {
      Operation *op = v.getDefiningOp();
      if (!op || isa<arith::ConstantOp>(op))
        return;
      for (Value o : op->getOperands())
        self(self, o);
      if (std::optional<Expr> e = expression(op))
        bindExpr(v, *e);
      else
        (void)failed(op);
    };
    Expr count;
    kernel.walk([&](scf::ForallOp forall) {
      OpFoldResult lower = forall.getMixedLowerBound()[0], upper = forall.getMixedUpperBound()[0], step = forall.getMixedStep()[0];
      auto value = [&](OpFoldResult r) {
        if (auto v = dyn_cast<Value>(r)) {
          evaluate(evaluate, v);
          return get(v);
        }
        int64_t c = *getConstantIntValue(r);
        return Expr{std::to_string(c), c < 0 ? int(Unary) : int(Primary), "int64_t", true};
      };
      count = value(upper);
      if (!isConstantIntValue(lower, 0))
        count = binary("-", Sum, count, value(lower), "int64_t");
      if (!isConstantIntValue(step, 1))
        count = call("ingot_ceildiv", {count, value(step)}, "int64_t");
    });
    return count;
  }

  void provenance(Operation *op, plan::KernelOp kernel) {
    std::string text;
    if (auto doc = op->getAttrOfType<StringAttr>("doc")) {
      text = doc.str();
    } else {
      text = llvm::join(namesAt(op->getLoc()), ", ");
      if (text.empty() && kernel)
        if (auto doc = kernel->getAttrOfType<StringAttr>("doc"))
          text = doc.getValue().split('\n').first.str();
    }
    gap = true;
    if (!text.empty()) {
      if (!body.text.empty())
        body.text += "\n";
      body.text += comment(text, indent);
      gap = false;
    }
  }

  /// Tiles that one range should have at least, so that starting it pays.
  std::string grain(plan::LaunchOp launch, plan::KernelOp kernel, StringRef tiles) {
    for (Operation *op : {launch.getOperation(), kernel.getOperation()})
      if (auto g = op->getAttrOfType<IntegerAttr>("plan.grain"))
        return std::to_string(g.getInt());
    std::optional<DimExpr> flops;
    if (auto f = kernel->getAttrOfType<StringAttr>("flops"))
      flops = DimExpr::parse(f.getValue());
    else if (auto n = kernel->getAttrOfType<IntegerAttr>("flops"))
      flops = DimExpr(n.getInt());
    if (!flops || flops->isConstant(0))
      return "1";
    // The flops are over the kernel's own symbols.
    auto symbolsOf = kernel->getAttrOfType<ArrayAttr>("symbols");
    bool known = true, same = true; // the entry's symbols under the same names
    for (unsigned i = 0; symbolsOf && i < symbolsOf.size(); ++i)
      same &= get(launch.getArgs()[i]).text == symbolName(cast<StringAttr>(symbolsOf[i]).getValue());
    std::string work = dimText(same ? abbreviate(withoutRepetition(*flops)) : *flops, [&](StringRef s) -> std::string {
      for (unsigned i = 0; symbolsOf && i < symbolsOf.size(); ++i)
        if (cast<StringAttr>(symbolsOf[i]).getValue() == s) {
          Expr e = get(launch.getArgs()[i]);
          return *flops == DimExpr::symbol(s) ? e.text : parenthesise(e, Primary);
        }
      known &= symbols.contains(s);
      return symbolName(s);
    });
    int64_t count, total; // as ingot_grain
    if (!StringRef(work).getAsInteger(10, total) && !tiles.getAsInteger(10, count))
      return std::to_string(total / 65536 < count ? std::max<int64_t>(1, count / (total / 65536 + 1)) : 1);
    return known ? "ingot_grain(" + work + ", " + tiles.str() + ")" : "1";
  }

  void printLaunch(plan::LaunchOp launch) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr());
    const PrintedKernel *printed = kernelOf(launch);
    if (!kernel || !printed)
      return (void)failed(launch, "its kernel was not printed");
    provenance(launch, kernel);
    if (std::string origins = printed->shared ? argumentOrigins(launch, *printed) : ""; !origins.empty()) {
      body.text += comment(origins, indent);
      gap = false;
    }
    declarePointers(launch);
    for (Value v : launch.getArgs())
      if (v.getType().isIndex())
        settle(v);
    Expr count = launch.getTiles() ? get(launch.getTiles()) : tileCount(launch, kernel);
    SmallVector<std::string> args;
    for (auto [i, argument] : llvm::enumerate(printed->used)) {
      Value v = launch.getArgs()[argument];
      std::string text = get(v).text;
      if (auto arg = dyn_cast<BlockArgument>(v); arg && arg.getOwner()->getParentOp() == entry && isReplacedState(arg) &&
                                                 !StringRef(printed->params[i]).starts_with("const "))
        text = package::nextName(text);
      std::string wanted = parameterElement(launch, argument + firstArgument(launch));
      if (!wanted.empty() && wanted != element(v)) {
        bool constant = StringRef(printed->params[i]).starts_with("const ") || isConst(v);
        text = "reinterpret_cast<" + std::string(constant ? "const " : "") + wanted + " *>(" + text + ")";
      }
      args.push_back(text);
    }
    std::string name = options.kernelPrefix + printed->name, list = llvm::join(args, ", ");
    std::string separator = args.empty() ? "" : ", ";
    if (cuda) {
      std::string tiles = count.text;
      int64_t number;
      bool positive = !StringRef(tiles).getAsInteger(10, number) && number > 0;
      if (!positive) {
        statement("if (" + tiles + " > 0)");
        indent += 2;
      }
      statement(name + "<<<ingot::blocks(" + tiles + "), ingot::threads, 0, stream>>>(" + list + separator + tiles + ");");
      indent -= positive ? 0 : 2;
      statement("INGOT_CUDA(cudaGetLastError());");
      gap = true;
      return;
    }
    std::string least = grain(launch, kernel, count.text);
    int64_t tiles, per;
    if (!StringRef(count.text).getAsInteger(10, tiles) && !StringRef(least).getAsInteger(10, per) && tiles <= std::max<int64_t>(per, 1))
      statement(name + "(" + list + separator + "0, " + count.text + ");");
    else
      raw(wrapStatement("ingot::launch(executor, " + count.text + ", " + least + ", [=](int64_t begin, int64_t end) {", indent) +
          wrapStatement(name + "(" + list + separator + "begin, end);", indent + 2) + std::string(indent, ' ') + "});\n");
    gap = true;
  }

  /// An index that is used more than once gets its name before it is used.
  void settle(Value v) {
    Expr e = get(v);
    if (e.text.size() > 20 && !e.literal)
      declare(v, e);
    else
      bindExpr(v, e);
  }

  void printRead(plan::ReadOp read) {
    std::string name = freshName(read), c = element(read.getBuffer()), type = read.getType().isIndex() ? "int64_t" : "bool";
    std::string at = text(read.getBuffer(), Primary) + "[" + std::to_string(read.getIndex()) + "]";
    if (cuda) {
      std::string host = names.fresh("host_copy");
      statement(c + " " + host + ";", Kind::Declaration);
      statement("INGOT_CUDA(cudaMemcpyAsync(&" + host + ", &" + at + ", sizeof " + host + ", cudaMemcpyDeviceToHost, stream));");
      statement("INGOT_CUDA(cudaStreamSynchronize(stream));");
      at = host;
    }
    std::string value = type == "bool" ? at + " != 0" : c == "int64_t" ? at : "int64_t(" + at + ")";
    statement("const " + type + " " + name + " = " + value + ";", Kind::Declaration);
    bind(read.getResult(), name, type);
  }

  /// A string literal, in pieces that fit on a line.
  static std::string quoted(StringRef text) {
    std::string result = "\"";
    size_t piece = 0;
    for (auto [i, c] : llvm::enumerate(text)) {
      result += (c == '"' || c == '\\' ? std::string("\\") : std::string()) + (llvm::isPrint(c) ? c : '?');
      if (++piece > 60 && c == ' ' && text.size() - i > 20) {
        result += "\" \"";
        piece = 0;
      }
    }
    return result + "\"";
  }

  void printBind(plan::BindOp op) {
    std::string name = text(op.getValue());
    if (name.empty() || !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; })) {
      std::string value = name;
      name = names.fresh(op.getSymbol());
      statement("const int64_t " + name + " = " + value + ";", Kind::Declaration);
    }
    symbols[op.getSymbol()] = name;
    std::string label = quoted(op.getWhat() ? *op.getWhat() : op.getSymbol());
    auto check = [&](StringRef wrong, StringRef expectation, StringRef bound) {
      std::string limit = dim(bound, op);
      Body stop = capture([&] {
        statement(("return ingot::out_of_range(frame->error, " + label + ", " + name + ", \"" + expectation + "\", " + limit + ");").str());
      });
      compound((name + " " + wrong + " " + limit).str().insert(0, "if (") + ")", stop);
    };
    if (op.getLow() && op.getLow() == op.getHigh()) {
      check("!=", "expected", *op.getLow());
    } else {
      if (op.getLow())
        check("<", "at least", *op.getLow());
      if (op.getHigh())
        check(">", "at most", *op.getHigh());
    }
    if (options.resultSymbols.count(op.getSymbol().str()))
      results.push_back({op.getSymbol().str(), name});
  }

  void printRequire(plan::RequireOp op) {
    std::string left = dim(op.getLeft(), op), right = dim(op.getRight(), op), condition = left + " != " + right;
    if (op.getUnit())
      condition += " && " + dim(*op.getUnit(), op) + " != 1";
    auto term = [](StringRef expr) { return quoted(expr.size() <= 40 ? expr : StringRef("a size")); };
    std::string args = "frame->error, " + quoted(op.getWhat()) + ", " + term(op.getLeft()) + ", " + left;
    bool toNumber = DimExpr::parse(op.getRight())->constant().has_value();
    args += (toNumber ? "" : ", " + term(op.getRight())) + ", " + right + (op.getUnit() ? ", \" or 1\"" : ", \"\"");
    Body stop = capture([&] { statement(std::string("return ingot::") + (toNumber ? "wrong_size(" : "unequal_sizes(") + args + ");"); });
    compound("if (" + condition + ")", stop);
  }

  void printSet(plan::SetOp set) {
    std::string target = text(set.getBuffer()), value = text(set.getValue());
    if (!cuda)
      return statement(target + "[0] = " + value + ";");
    // Ordered with the kernels by the stream; the source is copied before the call returns.
    std::string host = names.fresh("host_value");
    statement("const int64_t " + host + " = " + value + ";", Kind::Declaration);
    statement("INGOT_CUDA(cudaMemcpyAsync(" + target + ", &" + host + ", sizeof " + host + ", cudaMemcpyHostToDevice, stream));");
  }

  void printCopy(plan::CopyOp copy) {
    provenance(copy, {});
    declarePointers(copy);
    Type element = cast<MemRefType>(copy.getSource().getType()).getElementType();
    std::string count = dim(copy.getCount(), copy), target = text(copy.getTarget()), source = text(copy.getSource());
    std::string bytes = "ingot_bytes(" + count + ", " + dtypeName(element) + ")";
    if (cuda)
      return statement("INGOT_CUDA(cudaMemcpyAsync(" + target + ", " + source + ", " + bytes + ", cudaMemcpyDeviceToDevice, stream));");
    statement("memcpy(" + target + ", " + source + ", " + bytes + ");");
  }

  /// A call of a template of runtime/ops: error, tail, the parameters in the order of their names, then the operands.
  void printCall(plan::CallOp op) {
    if (cuda)
      return (void)failed(op, "host templates do not run on a device");
    include("ingot/ops/" + op.getCallee().str() + ".hpp");
    provenance(op, {});
    declarePointers(op);
    std::string args = "frame->error, &frame->arena";
    for (NamedAttribute p : op.getParams())
      args += ", /*" + p.getName().str() + "=*/" + parameter(p.getValue());
    for (auto [i, v] : llvm::enumerate(op.getArgs()))
      args += ", " + view(v, cast<TypeAttr>(op.getTypes()[i]).getValue());
    Body stop = capture([&] { statement("return status;"); });
    compound("if (ingot_status status = ingot::ops::" + op.getCallee().str() + "(" + args + "))", stop);
  }
  /// An operand of a template: "ingot::view<INGOT_F32>(x, batch, 8)", or the handle of a sequence or optional.
  std::string view(Value v, Type type) {
    std::string pointer = get(v).text;
    if (isStruct(type))
      return "*" + pointer;
    std::string text = "ingot::view<" + dtypeName(getElementTypeOrSelf(type)) + ">(" + pointer;
    for (const DimExpr &d : nn::dimsOf(type)) {
      bool bound = true;
      d.symbols([&](StringRef s) { bound &= symbols.contains(s); });
      // The template finds it out and writes it into its size slot.
      text += ", " + (bound ? dimText(d, [&](StringRef s) { return symbolName(s); }) : std::string("-1"));
    }
    return text + ")";
  }
  /// A value that the API hands over as a struct: of unknown rank, a sequence or an optional.
  static bool isStruct(Type type) { return !isa<RankedTensorType>(type); }
  void include(const std::string &name) {
    if (!llvm::is_contained(result.includes, name))
      result.includes.push_back(name);
  }

  /// An output in the workspace: the frame gets its address and count, or the handle.
  void printPublish(plan::PublishOp op) {
    auto arg = cast<BlockArgument>(op.getOutput());
    std::string field = get(arg).text, buffer = get(op.getBuffer()).text;
    if (isStruct(op.getType()))
      return statement("frame->" + field + " = *" + buffer + ";");
    DimExpr count = product(nn::dimsOf(op.getType()));
    statement("frame->" + field + " = {" + buffer + ", size_t(" + dimText(count, [&](StringRef s) { return symbolName(s); }) + ")};");
  }
  std::string parameter(Attribute a) {
    if (auto i = dyn_cast<IntegerAttr>(a)) // bools too
      return intLiteral(i.getValue(), true);
    if (auto f = dyn_cast<FloatAttr>(a))
      return floatLiteral(f.getValue(), cast<FloatType>(f.getType()));
    if (auto s = dyn_cast<StringAttr>(a))
      return "ingot_string" + stringLiteral(s.getValue());
    std::string list;
    auto item = [&](const std::string &text) { list += (list.empty() ? "" : ", ") + text; };
    if (auto array = dyn_cast<ArrayAttr>(a))
      for (Attribute x : array)
        item(parameter(x));
    else if (auto ints = dyn_cast<DenseI64ArrayAttr>(a))
      for (int64_t x : ints.asArrayRef())
        item(std::to_string(x));
    else if (auto floats = dyn_cast<DenseF32ArrayAttr>(a))
      for (float x : floats.asArrayRef())
        item(floatLiteral(APFloat(x), Float32Type::get(entry.getContext())));
    else
      (void)failed(entry, "a template parameter that is no number, string or list of them");
    return "ingot::list(" + list + ")";
  }
};
} // namespace

FailureOr<PrintedEntry> printEntry(plan::EntryOp entry, const Machine &machine, const EntryOptions &options) {
  return EntryPrinter(entry, machine, options).print();
}

} // namespace ingot::printer
