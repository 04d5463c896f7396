//===- Nn.td - the nn dialect; one .td per operator family ----------------===//
#ifndef INGOT_NN
#define INGOT_NN
include "dialects/nn/NnBase.td"
include "dialects/nn/ops/Core.td"
include "dialects/nn/ops/Elementwise.td"
include "dialects/nn/ops/Movement.td"
include "dialects/nn/ops/Contract.td"
include "dialects/nn/ops/Reduce.td"
include "dialects/nn/ops/Quantize.td"
include "dialects/nn/ops/Control.td"
#endif
