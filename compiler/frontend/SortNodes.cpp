//===- SortNodes.cpp ------------------------------------------------------===//
#include "compiler/frontend/SortNodes.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace ingot {

static void addFreeNames(const onnx::GraphProto &graph, std::set<std::string> &names) {
  std::set<std::string> own, read;
  for (const auto &input : graph.input())
    own.insert(input.name());
  for (const auto &initializer : graph.initializer())
    own.insert(initializer.name());
  for (const auto &initializer : graph.sparse_initializer())
    own.insert(initializer.values().name());
  for (const auto &node : graph.node()) {
    own.insert(node.output().begin(), node.output().end());
    read.merge(namesRead(node));
  }
  for (const auto &output : graph.output())
    read.insert(output.name());
  for (const std::string &name : read)
    if (!own.count(name))
      names.insert(name);
}

std::set<std::string> namesRead(const onnx::NodeProto &node) {
  std::set<std::string> names(node.input().begin(), node.input().end());
  for (const auto &attribute : node.attribute()) {
    if (attribute.has_g())
      addFreeNames(attribute.g(), names);
    for (const auto &graph : attribute.graphs())
      addFreeNames(graph, names);
  }
  names.erase("");
  return names;
}

/// Follows producers that wait from a node that waits; sooner or later one comes twice.
static std::vector<int> findCycle(const std::vector<std::vector<int>> &producers,
                                  const std::vector<int> &waiting) {
  auto waitingProducer = [&](int node) {
    for (int producer : producers[node])
      if (waiting[producer] > 0)
        return producer;
    return -1;
  };
  int start = 0;
  while (waiting[start] == 0)
    ++start;
  std::vector<int> path, place(waiting.size(), -1);
  for (int node = start; node >= 0; node = waitingProducer(node)) {
    if (place[node] >= 0) {
      std::vector<int> cycle(path.rbegin(), path.rend() - place[node]); // in the direction of the data
      std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
      return cycle;
    }
    place[node] = static_cast<int>(path.size());
    path.push_back(node);
  }
  return path;
}

std::vector<int> sortNodes(NodeList &nodes) {
  std::unordered_map<std::string, int> producerOf;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &output : nodes[i].output())
      if (!output.empty())
        producerOf.emplace(output, i);
  std::vector<std::vector<int>> users(nodes.size()), producers(nodes.size());
  std::vector<int> waiting(nodes.size(), 0);
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &name : namesRead(nodes[i]))
      if (auto found = producerOf.find(name); found != producerOf.end()) {
        users[found->second].push_back(i);
        producers[i].push_back(found->second);
        ++waiting[i];
      }

  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0)
      ready.push(i);
  std::vector<int> order;
  while (!ready.empty()) {
    int node = ready.top();
    ready.pop();
    order.push_back(node);
    for (int user : users[node])
      if (--waiting[user] == 0)
        ready.push(user);
  }
  if (static_cast<int>(order.size()) < nodes.size())
    return findCycle(producers, waiting);

  NodeList sorted;
  for (int node : order)
    sorted.Add()->Swap(&nodes[node]);
  nodes.Swap(&sorted);
  return {};
}

} // namespace ingot
