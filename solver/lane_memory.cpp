// What LaneRounds will hold, for planning; tests/solver/test_lane_rounds.cpp holds it against what
// it does hold.
#include <algorithm>

#include "solver/lane_rounds.hpp"

namespace needflow {

std::size_t round_state_bytes(std::size_t providers, std::size_t recipients, int lanes,
                              const BatchTraits& traits) {
  // The vectors of the class above, the ledger's two and what recurrence saves.
  std::size_t of_provider = 2;
  std::size_t of_recipient = 4 + 4;
  std::size_t gathered = providers + 2 * recipients;
  if (traits.stock) {
    of_provider += 2;
    gathered += recipients;
  }
  if (traits.relaxes) of_recipient += 2;
  if (traits.acceleration_depth > 0) {
    of_recipient += 1 + 3 + 2 * static_cast<std::size_t>(traits.acceleration_depth);
  }
  of_provider += 1;  // capacities; a lane alone keeps its own where a factor changes them
  if (lanes > 1) of_recipient += 1;
  const std::size_t tallies = with_lane_width(lanes, [&]<int L>() {
    return blocks_of(providers) * sizeof(StockTally<L>) +
           blocks_of(recipients) * sizeof(SettleTally<L>) +
           blocks_of(std::max(providers, recipients)) * sizeof(PerLane<std::int64_t, L>);
  });
  const std::size_t flags = providers + recipients;  // for counting messages
  return static_cast<std::size_t>(lanes) *
             (sizeof(double) * (providers * of_provider + recipients * of_recipient) +
              stored_bytes(traits.state, lanes) * gathered + flags) +
         tallies;
}

}  // namespace needflow
