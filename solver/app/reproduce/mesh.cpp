#include "solver/app/reproduce/mesh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "io/result_networks.hpp"
#include "kernels/graph.hpp"
#include "solver/network.hpp"

namespace needflow::app {

namespace {

constexpr std::int64_t kAgents = 100;  ///< the seed's mesh
constexpr std::int64_t kNeighbors = 20;
constexpr double kFullLinks = kAgents * (kAgents - 1) / 2.0;

std::vector<GraphMetrics> seed_mesh(const MeshStudy& study) {
  return metrics_of(mesh_of(kAgents, kNeighbors), study);
}

double diameter_of(const GraphMetrics& m) { return static_cast<double>(m.diameter_at_least); }

/// Share of agents with so many links, in percent.
double degree_percent(const GraphMetrics& m, std::size_t from, std::size_t to) {
  std::int64_t agents = 0;
  for (std::size_t d = from; d <= to && d < m.degree_histogram.size(); ++d) {
    agents += m.degree_histogram[d];
  }
  return 100.0 * static_cast<double>(agents) / static_cast<double>(m.nodes);
}

/// Components that are left when agent `gone` and its links are taken away.
std::int64_t components_without(const Network& network, Index gone) {
  std::vector<std::pair<Index, Index>> links;
  const auto renumbered = [gone](Index i) { return i < gone ? i : i - 1; };
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network.offsets[i]);
         e < static_cast<std::size_t>(network.offsets[i + 1]); ++e) {
      const auto a = static_cast<Index>(i);
      const Index b = network.columns[e];
      if (a < b && a != gone && b != gone) links.emplace_back(renumbered(a), renumbered(b));
    }
  }
  const Network rest = network_from_edges(network.agents() - 1, links);
  const std::vector<Index> labels = component_labels(rest.offsets, rest.columns);
  std::int64_t components = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    components += labels[i] == static_cast<Index>(i) ? 1 : 0;
  }
  return components;
}

/// How many agents, alone, would tear the network apart by leaving.
double single_points_of_failure(const Network& network) {
  int points = 0;
  for (std::size_t i = 0; i < network.agents(); ++i) {
    points += components_without(network, static_cast<Index>(i)) > 1 ? 1 : 0;
  }
  return points;
}

NetworkSettings kind_of(NetworkKind kind) {
  NetworkSettings settings = mesh_of(kAgents, kNeighbors);
  settings.kind = kind;
  return settings;
}

void add_topology(const char* name, NetworkKind kind, const std::string& diameter,
                  double diameter_figure, const std::string& path, double path_figure,
                  double links_figure, double failure_points, const MeshStudy& study,
                  FindingTable& table) {
  const NetworkSettings settings = kind_of(kind);
  const std::vector<GraphMetrics> networks = metrics_of(settings, study);
  const auto called = [name](const char* quantity) {
    return fmt::format("{}, {}", name, quantity);
  };
  table.findings.push_back(finding(
      called("links"), fmt::format("{}", links_figure), links_figure, 0.5,
      over(networks, [](const GraphMetrics& m) { return static_cast<double>(m.edges); }), ""));
  Finding across = finding(called("diameter"), diameter, diameter_figure, 0.5,
                           over(networks, diameter_of), "hops");
  if (kind == NetworkKind::partial_mesh) {
    across.reason =
        "20 links reach 20 agents, their links nearly all others: two hops for 80 % of the pairs, "
        "three for the rest";
  }
  table.findings.push_back(across);
  Finding mean =
      finding(called("mean path"), path, path_figure, 0.05,
              over(networks, [](const GraphMetrics& m) { return m.mean_path.value; }), "hops");
  if (kind == NetworkKind::partial_mesh) {
    mean = ruled_out(mean, "the seed's own shares of hops have a mean of 1.88");
  }
  if (kind == NetworkKind::hub_spoke) {
    mean =
        ruled_out(mean, "99 of 4,950 pairs are one hop apart and all others two: 2 - 2/N = 1.98");
  }
  table.findings.push_back(mean);
  std::vector<double> points;
  for (std::int64_t i = 0; i < study.networks; ++i) {
    points.push_back(single_points_of_failure(
        build_network(settings, study.seed, static_cast<std::uint32_t>(i))));
  }
  table.findings.push_back(finding(called("single points of failure"),
                                   failure_points > 0.0 ? "yes (hub)" : "no", failure_points, 0.5,
                                   measured(points), "agents"));
}

}  // namespace

NetworkSettings mesh_of(std::int64_t agents, std::int64_t neighbors) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = neighbors;
  return settings;
}

std::vector<GraphMetrics> metrics_of(const NetworkSettings& settings, const MeshStudy& study) {
  std::vector<GraphMetrics> all;
  for (std::int64_t i = 0; i < study.networks; ++i) {
    const Network network =
        build_network(settings, study.seed, static_cast<std::uint32_t>(i), Threads::all);
    all.push_back(measure_network(network, MetricOptions{}, study.seed, Threads::all));
  }
  return all;
}

Measured over(std::span<const GraphMetrics> networks,
              const std::function<double(const GraphMetrics&)>& number) {
  std::vector<double> values;
  values.reserve(networks.size());
  for (const GraphMetrics& metrics : networks) values.push_back(number(metrics));
  return measured(values);
}

FindingTable graph_properties(const MeshStudy& study) {
  const std::vector<GraphMetrics> networks = seed_mesh(study);
  FindingTable table{"graph_properties", "Graph properties (N = 100, k = 20)", {}, {}};
  const auto add = [&](const char* quantity, const char* seed, double figure, double precision,
                       const char* unit, const std::function<double(const GraphMetrics&)>& number) {
    table.findings.push_back(
        finding(quantity, seed, figure, precision, over(networks, number), unit));
  };
  add("agents", "100", 100, 0, "",
      [](const GraphMetrics& m) { return static_cast<double>(m.nodes); });
  add("links", "~1,000", 1000, 10, "",
      [](const GraphMetrics& m) { return static_cast<double>(m.edges); });
  add("mean degree", "20.0", 20, 0.05, "", [](const GraphMetrics& m) { return m.mean_degree; });
  add("diameter", "5", 5, 0.5, "hops", diameter_of);
  table.findings.back().reason =
      "an agent reaches 20 others in one hop and up to 400 in two, four times as many as there "
      "are: nothing is farther than three";
  add("mean path", "2.8", 2.8, 0.05, "hops",
      [](const GraphMetrics& m) { return m.mean_path.value; });
  table.findings.back() =
      ruled_out(table.findings.back(),
                "the seed's own shares of hops (37, 42, 16, 4, 0.4 %) have a mean of 1.88, and "
                "with 20.2 % of "
                "all pairs linked and the rest two hops apart or hardly more it is 1.80");
  add("clustering", "0.1842", 0.1842, 0.00005, "",
      [](const GraphMetrics& m) { return m.clustering.value; });
  add("components", "1", 1, 0, "",
      [](const GraphMetrics& m) { return static_cast<double>(m.components); });
  return table;
}

FindingTable degree_distribution(const MeshStudy& study) {
  const std::vector<GraphMetrics> networks = seed_mesh(study);
  FindingTable table{"degree_distribution", "Degree distribution (N = 100, k = 20)", {}, {}};
  const auto add = [&](const char* quantity, const char* seed, double figure, std::size_t from,
                       std::size_t to) {
    table.findings.push_back(finding(
        quantity, seed, figure, 0.5,
        over(networks, [=](const GraphMetrics& m) { return degree_percent(m, from, to); }), "%"));
  };
  add("18 or 19 links", "5 %", 5, 18, 19);
  add("20 links", "85 %", 85, 20, 20);
  add("21 or 22 links", "10 %", 10, 21, 22);
  table.remarks = {
      "Our mesh balances to the end: with N k even every agent has k links. The seed's step 4",
      "stops earlier; its degrees stay within [k - 2, k + 2] as ours do, and their mean (20.1) "
      "does "
      "not",
      "fit its own 1,000 links (20.0)."};
  return table;
}

FindingTable connection_scaling(const MeshStudy& study) {
  FindingTable table{"connection_scaling", "Connection scaling (k = 20)", {}, {}};
  struct Row {
    std::int64_t agents, full, links;
    double reduction;
  };
  for (const Row& row :
       {Row{10, 45, 45, 0.0}, Row{50, 1'225, 500, 59.2}, Row{100, 4'950, 1'000, 79.8},
        Row{500, 124'750, 5'000, 96.0}, Row{1'000, 499'500, 10'000, 98.0}}) {
    const std::vector<GraphMetrics> networks = metrics_of(mesh_of(row.agents, kNeighbors), study);
    const auto name = [&](const char* what) { return fmt::format("N = {}, {}", row.agents, what); };
    const double full = static_cast<double>(row.agents * (row.agents - 1)) / 2.0;
    table.findings.push_back(finding(name("full mesh"), fmt::format("{}", row.full),
                                     static_cast<double>(row.full), 0, measured(std::array{full}),
                                     "links"));
    table.findings.push_back(
        finding(name("k = 20"), fmt::format("{}", row.links), static_cast<double>(row.links), 0.5,
                over(networks, [](const GraphMetrics& m) { return static_cast<double>(m.edges); }),
                "links"));
    table.findings.push_back(finding(
        name("reduction"), fmt::format("{} %", row.reduction), row.reduction, 0.05,
        over(networks, [](const GraphMetrics& m) { return 100.0 * m.connection_reduction; }), "%"));
  }
  return table;
}

FindingTable hop_distribution(const MeshStudy& study) {
  const std::vector<GraphMetrics> networks = seed_mesh(study);
  FindingTable table{"hop_distribution", "Shortest paths by hops (N = 100, k = 20)", {}, {}};
  struct Row {
    const char* quantity;
    const char* seed;
    double figure, precision;
  };
  const Row rows[] = {{"1 hop", "37 %", 37, 0.5},
                      {"2 hops", "42 %", 42, 0.5},
                      {"3 hops", "16 %", 16, 0.5},
                      {"4 hops", "4 %", 4, 0.5},
                      {"5 hops", "0.4 %", 0.4, 0.05}};
  std::size_t hops = 0;
  for (const Row& row : rows) {
    ++hops;
    table.findings.push_back(finding(
        row.quantity, row.seed, row.figure, row.precision,
        over(networks, [=](const GraphMetrics& m) { return 100.0 * hop_share(m, hops); }), "%"));
  }
  table.findings[0] =
      ruled_out(table.findings[0],
                fmt::format("1,000 links join 1,000 of {:.0f} pairs: {:.1f} %. 37 % of the "
                            "pairs would need 1,832 links",
                            kFullLinks, 100.0 * 1000.0 / kFullLinks));
  table.remarks = {
      "The seed counts messages (18,500 of 50,000 over one hop), not pairs: traffic that prefers",
      "neighbours could have such shares, but the seed calls them the distribution of shortest "
      "paths."};
  return table;
}

FindingTable topology_comparison(const MeshStudy& study) {
  FindingTable table{"topology_comparison", "Topologies at N = 100", {}, {}};
  add_topology("full mesh", NetworkKind::full_mesh, "1", 1, "1.0", 1.0, 4950, 0, study, table);
  add_topology("partial mesh", NetworkKind::partial_mesh, "5", 5, "2.8", 2.8, 1000, 0, study,
               table);
  add_topology("hub-spoke", NetworkKind::hub_spoke, "2", 2, "1.5", 1.5, 99, 1, study, table);
  return table;
}

FindingTable links_an_agent(const MeshStudy& study) {
  FindingTable table{"links_an_agent",
                     "Agents beyond the seed's limit of 50 to 100 connections (k = 20, N = 1,000)",
                     {},
                     {}};
  struct Row {
    const char* name;
    NetworkKind kind;
  };
  for (const Row& row :
       {Row{"partial mesh", NetworkKind::partial_mesh}, Row{"full mesh", NetworkKind::full_mesh},
        Row{"hub-spoke", NetworkKind::hub_spoke}, Row{"ring", NetworkKind::ring},
        Row{"small world", NetworkKind::small_world}, Row{"sharded", NetworkKind::sharded},
        Row{"preferential", NetworkKind::preferential}, Row{"geometric", NetworkKind::geometric}}) {
    NetworkSettings settings = mesh_of(1'000, kNeighbors);
    settings.kind = row.kind;
    const std::vector<GraphMetrics> networks = metrics_of(settings, study);
    table.findings.push_back(unasked(
        fmt::format("{}, over 50 links", row.name),
        over(networks, [](const GraphMetrics& m) { return static_cast<double>(m.over_50_links); }),
        "agents"));
    table.findings.push_back(unasked(
        fmt::format("{}, over 100 links", row.name),
        over(networks, [](const GraphMetrics& m) { return static_cast<double>(m.over_100_links); }),
        "agents"));
    table.findings.push_back(unasked(fmt::format("{}, most links", row.name),
                                     over(networks,
                                          [](const GraphMetrics& m) {
                                            return static_cast<double>(m.degree_histogram.size() -
                                                                       1);
                                          }),
                                     "links"));
  }
  return table;
}

}  // namespace needflow::app
