//===- EntryPrinter.cpp - a plan.entry as the body of the library's run function ------------===//
#include "codegen/printer/EntryPrinter.h"
#include "codegen/package/Text.h"
#include "codegen/printer/DimText.h"
#include "codegen/printer/EntryBuffers.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/BufferAlignment.h"
#include "dialects/support/ElementType.h"
#include "dialects/support/LocationNames.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

namespace {
class EntryPrinter : public EntryBuffers {
public:
  EntryPrinter(plan::EntryOp entry, const Machine &machine, const EntryOptions &options)
      : EntryBuffers(entry, machine, options) {}

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
  PrintedEntry result;
  DimExpr staging;
  struct Staged {
    std::string host, device, bytes;
  };
  std::vector<Staged> staged;
  std::vector<std::pair<std::string, std::string>> results; // frame field, value: outputs in the workspace

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
    staging = staging + aligned(bytes);
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
