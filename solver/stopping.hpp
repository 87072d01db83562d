// M2 "Stop": when a run has ended, and how. The kernels report whether denominators and amounts
// still move; what is left is the order of the tests and the recurrence of a state.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/lanes.hpp"
#include "kernels/settle.hpp"

namespace needflow {

/// How a point ended; the numbers are those of `status` in result files.
enum class Status : std::uint8_t {
  pending = 0,
  needs_met = 1,
  stable = 2,
  cycle = 3,
  round_limit = 4,
  failed = 5,
  invalid = 6,
};

/// "needs_met", "stable" …
[[nodiscard]] const char* status_name(Status status);

/// What a round's outcome depends on, for L runs. Empty spans are not compared: `available` outside
/// `stock`, `total` where every ω = 1. `need` and `capacity` scale the comparison.
template <int L>
struct RunState {
  LaneSpan<const double, L> need;
  LaneSpan<const double, L> capacity;
  LaneSpan<const double, L> satisfied;      ///< x_r
  LaneSpan<const double, L> damping;        ///< f_r
  LaneSpan<const double, L> over;           ///< the newest over_r
  LaneSpan<const double, L> over_previous;  ///< the one before
  LaneSpan<const double, L> available;      ///< A_p
  LaneSpan<const double, L> total;          ///< y_r
};

/// Test 3: Brent's cycle detection. One earlier state a lane is kept and every round compared with
/// it, so a cycle of any length is found in O(state) memory. The state after round t is saved by
/// round t + 1, which has it in hand: a run that ends at t never pays for it.
template <int L>
class Recurrence {
 public:
  /// Whether the state after `round` is to be saved: powers of two from 2 on.
  [[nodiscard]] static bool saves_after(std::int64_t round);

  /// Makes room for saved states; nothing is allocated before.
  void reserve(std::size_t recipients, std::size_t providers, bool stock, bool totals);
  /// Where kernels save to; empty before reserve().
  [[nodiscard]] SavedRecipients<L> recipients();
  [[nodiscard]] LaneSpan<double, L> available() { return LaneSpan<double, L>(available_); }

  /// Starts a lane anew.
  void forget(std::size_t lane) { saved_round_[lane] = 0; }
  /// The kernels of this round have saved the state after `round`.
  void saved(std::size_t lane, std::int64_t round) { saved_round_[lane] = round; }
  /// How many rounds ago the lane's state was the same: amounts within 1e-9 n_r, A_p within
  /// 1e-9 C_p, f equal. Nothing if it was not or nothing is saved.
  [[nodiscard]] std::optional<std::int64_t> period_after(std::int64_t round, std::size_t lane,
                                                         const RunState<L>& state) const;

  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] bool matches(std::size_t lane, const RunState<L>& state) const;

  PerLane<std::int64_t, L> saved_round_{};  ///< 0: nothing saved yet
  LaneVector<double> satisfied_;
  LaneVector<double> damping_;
  LaneVector<double> over_;
  LaneVector<double> over_previous_;
  LaneVector<double> available_;
  LaneVector<double> total_;
};

}  // namespace needflow
