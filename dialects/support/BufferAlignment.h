//===- BufferAlignment.h - where buffers begin ----------------------------------------===//
#ifndef INGOT_DIALECTS_SUPPORT_BUFFERALIGNMENT_H
#define INGOT_DIALECTS_SUPPORT_BUFFERALIGNMENT_H

#include "dialects/support/DimExpr.h"

namespace ingot {

/// Bytes of which the address of every buffer is a multiple: of the workspace and state, of what lies in them, of weights and local
/// arrays. The same as INGOT_ALIGN of the runtime, which PlanToSpec.cpp checks.
inline constexpr int64_t bufferAlignment = 64;

/// What a buffer of so many bytes takes in a row of buffers.
inline DimExpr aligned(const DimExpr &bytes) { return DimExpr::ceilDiv(bytes, bufferAlignment) * DimExpr(bufferAlignment); }

} // namespace ingot
#endif
