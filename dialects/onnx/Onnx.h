//===- Onnx.h - the onnx dialect ------------------------------------------------===//
#ifndef INGOT_DIALECTS_ONNX_ONNX_H
#define INGOT_DIALECTS_ONNX_ONNX_H

#include "dialects/nn/Nn.h"

#include "dialects/onnx/OnnxDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/onnx/OnnxTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/onnx/OnnxOps.h.inc"

#endif
