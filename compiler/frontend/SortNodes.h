//===- SortNodes.h - Topological order of a graph's nodes -----------------===//
#pragma once

#include <google/protobuf/repeated_field.h>
#include <onnx/onnx_pb.h>
#include <set>
#include <vector>

namespace ingot {

using NodeList = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// Names that a node reads: its inputs and what its subgraphs take from outside themselves.
std::set<std::string> namesRead(const onnx::NodeProto &node);

/// Puts producers before users, keeping the order where it is free. Subgraphs are not entered.
/// If the nodes form cycles they stay as they are and one of the cycles is returned, as indices.
std::vector<int> sortNodes(NodeList &nodes);

} // namespace ingot
