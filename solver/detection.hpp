// M6: gaming detection. An agent whose audits stand out from the others' several times in a row is
// flagged and for some episodes served by nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "solver/settings.hpp"

namespace needflow {

class Detection {
 public:
  Detection(const TrustSettings& settings, std::size_t agents)
      : hits_(settings.hits),
        quarantine_(settings.quarantine),
        in_a_row_(agents, 0),
        shut_out_(agents, 0),
        flagged_(agents, 0),
        ever_(agents, 0) {}

  /// Takes in what an episode's audits observed of each agent, mean exaggeration, NaN for those
  /// that nobody audited: their count stays. An agent is hit above median + max(3 · 1.4826 · MAD,
  /// 0.01) of those audited (an even number of them: the mean of the middle two).
  void take_in(std::span<const double> observed);

  /// 1 for agents flagged in the episode taken in last.
  [[nodiscard]] std::span<const std::uint8_t> flagged() const { return flagged_; }
  /// 1 for agents flagged in any episode.
  [[nodiscard]] std::span<const std::uint8_t> ever_flagged() const { return ever_; }
  /// Whether nobody serves the agent in the episode to come.
  [[nodiscard]] bool shut_out(std::size_t agent) const { return shut_out_[agent] > 0; }

 private:
  std::int64_t hits_;
  std::int64_t quarantine_;
  std::vector<std::int64_t> in_a_row_;
  std::vector<std::int64_t> shut_out_;  ///< episodes to come
  std::vector<std::uint8_t> flagged_;
  std::vector<std::uint8_t> ever_;
};

}  // namespace needflow
