// Links and agents that fail and recover, round by round (M5's probabilities, for a network alone).
//
// Each is a two-state chain: what is up fails with one probability a round, what is down recovers
// with another. In round 0 a chain is in its long run: down with probability fail / (fail +
// recover), so that ages can be compared at the same share of dead links. What never recovers has
// no long run; it starts up. A draw is addressed by (link or agent, round) (M12): streams
// "link_failures" and "agent_failures", indexed by the round.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"

namespace needflow {

/// Probabilities a round, each in [0, 1].
struct FailureRates {
  double link_fail = 0.0;
  double link_recover = 0.0;
  double agent_fail = 0.0;
  double agent_recover = 0.0;
  bool start_whole = false;  ///< everything is up in round 0, whatever the long run is
};

/// Why the rates are none, or an empty text.
[[nodiscard]] std::string rates_problem(const FailureRates& rates);

/// The state of one network, from round 0 on.
class LinkStates {
 public:
  /// Borrows the network. Requires an empty rates_problem().
  LinkStates(const Network& network, const FailureRates& rates, std::uint64_t seed,
             std::uint32_t network_index, Threads threads);

  /// Rounds on. Cost a round: a draw a link and an agent whose rates are not 0.
  void advance(std::int64_t rounds = 1);

  [[nodiscard]] std::int64_t round() const { return round_; }
  /// Entries that a packet can take: the link and both its ends are up. 1 or 0, one an entry.
  [[nodiscard]] std::vector<std::uint8_t> live_entries() const;
  [[nodiscard]] std::span<const std::uint8_t> agents() const { return agents_; }
  [[nodiscard]] std::span<const std::uint8_t> links() const { return links_; }

 private:
  /// The entries from lower to higher numbers, and the agents.
  void draw(bool first);
  /// The entries from higher to lower numbers, after the others.
  void mirror();

  const Network& network_;
  FailureRates rates_;
  std::uint64_t seed_;
  std::uint32_t index_;
  Threads threads_;
  std::int64_t round_ = 0;
  std::vector<std::uint8_t> links_;   ///< entries, both ends the same
  std::vector<std::uint8_t> agents_;  ///< agents
};

}  // namespace needflow
