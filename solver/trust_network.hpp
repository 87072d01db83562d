// M6: the network that trust lives on. Every link carries trust both ways, whether its ends
// recognise each other or not: the links with MR = 0, which no round knows of, are here.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "solver/recognition.hpp"

namespace needflow {

/// Nodes: the agents, or the P providers and after them the R recipients of a bipartite instance.
/// Immutable once built, shared by all points on the same network.
struct TrustNetwork {
  bool agent_network = false;
  std::size_t providers = 0;
  std::size_t recipients = 0;
  CsrMatrix links;  ///< nodes × nodes, a symmetric pattern with an empty diagonal; weights MR or 0
  /// Which links the entries of Recognition's rows are; empty where those of providers are all
  /// links, in order, from the first, and those of recipients likewise from `first_of_recipients`.
  std::vector<Offset> provider_links;
  std::vector<Offset> recipient_links;
  std::size_t first_of_recipients = 0;

  [[nodiscard]] std::size_t nodes() const { return links.rows(); }
  [[nodiscard]] std::size_t node_of_recipient(std::size_t r) const {
    return agent_network ? r : providers + r;
  }
  [[nodiscard]] std::size_t bytes() const {
    return links.bytes() + (provider_links.size() + recipient_links.size()) * sizeof(Offset);
  }
};

/// O(links).
[[nodiscard]] TrustNetwork trust_network(const Recognition& recognition);

/// Ratings on the links of an agent network, an entry each: by source, row i holds what i gave, by
/// target what i was given. NaN where nobody rated.
struct LinkRatings {
  std::vector<double> by_source;
  std::vector<double> by_target;
  double lowest = 0.0;   ///< of all ratings
  double highest = 0.0;  ///< above the lowest
};
[[nodiscard]] LinkRatings ratings_on(const TrustNetwork& network,
                                     const std::vector<Rating>& ratings);

}  // namespace needflow
