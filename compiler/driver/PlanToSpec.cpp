//===- PlanToSpec.cpp ----------------------------------------------------------------------===//
#include "compiler/driver/PlanToSpec.h"
#include "codegen/package/Text.h"
#include "codegen/printer/DimText.h"
#include "codegen/printer/EntryPrinter.h"
#include "compiler/driver/Compile.h"
#include "compiler/weights/WeightStore.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/BufferAlignment.h"
#include "ingot/arena.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
namespace ingot {

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// Bytes of a small constant as they lie in memory.
static std::string constantBytes(ElementsAttr value, Type element) {
  std::string out;
  const ElementType *e = elementTypeOf(element);
  int bits = e->bits;
  auto dense = cast<DenseElementsAttr>(value);
  auto put = [&](const APInt &v) {
    for (int i = 0; i < bits; i += 8)
      out.push_back(char(v.extractBitsAsZExtValue(std::min(8, int(v.getBitWidth()) - i), i)));
  };
  if (bits >= 8) {
    if (isa<ComplexType>(element)) {
      for (auto c : dense.getValues<std::complex<APFloat>>()) {
        bits = e->bits / 2;
        put(c.real().bitcastToAPInt());
        put(c.imag().bitcastToAPInt());
      }
      return out;
    }
    for (Attribute a : dense.getValues<Attribute>())
      put(isa<FloatAttr>(a) ? cast<FloatAttr>(a).getValue().bitcastToAPInt() : cast<IntegerAttr>(a).getValue().zextOrTrunc(bits));
    return out;
  }
  unsigned at = 0;
  out.resize((dense.getNumElements() * bits + 7) / 8, 0);
  for (Attribute a : dense.getValues<Attribute>()) {
    APInt v = isa<FloatAttr>(a) ? cast<FloatAttr>(a).getValue().bitcastToAPInt() : cast<IntegerAttr>(a).getValue();
    out[at / 8] |= char(v.zextOrTrunc(bits).getZExtValue() << (at % 8));
    at += bits;
  }
  return out;
}

static_assert(bufferAlignment == INGOT_ALIGN, "kernels and the library around them agree on where buffers begin");

/// Gives every weight of a plan its offset. The plans of all targets have the same weights in the same order.
static void placeWeights(plan::ModelOp model, package::LibrarySpec &spec) {
  WeightStore &store = WeightStore::of(model.getContext());
  struct Piece {
    uint64_t offset;
    std::string name; // in the store, or
    std::string text; // the bytes themselves
  };
  auto pieces = std::make_shared<std::vector<Piece>>();
  std::map<std::string, uint64_t> byContent;
  uint64_t at = 0;
  llvm::SHA256 contents; // of what the weights hold, in their order: external data is not in the model file's hash
  Builder b(model.getContext());
  for (auto w : model.getOps<plan::WeightOp>()) {
    if (isa<nn::StringType>(w.getElement()))
      continue; // strings are printed
    std::string text, key;
    uint64_t size;
    if (auto value = w->getAttrOfType<ElementsAttr>("value")) {
      text = constantBytes(value, w.getElement());
      size = text.size();
      key = "=" + text;
    } else {
      size = store.bytes(w.getSymName()).size();
      key = store.contentHash(w.getSymName()).str();
    }
    auto [it, fresh] = byContent.insert({key, at});
    w.setOffset(it->second);
    if (!fresh)
      continue;
    contents.update(key);
    contents.update("\n");
    pieces->push_back({at, w->hasAttr("value") ? std::string() : w.getSymName().str(), text});
    at = llvm::alignTo(at + std::max<uint64_t>(size, 1), bufferAlignment); // without elements it still has an address
  }
  spec.weights.bytes = at;
  spec.build.weightsSha256 = llvm::toHex(contents.final(), /*LowerCase=*/true);
  spec.weights.write = [pieces, &store, at](llvm::raw_ostream &os) {
    uint64_t done = 0;
    auto pad = [&](uint64_t to) {
      os.write_zeros(to - done);
      done = to;
    };
    for (const Piece &p : *pieces) {
      pad(p.offset);
      StringRef bytes = p.name.empty() ? StringRef(p.text) : StringRef(store.bytes(p.name).data(), store.bytes(p.name).size());
      os << bytes;
      done += bytes.size();
      if (!p.name.empty())
        store.dropPages(p.name);
    }
    pad(at);
  };
}

//===----------------------------------------------------------------------===//
// Interface
//===----------------------------------------------------------------------===//

static std::vector<std::string> dimTexts(Type type) {
  std::vector<std::string> out;
  for (const DimExpr &d : nn::dimsOf(type))
    out.push_back(d.str());
  return out;
}

static package::ValueKind kindOf(Type t) {
  if (isa<nn::SequenceType>(t))
    return package::ValueKind::Sequence;
  if (isa<nn::OptionalType>(t))
    return package::ValueKind::Optional;
  return isa<RankedTensorType>(t) ? package::ValueKind::Tensor : package::ValueKind::Untyped;
}

static ingot_dtype dtypeOf(Type t) {
  if (auto s = dyn_cast<nn::SequenceType>(t))
    return dtypeOf(s.getElement());
  if (auto o = dyn_cast<nn::OptionalType>(t))
    return dtypeOf(o.getElement());
  const ElementType *e = elementTypeOf(cast<TensorType>(t).getElementType());
  return e ? ingot_dtype(e->onnx) : INGOT_UNDEFINED;
}

/// Copies runtime files by their path in the runtime folder.
static LogicalResult addRuntimeFile(package::LibrarySpec &spec, StringRef path, StringRef as) {
  for (auto &f : spec.runtime)
    if (f.path == as)
      return success();
  llvm::SmallString<256> full(runtimeFolder());
  llvm::sys::path::append(full, path);
  auto buffer = llvm::MemoryBuffer::getFile(full);
  if (!buffer)
    return failure();
  spec.runtime.push_back({as.str(), (*buffer)->getBuffer().str(), full.str().str()});
  // What it includes with quotes comes along.
  StringRef text = spec.runtime.back().text;
  std::string copy = text.str();
  for (StringRef rest = copy; !rest.empty();) {
    auto [line, tail] = rest.split('\n');
    rest = tail;
    if (!line.consume_front("#include \""))
      continue;
    StringRef name = line.take_until([](char c) { return c == '"'; });
    llvm::SmallString<256> sibling(llvm::sys::path::parent_path(as));
    for (std::string candidate : {(StringRef(path).rsplit('/').first + "/" + name).str(), ("include/" + name).str(), name.str()}) {
      llvm::SmallString<256> f(runtimeFolder());
      llvm::sys::path::append(f, candidate);
      if (!llvm::sys::fs::exists(f))
        continue;
      std::string target = candidate;
      StringRef t(target);
      t.consume_front("include/");
      if (target == (StringRef(path).rsplit('/').first + "/" + name).str()) { // beside the file that includes it
        llvm::sys::path::append(sibling, name);
        t = sibling;
      }
      if (failed(addRuntimeFile(spec, candidate, t)))
        return failure();
      break;
    }
  }
  return success();
}

/// Symbols, inputs, outputs and states; also what the printer of the entry has to call them.
static void addInterface(plan::EntryOp entry, ArrayAttr symbols, package::LibrarySpec &spec, printer::EntryOptions &options) {
  std::map<std::string, DictionaryAttr> bounds;
  for (auto d : symbols.getAsRange<DictionaryAttr>())
    bounds[cast<StringAttr>(d.get("name")).getValue().str()] = d;

  // Lengths: the symbol on the axis of a state that is updated in place.
  std::map<std::string, std::pair<std::string, int64_t>> lengths; // symbol → next, capacity
  auto attr = [&](unsigned i, StringRef name) { return entry.getArgAttr(i, name); };
  auto text = [&](unsigned i, StringRef name) {
    auto s = dyn_cast_or_null<StringAttr>(attr(i, name));
    return s ? s.getValue().str() : std::string();
  };
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    if (text(i, "plan.role") == "state" && attr(i, "plan.capacity")) {
      Type t = cast<TypeAttr>(attr(i, "plan.type")).getValue();
      DimExpr past = nn::dimsOf(t)[cast<IntegerAttr>(attr(i, "plan.axis")).getInt()];
      int64_t capacity = std::stoll(text(i, "plan.capacity"));
      past.symbols([&](StringRef s) { lengths[s.str()] = {text(i, "plan.next"), capacity}; });
    }

  std::set<std::string> used, known;
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    std::string role = text(i, "plan.role"), name = text(i, "plan.name");
    if (role == "workspace") {
      options.argumentNames.push_back("workspace");
      continue;
    }
    std::string id = package::makeIdentifier(name, used);
    if (role == "state" && !attr(i, "plan.capacity"))
      while (!used.insert(package::nextName(id)).second) // the name of its new value is taken
        id = package::makeIdentifier(name, used);
    options.argumentNames.push_back(id);
    if (role == "symbol") {
      package::Symbol s;
      s.name = id;
      if (auto it = bounds.find(name); it != bounds.end()) {
        int64_t low = cast<IntegerAttr>(it->second.get("low")).getInt(), high = cast<IntegerAttr>(it->second.get("high")).getInt();
        s.min = low;
        if (high >= 0)
          s.max = high;
      }
      if (auto it = lengths.find(name); it != lengths.end()) {
        s.kind = package::SymbolKind::Length;
        s.next = it->second.first;
        s.max = it->second.second;
        s.min = 0;
      }
      known.insert(id);
      spec.symbols.push_back(s);
      continue;
    }
    Type t = cast<TypeAttr>(attr(i, "plan.type")).getValue();
    if (role == "state") {
      package::State s;
      s.name = id;
      s.onnxInput = name;
      s.onnxOutput = text(i, "plan.output");
      s.type = dtypeOf(t);
      s.dims = dimTexts(t);
      s.replaced = !attr(i, "plan.capacity");
      if (!s.replaced)
        s.dims[cast<IntegerAttr>(attr(i, "plan.axis")).getInt()] = text(i, "plan.capacity");
      spec.states.push_back(s);
      continue;
    }
    package::Value v;
    v.name = id;
    v.onnxName = name;
    v.type = dtypeOf(t);
    v.kind = kindOf(t);
    if (v.kind == package::ValueKind::Tensor) {
      v.dims = dimTexts(t);
      for (const DimExpr &d : nn::dimsOf(t))
        d.symbols([&](StringRef s) {
          if (!known.count(s.str()))
            v.inWorkspace = true;
        });
      v.inWorkspace |= v.type == INGOT_STRING && role == "output";
      if (v.inWorkspace && role == "output")
        for (const DimExpr &d : nn::dimsOf(t))
          d.symbols([&](StringRef s) {
            if (known.count(s.str()) || options.resultSymbols.count(s.str()))
              return;
            options.resultSymbols.insert(s.str());
            package::Symbol r;
            r.name = s.str();
            r.kind = package::SymbolKind::Result;
            r.min = 0;
            spec.symbols.push_back(r);
          });
    }
    (role == "input" ? spec.inputs : spec.outputs).push_back(v);
  }
}

package::Target targetOf(const Machine &machine) {
  package::Target target;
  target.name = machine.name;
  target.id = machine.id;
  target.features = machine.cpuFeatures;
  target.flags = machine.flags;
  if (machine.kind == MachineKind::Cuda) {
    target.flags.push_back("--fmad=false"); // fused where the kernel says so
    StringRef level = StringRef(machine.name).split("sm").second;
    target.exactCapability = level.consume_back("a");
    (void)level.getAsInteger(10, target.capability);
  }
  return target;
}

/// Kernels and entry of one target, and the runtime files that they include.
static LogicalResult addTarget(plan::ModelOp model, plan::EntryOp entry, const Machine &machine, printer::EntryOptions options,
                               package::LibrarySpec &spec) {
  options.kernelPrefix = spec.name + "_" + machine.id + "_";
  package::Target target = targetOf(machine);
  std::map<std::string, printer::PrintedKernel> kernels;
  std::map<std::string, int64_t> zeros;
  std::set<std::string> functionNames;
  for (auto kernel : model.getOps<plan::KernelOp>()) {
    auto printed = printer::printKernel(kernel, machine, functionNames);
    if (failed(printed))
      return failure();
    target.kernels.push_back({printed->name, printed->doc, printed->params, printed->body, printed->helpers});
    for (auto &[type, count] : printed->zeros)
      zeros[type] = std::max(zeros[type], count);
    kernels[kernel.getSymName().str()] = *printed;
  }
  options.kernels = &kernels;
  auto printed = printer::printEntry(entry, machine, options);
  if (failed(printed))
    return failure();
  target.entryIncludes = printed->includes;
  target.entryBody = printed->body;
  std::string ns = spec.name + "_" + machine.id;
  bool cuda = machine.kind == MachineKind::Cuda;
  // Kernels stand inside the namespace: outside, math.h and CUDA's headers declare the same names.
  target.preamble = printer::kernelPreamble(ns, machine, zeros);
  target.postamble = printer::kernelPostamble(ns);
  spec.targets.push_back(target);
  if (cuda && !printed->stagingBytes.empty() && printed->stagingBytes != "0") { // device copies of inputs and outputs
    spec.plannedBytes = spec.workspaceBytes;
    spec.workspaceBytes = "(" + spec.workspaceBytes + ") + " + printed->stagingBytes;
  }
  std::string simd = "simd/" + (cuda ? "cuda" : machine.id) + ".h";
  if (failed(addRuntimeFile(spec, simd, simd)) || (cuda && failed(addRuntimeFile(spec, "include/ingot/cuda.h", "ingot/cuda.h"))))
    return entry.emitError("internal: no runtime header for ") << machine.id;
  if (failed(addRuntimeFile(spec, "include/ingot/kernel.h", "ingot/kernel.h")))
    return entry.emitError("internal: no runtime header ingot/kernel.h");
  for (const std::string &include : printed->includes) {
    StringRef name(include);
    name.consume_front("ingot/");
    if (failed(addRuntimeFile(spec, name.starts_with("ops/") ? name : StringRef(("include/" + include)), include)))
      return entry.emitError("internal: no runtime header ") << include;
  }
  return success();
}

LogicalResult planToSpec(ArrayRef<plan::ModelOp> models, ArrayRef<Machine> machines, ArrayAttr symbols, package::LibrarySpec &spec) {
  // One plan was expanded for every target: what they share is read off the first.
  std::vector<plan::EntryOp> entries;
  for (plan::ModelOp model : models) {
    entries.push_back(*model.getOps<plan::EntryOp>().begin());
    std::string weights = spec.build.weightsSha256;
    placeWeights(model, spec);
    if (entries.size() > 1 && weights != spec.build.weightsSha256)
      return entries.back().emitError("internal: the targets have different weights");
  }
  plan::EntryOp first = entries.front();
  printer::EntryOptions options;
  addInterface(first, symbols, spec, options);
  auto bytes = first->getAttrOfType<StringAttr>("workspace_bytes");
  for (plan::EntryOp entry : entries)
    if (entry->getAttr("workspace_bytes") != bytes)
      return entry.emitError("internal: the targets have different workspaces");
  if (bytes)
    spec.workspaceBytes = printer::withoutRepetition(*DimExpr::parse(bytes.getValue())).str();
  for (auto [model, entry, machine] : llvm::zip_equal(models, entries, machines))
    if (failed(addTarget(model, entry, machine, options, spec)))
      return failure();
  auto addTail = [&](const std::string &bytes) {
    if (spec.plannedBytes.empty())
      spec.plannedBytes = spec.workspaceBytes;
    spec.workspaceBytes = "(" + spec.workspaceBytes + ") + " + bytes;
  };
  if (auto scratch = first->getAttrOfType<StringAttr>("scratch_bytes"))
    addTail(printer::withoutRepetition(*DimExpr::parse(scratch.getValue())).str());
  spec.workspaceIsGuess = first->hasAttr("has_tail");
  if (spec.workspaceIsGuess) // a run that needs more says how much
    addTail(std::to_string(1 << 20));
  return success();
}

} // namespace ingot
