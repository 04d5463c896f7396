//===- LoadModel.cpp ------------------------------------------------------===//
#include "compiler/frontend/LoadModel.h"
#include "compiler/frontend/ParseModel.h"

#include <exception>
#include <onnx/shape_inference/implementation.h>

namespace ingot {

static bool hasOwnOpset(const onnx::GraphProto &graph) {
  for (const auto &node : graph.node()) {
    for (const auto &entry : node.metadata_props())
      if (entry.key() == kNodeOpset)
        return true;
    for (const auto &attribute : node.attribute()) {
      if (attribute.has_g() && hasOwnOpset(attribute.g()))
        return true;
      for (const auto &inner : attribute.graphs())
        if (hasOwnOpset(inner))
          return true;
    }
  }
  return false;
}

/// ONNX's inference judges all nodes by the model's opset, so it would mislead about those with their own.
static void inferHints(onnx::ModelProto &model) {
  if (hasOwnOpset(model.graph()))
    return;
  auto declared = model.graph().output(); // inference would refine what the file declares
  try {
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(),
                                       onnx::ShapeInferenceOptions(/*check_type=*/false, /*strict_mode=*/0,
                                                                   /*data_prop=*/true));
  } catch (const std::exception &) {
    // The importer infers shapes by itself and reports what is wrong with them.
  }
  model.mutable_graph()->mutable_output()->Swap(&declared);
  dropUnsoundHints(*model.mutable_graph());
}

static std::unique_ptr<LoadedModel> finish(std::unique_ptr<LoadedModel> model, const LoadOptions &options,
                                           Diagnostics &diagnostics) {
  normalizeModel(model->proto);
  validateModel(model->proto, model->external, options.isKnownOperator, diagnostics);
  if (diagnostics.hasErrors())
    return nullptr;
  Problem problem;
  if (!inlineFunctions(model->proto, problem)) {
    diagnostics.add({problem.message, problem.remedy});
    return nullptr;
  }
  model->opsets = opsetsOf(model->proto.opset_import());
  if (options.inferHints)
    inferHints(model->proto);
  return model;
}

/// Runs a stage that uses libraries with exceptions; what they throw becomes a diagnostic.
template <typename Stage> static std::unique_ptr<LoadedModel> guarded(Diagnostics &diagnostics, Stage stage) {
  try {
    return stage();
  } catch (const std::exception &error) {
    diagnostics.add({std::string("the model cannot be read: ") + error.what(),
                     "Check the model with onnx.checker and export it again"});
    return nullptr;
  }
}

std::unique_ptr<LoadedModel> loadModel(const std::filesystem::path &path, const LoadOptions &options,
                                       Diagnostics &diagnostics) {
  return guarded(diagnostics, [&]() -> std::unique_ptr<LoadedModel> {
    Problem problem;
    auto model = std::make_unique<LoadedModel>();
    model->file = MappedFile::open(path, problem);
    if (!model->file || !parseModel(*model->file, options.inlineBytes, model->proto, problem)) {
      diagnostics.add({problem.message, problem.remedy});
      return nullptr;
    }
    model->external = ExternalData(path.parent_path(), model->file);
    return finish(std::move(model), options, diagnostics);
  });
}

std::unique_ptr<LoadedModel> loadModel(onnx::ModelProto proto, const std::filesystem::path &folder,
                                       const LoadOptions &options, Diagnostics &diagnostics) {
  return guarded(diagnostics, [&] {
    auto model = std::make_unique<LoadedModel>();
    model->proto.Swap(&proto);
    model->external = ExternalData(folder);
    return finish(std::move(model), options, diagnostics);
  });
}

} // namespace ingot
