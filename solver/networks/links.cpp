// Cost model of network_from_owners: 4 B read twice an entry of `targets`, a random increment and a
// random write each, then a sort of rows that are in the cache.
#include "solver/networks/links.hpp"

#include <algorithm>

#include "kernels/graph.hpp"

namespace needflow {

namespace {

using Edge = std::pair<Index, Index>;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }
std::size_t at(Offset e) { return static_cast<std::size_t>(e); }

std::vector<Edge> bridges(const Network& network, const std::vector<Index>& label) {
  const auto agents = static_cast<Index>(network.agents());
  std::vector<std::vector<Index>> members;
  std::vector<std::size_t> component_of(at(agents));
  for (Index i = 0; i < agents; ++i) {
    if (label[at(i)] == i) {
      component_of[at(i)] = members.size();
      members.emplace_back();
    }
    members[component_of[at(label[at(i)])]].push_back(i);
  }
  for (auto& list : members) {  // its one or two members of least degree come first
    const auto fewer = [&network](Index a, Index b) {
      return std::pair(network.degree(at(a)), a) < std::pair(network.degree(at(b)), b);
    };
    std::partial_sort(list.begin(), list.begin() + (list.size() > 1 ? 2 : 1), list.end(), fewer);
  }
  std::vector<Edge> links;
  for (std::size_t c = 1; c < members.size(); ++c) {
    const auto& before = members[c - 1];
    links.emplace_back(before[before.size() > 1 && c > 1 ? 1 : 0], members[c][0]);
  }
  return links;
}

/// The network with a few links more.
Network with_links(const Network& network, const std::vector<Edge>& links,
                   const std::function<float(Index, Index)>& latency) {
  std::vector<Edge> more;
  for (const auto& [a, b] : links) {
    more.emplace_back(a, b);
    more.emplace_back(b, a);
  }
  std::sort(more.begin(), more.end());
  Network result;
  const bool has_latency = !network.latency.empty();
  result.offsets.reserve(network.offsets.size());
  result.columns.reserve(network.columns.size() + more.size());
  if (has_latency) result.latency.reserve(network.columns.size() + more.size());
  auto next = more.begin();
  for (std::size_t i = 0; i < network.agents(); ++i) {
    const auto add_up_to = [&](Index bound) {
      for (; next != more.end() && at(next->first) == i && next->second < bound; ++next) {
        result.columns.push_back(next->second);
        if (has_latency) result.latency.push_back(latency(next->first, next->second));
      }
    };
    for (std::size_t e = at(network.offsets[i]); e < at(network.offsets[i + 1]); ++e) {
      add_up_to(network.columns[e]);
      result.columns.push_back(network.columns[e]);
      if (has_latency) result.latency.push_back(network.latency[e]);
    }
    add_up_to(static_cast<Index>(kMaxAgents));
    result.offsets.push_back(static_cast<Offset>(result.columns.size()));
  }
  result.bridges = network.bridges + static_cast<std::int64_t>(links.size());
  return result;
}

}  // namespace

Network network_from_owners(std::span<const Offset> begins, std::span<const Index> targets,
                            Threads threads) {
  const std::size_t agents = begins.size() - 1;
  Network network;
  network.offsets.resize(agents + 1);
  for (const Index target : targets) ++network.offsets[at(target) + 1];
  for (std::size_t i = 0; i < agents; ++i) {
    network.offsets[i + 1] += network.offsets[i] + begins[i + 1] - begins[i];
  }
  network.columns.resize(at(network.offsets.back()));
  std::vector<Offset> next(network.offsets.begin(), network.offsets.end() - 1);
  for (std::size_t i = 0; i < agents; ++i) {
    for (Offset e = begins[i]; e < begins[i + 1]; ++e) {
      const Index target = targets[at(e)];
      network.columns[at(next[i]++)] = target;
      network.columns[at(next[at(target)]++)] = static_cast<Index>(i);
    }
  }
  for_row_blocks(agents, threads, [&network](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      std::sort(network.columns.begin() + network.offsets[i],
                network.columns.begin() + network.offsets[i + 1]);
    }
  });
  return network;
}

Network connected(Network network, const std::function<float(Index, Index)>& latency) {
  const std::vector<Index> label = component_labels(network.offsets, network.columns);
  if (std::all_of(label.begin(), label.end(), [](Index l) { return l == 0; })) return network;
  return with_links(network, bridges(network, label), latency);
}

}  // namespace needflow
