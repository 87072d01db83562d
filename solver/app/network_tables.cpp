#include "solver/app/network_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <ostream>
#include <span>
#include <vector>

#include "io/result_networks.hpp"
#include "solver/routing.hpp"

namespace needflow::app {

namespace {

constexpr std::size_t kShownDegrees = 12;

std::string estimate_text(const Estimate& estimate) {
  if (std::isnan(estimate.value)) return "–";
  if (estimate.error == 0.0) return fmt::format("{:.4f}", estimate.value);
  return fmt::format("{:.4f} ± {:.1g}", estimate.value, estimate.error);
}

std::string diameter_text(const GraphMetrics& m) {
  if (m.diameter_at_least == m.diameter_at_most) return fmt::format("{}", m.diameter_at_least);
  return fmt::format("{} to {}", m.diameter_at_least, m.diameter_at_most);
}

void line(std::ostream& out, const char* name, const std::string& value) {
  out << fmt::format("  {:<22} {}\n", name, value);
}

void print_degrees(const GraphMetrics& m, std::ostream& out) {
  std::size_t first = 0;
  const std::size_t past = m.degree_histogram.size();
  while (first < past && m.degree_histogram[first] == 0) ++first;
  line(out, "links an agent",
       past == 0 ? std::string("–")
                 : fmt::format("mean {:.4g}, {} to {}", m.mean_degree, first, past - 1));
  if (past - first <= kShownDegrees) {
    for (std::size_t d = first; d < past; ++d) {
      line(out, fmt::format("    {} links", d).c_str(), fmt::format("{}", m.degree_histogram[d]));
    }
  }
  line(out, "agents over 50 links", fmt::format("{}", m.over_50_links));
  line(out, "agents over 100 links", fmt::format("{}", m.over_100_links));
}

void print_distances(const GraphMetrics& m, std::ostream& out) {
  line(out, "distances",
       m.exact_distances() ? std::string("from every agent")
                           : fmt::format("from a sample of {} agents", m.sources));
  line(out, "diameter", diameter_text(m));
  line(out, "mean path", estimate_text(m.mean_path));
  for (std::size_t h = 1; h < m.hop_pairs.size(); ++h) {
    line(out, fmt::format("    {} hop{}", h, h == 1 ? "" : "s").c_str(),
         fmt::format("{:8.4f} %", 100.0 * hop_share(m, h)));
  }
  if (m.unreachable_pairs > 0) {
    line(out, "    no path", fmt::format("{:8.4f} %", 100.0 * hop_share(m, 0)));
  }
}

/// Each link once, from its lower end.
template <class Visit>
void for_links(const Network& network, const Visit& visit) {
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network.offsets[i]);
         e < static_cast<std::size_t>(network.offsets[i + 1]); ++e) {
      if (static_cast<std::size_t>(network.columns[e]) > i) visit(i, network.columns[e], e);
    }
  }
}

}  // namespace

void print_network(const GraphMetrics& m, std::ostream& out) {
  line(out, "agents", fmt::format("{}", m.nodes));
  line(out, "links", fmt::format("{}", m.edges));
  if (m.bridges > 0) line(out, "    of them bridges", fmt::format("{}", m.bridges));
  line(out, "fewer than full mesh", fmt::format("{:.2f} %", 100.0 * m.connection_reduction));
  print_degrees(m, out);
  line(out, "components", fmt::format("{}, the largest of {}", m.components, m.largest_component));
  print_distances(m, out);
  line(out, "clustering", estimate_text(m.clustering));
  line(out, "triangles",
       m.triangles < 0 ? std::string("not counted, clustering is a sample's")
                       : fmt::format("{}", m.triangles));
  if (!std::isnan(m.spectral_gap)) {
    line(out, "spectral gap", fmt::format("{:.6f}", m.spectral_gap));
  }
  if (m.edge_load.sources > 0) {
    line(
        out, "load of a link",
        fmt::format("mean {:.4g}, 99 % below {:.4g}, largest {:.4g} shortest paths, from {} agents",
                    m.edge_load.mean, m.edge_load.p99, m.edge_load.largest, m.edge_load.sources));
  }
}

void print_network_header(std::size_t label_width, std::ostream& out) {
  out << fmt::format("{:<{}} {:>9} {:>10} {:>8} {:>6} {:>9} {:>20} {:>20} {:>8}\n", "network",
                     label_width, "agents", "links", "degrees", "parts", "diameter", "mean path",
                     "clustering", "gap");
}

void print_network_line(const std::string& what, std::size_t label_width, const GraphMetrics& m,
                        std::ostream& out) {
  const auto first = std::find_if(m.degree_histogram.begin(), m.degree_histogram.end(),
                                  [](std::int64_t agents) { return agents > 0; });
  const std::string degrees = fmt::format("{}-{}", std::distance(m.degree_histogram.begin(), first),
                                          std::max<std::size_t>(m.degree_histogram.size(), 1) - 1);
  const std::string gap =
      std::isnan(m.spectral_gap) ? std::string("–") : fmt::format("{:.4f}", m.spectral_gap);
  out << fmt::format("{:<{}} {:>9} {:>10} {:>8} {:>6} {:>9} {:>20} {:>20} {:>8}\n", what,
                     label_width, m.nodes, m.edges, degrees, m.components, diameter_text(m),
                     estimate_text(m.mean_path), estimate_text(m.clustering), gap);
}

std::string dot_text(const Network& network) {
  std::string text = "graph needflow {\n  node [shape=point];\n";
  for (std::size_t i = 0; i < network.agents(); ++i) {
    if (network.degree(i) == 0) text += fmt::format("  {};\n", i);
  }
  for_links(network, [&](std::size_t a, Index b, std::size_t) {
    fmt::format_to(std::back_inserter(text), "  {} -- {};\n", a, b);
  });
  return text + "}\n";
}

std::string edges_text(const Network& network) {
  const bool timed = !network.latency.empty();
  std::string text = timed ? "a,b,latency\n" : "a,b\n";
  for_links(network, [&](std::size_t a, Index b, std::size_t e) {
    if (timed) {
      fmt::format_to(std::back_inserter(text), "{},{},{}\n", a, b, network.latency[e]);
    } else {
      fmt::format_to(std::back_inserter(text), "{},{}\n", a, b);
    }
  });
  return text;
}

std::string routes_text(const Network& network) {
  const bool timed = !network.latency.empty();
  std::vector<Index> everybody(network.agents());
  std::iota(everybody.begin(), everybody.end(), Index{0});
  std::string text =
      timed ? "agent,destination,next_hop,hops,latency\n" : "agent,destination,next_hop,hops\n";
  for (std::size_t first = 0; first < everybody.size(); first += kRouteBatch) {
    const std::size_t count = std::min(kRouteBatch, everybody.size() - first);
    const RouteColumns columns = next_hops_to(network, std::span(everybody).subspan(first, count),
                                              timed ? RouteMetric::latency : RouteMetric::hops);
    for (std::size_t c = 0; c < count; ++c) {
      for (std::size_t i = 0; i < network.agents(); ++i) {
        if (columns.hops(c)[i] <= 0) continue;
        const Index next =
            network.columns[static_cast<std::size_t>(network.offsets[i]) + columns.slots(c)[i]];
        fmt::format_to(std::back_inserter(text), "{},{},{},{}", i, first + c, next,
                       columns.hops(c)[i]);
        if (timed) fmt::format_to(std::back_inserter(text), ",{}", columns.cost(c)[i]);
        text += '\n';
      }
    }
  }
  return text;
}

}  // namespace needflow::app
