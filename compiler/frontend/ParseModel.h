//===- ParseModel.h - Bytes of a model file to a ModelProto ---------------===//
#pragma once

#include "compiler/frontend/MappedFile.h"

#include <onnx/onnx_pb.h>

namespace ingot {

/// Parses a mapped model. Large initializers of the main graph stay in the file: their raw_data becomes an
/// external_data entry with the key kInModelFile, which ExternalData resolves to the mapping.
/// Initializers of up to `inlineBytes` are parsed in place, as shape inference reads them.
bool parseModel(const MappedFile &file, size_t inlineBytes, onnx::ModelProto &model, Problem &problem);

} // namespace ingot
