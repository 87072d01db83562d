// M1, M4: the rows of recognition that one rank holds, built by all ranks together.
//
// A generated network's pattern comes as rank_pattern.hpp says. From there on nobody holds more
// than their own rows: each rank draws the shares of its rows, and MR_ij = min(S_ij, S_ji) is made
// by sending each S_ij between two ranks to the other once, 12 bytes, in pieces. Networks and
// instances from files are read by every rank, and each keeps its rows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "solver/ranks/halo.hpp"
#include "solver/recognition.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow {

/// One rank's part of a Recognition. Columns are places of a Halo.
struct RankRows {
  Recognition own;  ///< own rows; its counts of links and pairs are the whole network's
  std::vector<RankPart> provider_parts;
  std::vector<RankPart> recipient_parts;  ///< the same for an agent network
  std::unique_ptr<Halo> recipients_seen;  ///< by own providers
  std::unique_ptr<Halo> providers_seen;   ///< by own recipients; null for an agent network
  std::int64_t providers = 0;             ///< of the whole network
  std::int64_t recipients = 0;

  [[nodiscard]] Halo& provider_halo() {
    return providers_seen ? *providers_seen : *recipients_seen;
  }
  /// Links an agent of the whole network has on average.
  [[nodiscard]] double mean_degree() const;
};

/// Entries that a message of shares holds: 48 MB.
inline constexpr std::size_t kSharesAMessage = std::size_t{1} << 22;

/// MR_ij = min(S_ij, S_ji) in place of the shares S of a rank's rows, of which one end of a link
/// may have one and another the other. `parts`: the rows of each rank; columns are agents of all.
/// Called by all ranks.
void make_mutual(Communicator& ranks, std::span<const RankPart> parts, const Network& rows,
                 std::vector<double>& shares, std::size_t a_message = kSharesAMessage);

/// The rows of this rank. Called by all; throws InvalidPoint on all or on none. The observer, of
/// all ranks or of none, is shown a generated network on the first rank, which then holds it whole.
[[nodiscard]] RankRows rows_of_rank(Communicator& ranks, const Sweep& sweep, const Point& point,
                                    Threads threads, const NetworkObserver& observer);

}  // namespace needflow
