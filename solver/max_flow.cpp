#include "solver/max_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace needflow {

namespace {

/// Where an arc stands. 32 bits: with 64 a flow of 200,000 entries took 1.7 times as long.
using Place = std::int32_t;
using Graph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                       boost::no_property, Index, Place>;
using Arc = boost::graph_traits<Graph>::edge_descriptor;

/// Boost's map from an arc to the one that goes back.
struct ArcBack {
  using value_type = Arc;
  using reference = Arc;
  using key_type = Arc;
  using category = boost::readable_property_map_tag;
  const Graph* graph;
  const Place* place;
};

Arc get(const ArcBack& back, const Arc& arc) {
  return Arc(target(arc, *back.graph), back.place[arc.idx]);
}

Units sum_of(std::span<const Units> values) {
  return std::accumulate(values.begin(), values.end(), Units{0});
}

/// Vertices are providers, recipients, source, sink; arcs are sorted by where they begin. A
/// provider's arcs are its entries and one back to the source; a recipient's go back to its
/// providers, and one to the sink.
class FlowGraph {
 public:
  explicit FlowGraph(const Transport& transport)
      : providers_(transport.supply.size()), recipients_(transport.demand.size()) {
    const std::size_t arcs = 2 * (transport.columns.size() + providers_ + recipients_);
    if (arcs > static_cast<std::size_t>(std::numeric_limits<Place>::max())) {
      throw std::runtime_error(
          fmt::format("{} edges are too many for a maximum flow", transport.columns.size()));
    }
    place_rows(transport);
    std::vector<Place> next(begin_.begin() + static_cast<std::ptrdiff_t>(providers_), begin_.end());
    for (std::size_t p = 0; p < providers_; ++p) {
      Place at = begin_[p];
      for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
        const auto r = static_cast<std::size_t>(transport.columns[e]);
        join(at++, next[r]++, p, providers_ + r, transport.supply[p]);
      }
      join(next[recipients_]++, at, source(), p, transport.supply[p]);
    }
    for (std::size_t r = 0; r < recipients_; ++r) {
      join(next[r], next[recipients_ + 1]++, providers_ + r, sink(), transport.demand[r]);
    }
    graph_ =
        Graph(boost::edges_are_sorted, ends_.begin(), ends_.end(), static_cast<Index>(sink() + 1));
    ends_ = {};
  }

  /// What a maximum flow gives over each entry.
  [[nodiscard]] std::vector<Units> solve(const Transport& transport) {
    std::vector<Units> residual(capacity_.size());
    const auto index = get(boost::edge_index, graph_);
    (void)boost::push_relabel_max_flow(
        graph_, static_cast<Index>(source()), static_cast<Index>(sink()),
        boost::make_iterator_property_map(capacity_.begin(), index),
        boost::make_iterator_property_map(residual.begin(), index), ArcBack{&graph_, back_.data()},
        get(boost::vertex_index, graph_));
    std::vector<Units> given(transport.columns.size());
    for (std::size_t p = 0; p < providers_; ++p) {
      auto arc = static_cast<std::size_t>(begin_[p]);
      for (std::size_t e = transport.begin(p); e < transport.end(p); ++e, ++arc) {
        given[e] = capacity_[arc] - residual[arc];
      }
    }
    return given;
  }

 private:
  [[nodiscard]] std::size_t source() const { return providers_ + recipients_; }
  [[nodiscard]] std::size_t sink() const { return source() + 1; }

  void place_rows(const Transport& transport) {
    begin_.assign(providers_ + recipients_ + 3, 0);
    for (std::size_t p = 0; p < providers_; ++p) {
      begin_[p + 1] = static_cast<Place>(transport.end(p) - transport.begin(p) + 1);
    }
    for (std::size_t r = 0; r < recipients_; ++r) begin_[providers_ + r + 1] = 1;
    for (const Index r : transport.columns) ++begin_[providers_ + static_cast<std::size_t>(r) + 1];
    begin_[source() + 1] = static_cast<Place>(providers_);
    begin_[sink() + 1] = static_cast<Place>(recipients_);
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    const auto arcs = static_cast<std::size_t>(begin_.back());
    ends_.resize(arcs);
    capacity_.assign(arcs, 0);
    back_.resize(arcs);
  }

  void join(Place there, Place back, std::size_t from, std::size_t to, Units capacity) {
    const auto a = static_cast<std::size_t>(there);
    const auto b = static_cast<std::size_t>(back);
    ends_[a] = {static_cast<Index>(from), static_cast<Index>(to)};
    ends_[b] = {static_cast<Index>(to), static_cast<Index>(from)};
    capacity_[a] = capacity;
    back_[a] = back;
    back_[b] = there;
  }

  std::size_t providers_;
  std::size_t recipients_;
  std::vector<Place> begin_;  ///< of each vertex's arcs
  std::vector<std::pair<Index, Index>> ends_;
  std::vector<Units> capacity_;
  std::vector<Place> back_;
  Graph graph_;
};

/// Provider by provider: to each recipient in proportion to what it still wants, the rest in order.
std::vector<Units> give_in_proportion(const Transport& transport) {
  std::vector<Units> given(transport.columns.size(), 0);
  std::vector<Units> wanted(transport.demand.begin(), transport.demand.end());
  for (std::size_t p = 0; p < transport.supply.size(); ++p) {
    Units left = transport.supply[p];
    if (left == 0) continue;
    double all = 0.0;
    for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
      all += static_cast<double>(wanted[static_cast<std::size_t>(transport.columns[e])]);
    }
    const double share = std::min(1.0, static_cast<double>(left) / all);
    for (const bool rest : {false, true}) {
      for (std::size_t e = transport.begin(p); e < transport.end(p) && left > 0; ++e) {
        Units& want = wanted[static_cast<std::size_t>(transport.columns[e])];
        const Units most = std::min(want, left);
        const Units gift =
            rest ? most : std::min(most, static_cast<Units>(share * static_cast<double>(want)));
        given[e] += gift;
        want -= gift;
        left -= gift;
      }
    }
  }
  return given;
}

/// For each recipient the providers that give to it.
struct Givers {
  std::vector<std::size_t> begin;
  std::vector<Index> providers;
};

Givers givers_of(const Transport& transport, const std::vector<Units>& given) {
  Givers givers{std::vector<std::size_t>(transport.demand.size() + 1), {}};
  for (std::size_t e = 0; e < given.size(); ++e) {
    if (given[e] > 0) ++givers.begin[static_cast<std::size_t>(transport.columns[e]) + 1];
  }
  std::partial_sum(givers.begin.begin(), givers.begin.end(), givers.begin.begin());
  givers.providers.resize(givers.begin.back());
  std::vector<std::size_t> next = givers.begin;
  for (std::size_t p = 0; p < transport.supply.size(); ++p) {
    for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
      if (given[e] == 0) continue;
      givers.providers[next[static_cast<std::size_t>(transport.columns[e])]++] =
          static_cast<Index>(p);
    }
  }
  return givers;
}

/// Marks whom more could still reach: a maximum flow's smallest side of the source.
void mark_reachable(const Transport& transport, MaxFlow& flow) {
  const Givers givers = givers_of(transport, flow.given);
  std::vector<Index> reached;
  for (std::size_t p = 0; p < transport.supply.size(); ++p) {
    const std::span all(flow.given);
    const Units used =
        sum_of(all.subspan(transport.begin(p), transport.end(p) - transport.begin(p)));
    if (used == transport.supply[p]) continue;
    flow.near_providers[p] = 1;
    reached.push_back(static_cast<Index>(p));
  }
  while (!reached.empty()) {
    const auto p = static_cast<std::size_t>(reached.back());
    reached.pop_back();
    for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
      const auto r = static_cast<std::size_t>(transport.columns[e]);
      if (flow.near_recipients[r] != 0) continue;
      flow.near_recipients[r] = 1;
      for (std::size_t i = givers.begin[r]; i < givers.begin[r + 1]; ++i) {
        const Index giver = givers.providers[i];
        std::uint8_t& near = flow.near_providers[static_cast<std::size_t>(giver)];
        if (near == 0) reached.push_back(giver);
        near = 1;
      }
    }
  }
}

/// Why a flow cannot be, or an empty text.
std::string flow_problem(const Transport& transport, const MaxFlow& flow) {
  std::vector<Units> received(transport.demand.size(), 0);
  Units value = 0;
  for (std::size_t p = 0; p < transport.supply.size(); ++p) {
    Units left = transport.supply[p];
    for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
      const auto r = static_cast<std::size_t>(transport.columns[e]);
      const Units gift = flow.given[e];
      // Against what is left: no sum can overflow.
      if (gift < 0 || gift > left) return fmt::format("provider {} gives more than it has", p);
      left -= gift;
      if (gift > transport.demand[r] - received[r]) {
        return fmt::format("recipient {} receives more than it takes", r);
      }
      received[r] += gift;
      value += gift;
    }
  }
  if (value != flow.value) return fmt::format("{} units flow, not {}", value, flow.value);
  return {};
}

}  // namespace

std::string certificate_problem(const Transport& transport, const MaxFlow& flow) {
  if (flow.given.size() != transport.columns.size() ||
      flow.near_providers.size() != transport.supply.size() ||
      flow.near_recipients.size() != transport.demand.size()) {
    return "the flow is of another network";
  }
  if (std::string problem = flow_problem(transport, flow); !problem.empty()) return problem;
  Units cut = 0;
  for (std::size_t p = 0; p < transport.supply.size(); ++p) {
    if (flow.near_providers[p] == 0) {
      cut += transport.supply[p];
      continue;
    }
    for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
      if (flow.near_recipients[static_cast<std::size_t>(transport.columns[e])] == 0) {
        return fmt::format("the unlimited edge {}-{} crosses the cut", p, transport.columns[e]);
      }
    }
  }
  for (std::size_t r = 0; r < transport.demand.size(); ++r) {
    if (flow.near_recipients[r] != 0) cut += transport.demand[r];
  }
  if (cut != flow.value) return fmt::format("{} units flow, the cut lets {} pass", flow.value, cut);
  return {};
}

MaxFlow max_flow(const Transport& transport) {
  const Units supply = sum_of(transport.supply);
  const Units demand = sum_of(transport.demand);
  MaxFlow flow;
  // Whoever uses up one side needs no search: the cut is next to the source or to the sink.
  const auto uses_up_a_side = [&](std::vector<Units> given) {
    flow.given = std::move(given);
    flow.value = sum_of(flow.given);
    const bool all_demand = flow.value == demand && demand < supply;
    flow.near_providers.assign(transport.supply.size(), all_demand ? 1 : 0);
    flow.near_recipients.assign(transport.demand.size(), all_demand ? 1 : 0);
    return all_demand || flow.value == supply;
  };
  if (uses_up_a_side(give_in_proportion(transport))) return flow;
  if (uses_up_a_side(FlowGraph(transport).solve(transport))) return flow;
  mark_reachable(transport, flow);
  return flow;
}

MaxFlow proven_max_flow(const Transport& transport) {
  MaxFlow flow = max_flow(transport);
  const std::string problem = certificate_problem(transport, flow);
  if (!problem.empty()) {
    throw std::runtime_error(fmt::format("the maximum flow is not proven: {}", problem));
  }
  return flow;
}

}  // namespace needflow
