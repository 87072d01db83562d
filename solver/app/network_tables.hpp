// What `needflow network` prints of a network.
#pragma once

#include <iosfwd>
#include <string>

#include "solver/graph_metrics.hpp"
#include "solver/network.hpp"

namespace needflow::app {

/// One network, a line a property: degrees, components, distances, clustering, load.
void print_network(const GraphMetrics& metrics, std::ostream& out);

/// The head of a table of networks, and a line of it; `what` says which network it is.
void print_network_header(std::size_t label_width, std::ostream& out);
void print_network_line(const std::string& what, std::size_t label_width,
                        const GraphMetrics& metrics, std::ostream& out);

/// The network in the language of Graphviz.
[[nodiscard]] std::string dot_text(const Network& network);

/// Links as CSV with a header a,b (and latency), which kind = "file" reads.
[[nodiscard]] std::string edges_text(const Network& network);

/// The most agents whose routes are written: a line for each of their ordered pairs.
inline constexpr std::size_t kMostRouted = 2'000;

/// Routing tables as CSV: agent,destination,next_hop,hops and, where links have latencies, latency;
/// routes then have the least of it. Pairs without a path have no line.
[[nodiscard]] std::string routes_text(const Network& network);

}  // namespace needflow::app
