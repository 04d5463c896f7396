//===- Keep.cpp ---------------------------------------------------------------------------===//
#include "compiler/driver/Keep.h"
#include "compiler/driver/Compile.h"
#include "compiler/frontend/LoadModel.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace ingot {

namespace {
/// Who defines and who reads the values of a graph and of the graphs inside.
struct Uses {
  llvm::StringSet<> read;
  std::map<std::string, std::string> inner; // value of a subgraph to the main graph's node that it belongs to
  size_t innerCount = 0;

  void add(const onnx::GraphProto &graph, const onnx::NodeProto *owner) {
    for (const auto &out : graph.output())
      read.insert(out.name());
    for (const auto &node : graph.node()) {
      for (const std::string &in : node.input())
        read.insert(in);
      for (const std::string &out : node.output())
        if (owner && !out.empty()) {
          inner.emplace(out, owner->output().empty() ? nodeName(*owner) : owner->output(0));
          ++innerCount;
        }
      for (const auto &a : node.attribute()) {
        const onnx::NodeProto *of = owner ? owner : &node;
        if (a.has_g())
          add(a.g(), of);
        for (const auto &g : a.graphs())
          add(g, of);
      }
    }
  }
};

/// How a value is called that is no tensor of numbers.
std::string kindOf(Type type) {
  if (!type)
    return "value of unknown type";
  if (isa<nn::SequenceType>(type))
    return "sequence";
  if (isa<nn::OptionalType>(type))
    return "optional";
  auto tensor = dyn_cast<TensorType>(type);
  return tensor && isa<nn::StringType>(tensor.getElementType()) ? "tensor of strings"
         : tensor && isa<ComplexType>(tensor.getElementType())  ? "tensor of complex numbers"
                                                                : "value of another kind";
}
} // namespace

KeptValues keepValues(LoadedModel &model, const std::vector<std::string> &names, Diagnostics &diagnostics) {
  onnx::GraphProto &graph = *model.proto.mutable_graph();
  Uses uses;
  uses.add(graph, nullptr);
  std::set<std::string> wanted(names.begin(), names.end());
  bool all = wanted.erase("all");
  KeptValues kept;
  std::vector<std::string> known;
  for (const auto &node : graph.node()) {
    bool isRead = llvm::any_of(node.output(), [&](auto &out) { return uses.read.contains(out); });
    for (const std::string &out : node.output()) {
      if (out.empty())
        continue;
      known.push_back(out);
      bool isNamed = wanted.erase(out);
      // An optional result that nothing reads is not a value of this model, and asking for it would change
      // how the node computes.
      bool reached = uses.read.contains(out) || (!isRead && out == node.output(0));
      if (isNamed || (all && reached))
        kept.values.push_back({out, nodeName(node), operatorName(node), isNamed});
      else if (all)
        ++kept.leftOut["result that nothing reads"];
    }
  }
  if (all && uses.innerCount)
    kept.leftOut["value of subgraphs"] = uses.innerCount;

  auto isIn = [](const auto &list, const std::string &name) {
    return llvm::any_of(list, [&](auto &v) { return v.name() == name; });
  };
  for (const std::string &name : wanted) {
    auto inner = uses.inner.find(name);
    if (isIn(graph.input(), name) || isIn(graph.initializer(), name))
      diagnostics.add({"--keep: no node computes this value: it comes from the file or the caller",
                       "leave it out", name});
    else if (inner != uses.inner.end())
      diagnostics.add({"--keep: the value belongs to a subgraph, of which there may be none or many in a run",
                       "keep a result of the node around it: '" + inner->second + "'", name});
    else
      diagnostics.add({"--keep names no value of the model", knownNames(name, known), name});
  }
  if (diagnostics.hasErrors())
    return kept;

  std::map<std::string, const onnx::ValueInfoProto *> infos;
  for (const auto &info : graph.value_info())
    infos[info.name()] = &info;
  std::set<std::string> outputs;
  for (const auto &out : graph.output())
    outputs.insert(out.name());
  for (const KeptValue &value : kept.values) {
    if (outputs.count(value.name))
      continue;
    auto info = infos.find(value.name);
    if (info != infos.end())
      *graph.add_output() = *info->second;
    else
      graph.add_output()->set_name(value.name);
    kept.added.insert(value.name);
  }
  return kept;
}

void markKept(const KeptValues &kept, func::FuncOp function) {
  Builder b(function.getContext());
  SmallVector<StringRef> names(kept.added.begin(), kept.added.end());
  function->setAttr("ingot.kept", b.getStrArrayAttr(names));
}

void takeOutDropped(KeptValues &kept, const LoadedModel &model, const ImportedTypes &types,
                    func::FuncOp function, Diagnostics &diagnostics) {
  llvm::StringSet<> outputs;
  for (StringRef name : function->getAttrOfType<ArrayAttr>("onnx.outputs").getAsValueRange<StringAttr>())
    outputs.insert(name);
  std::map<std::string, Type> typeOf;
  for (const auto &node : model.graph().node())
    if (auto it = types.results.find(&node); it != types.results.end())
      for (auto [name, type] : llvm::zip(node.output(), it->second))
        typeOf[name] = type;
  llvm::erase_if(kept.values, [&](const KeptValue &value) {
    if (outputs.contains(value.name))
      return false;
    std::string kind = kindOf(typeOf[value.name]);
    ++kept.leftOut[kind];
    if (value.isNamed)
      diagnostics.add({"--keep: the value is a" + std::string(kind == "optional" ? "n " : " ") + kind +
                           ", only tensors of numbers can be kept",
                       "leave it out, or keep what is computed from it", value.name, value.op});
    return true;
  });
}

} // namespace ingot
