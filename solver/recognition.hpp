// M1: who recognises whom, and the matrix of mutual recognition that a run allocates over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/csr.hpp"
#include "solver/network.hpp"
#include "solver/settings.hpp"

namespace needflow {

/// The sparse side of an instance: MR (and D) from both ends. Immutable once built, shared by all
/// points on the same network.
struct Recognition {
  bool agent_network = false;             ///< agent i is provider i and recipient i, MR symmetric
  CsrMatrix provider_rows;                ///< P × R
  CsrMatrix recipient_rows_if_bipartite;  ///< R × P; an agent network reuses its symmetric rows

  std::vector<Index> provider_degree;   ///< links in the network of M4, MR = 0 ones included
  std::vector<Index> recipient_degree;  ///< empty for an agent network: the same links
  std::int64_t network_edges = 0;       ///< links of the network, each counted once
  std::int64_t recognised_pairs = 0;    ///< those with MR > 0
  /// Links with MR = 0, which are no entries of the rows but carry trust (M6): row and column of
  /// what would be the entry, ascending.
  std::vector<std::pair<Index, Index>> unrecognised;

  [[nodiscard]] std::size_t providers() const { return provider_rows.rows(); }
  [[nodiscard]] std::size_t recipients() const { return provider_rows.column_count; }
  /// Links an agent has on average; a bipartite instance has P + R agents.
  [[nodiscard]] double mean_degree() const;
  [[nodiscard]] CsrView by_provider() const { return provider_rows.view(); }
  [[nodiscard]] CsrView by_recipient() const {
    return agent_network ? provider_rows.view() : recipient_rows_if_bipartite.view();
  }
  [[nodiscard]] Index recipient_links(std::size_t r) const {
    return agent_network ? provider_degree[r] : recipient_degree[r];
  }
  [[nodiscard]] std::size_t bytes() const;
};

/// Stores MR in 4 bytes an entry (kernels/csr.hpp).
void narrow_recognition(Recognition& recognition);

/// One rating of a ratings file; agents by number.
struct Rating {
  Index source = 0;
  Index target = 0;
  double value = 0.0;
};

/// Generated shares: each agent draws a weight for each neighbour, normalises them to S, and
/// MR_ij = min(S_ij, S_ji). Draws are keyed by (network index, i, j). Pairs with MR = 0 are
/// dropped.
[[nodiscard]] Recognition recognise(Network network, const RecognitionSettings& settings,
                                    std::uint64_t seed, std::uint32_t network_index,
                                    Threads threads);

// The steps of recognise(), for rows that are only some of a network's: columns name all agents.

/// S on every entry of the rows of agents first_agent, first_agent + 1 …; Σ_j S_ij = 1 unless all
/// of i's weights underflowed to 0.
[[nodiscard]] std::vector<double> drawn_shares(const Network& rows, std::size_t first_agent,
                                               const RecognitionSettings& settings,
                                               std::uint64_t seed, std::uint32_t network_index,
                                               Threads threads);
/// The rows with a weight an entry.
[[nodiscard]] CsrMatrix weighted_rows(Network network, std::vector<double> weights);
/// What a network of agents is from its symmetric rows, entries of weight 0 among them or not. Of
/// some rows alone, the counts of links and pairs are halves of their entries.
[[nodiscard]] Recognition agent_recognition(CsrMatrix rows, bool zeros);

/// Ratings: weight = max(0, rating), normalised per source. The network is every rated pair in
/// either direction; self-ratings are left out. Each (source, target) may occur once.
[[nodiscard]] Recognition recognise_ratings(std::size_t agents, const std::vector<Rating>& ratings);

/// A bipartite instance as given. `rows` P × R with MR in [0, 1]: an edge with 0 stays a link of
/// the network and leaves the matrix. A desire of all +∞ is dropped.
[[nodiscard]] Recognition bipartite_recognition(CsrMatrix rows);

/// An agent network as given: symmetric rows with an empty diagonal.
[[nodiscard]] Recognition symmetric_recognition(CsrMatrix rows);

}  // namespace needflow
