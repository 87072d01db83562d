// M2 "Stop": when a run has ended, and how. Each test is a function of its own so that tests can
// hold it against hand-made states.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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

/// Test 2, the providers' half: |d_p − d_p(previous)| ≤ ε d_p(1) wherever C_p > 0.
[[nodiscard]] bool denominators_settled(std::span<const double> capacity,
                                        std::span<const double> denominator,
                                        std::span<const double> before,
                                        std::span<const double> first, double tolerance);

/// Test 2, the recipients' half: |x_r − x_r(previous)| ≤ ε² n_r.
[[nodiscard]] bool amounts_settled(std::span<const double> need, std::span<const double> satisfied,
                                   std::span<const double> before, double tolerance);

/// What a round's outcome depends on. Empty spans are not compared: `available` outside `stock`,
/// `total` where ω = 1.
struct RunState {
  std::span<const double> satisfied;      ///< x_r
  std::span<const double> damping;        ///< f_r
  std::span<const double> over;           ///< the newest over_r
  std::span<const double> over_previous;  ///< the one before
  std::span<const double> available;      ///< A_p
  std::span<const double> total;          ///< y_r
};

/// Test 3: Brent's cycle detection. Keeps one earlier state and compares every round with it, so a
/// cycle of any length is found in O(state) memory.
class Recurrence {
 public:
  /// `need` and `capacity` scale the comparison: amounts within 1e-9 n_r, A_p within 1e-9 C_p.
  Recurrence(std::span<const double> need, std::span<const double> capacity)
      : need_(need), capacity_(capacity) {}

  /// Call after every round. The period if this state is the saved one again (round ≥ 3).
  /// Afterwards saves the state when `round` is a power of two ≥ 2.
  [[nodiscard]] std::optional<std::int64_t> period_after(std::int64_t round, const RunState& state);

  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] bool matches(const RunState& state) const;
  void save(std::int64_t round, const RunState& state);

  std::span<const double> need_;
  std::span<const double> capacity_;
  std::int64_t saved_round_ = 0;  ///< 0: nothing saved yet
  std::vector<double> satisfied_;
  std::vector<double> damping_;
  std::vector<double> over_;
  std::vector<double> over_previous_;
  std::vector<double> available_;
  std::vector<double> total_;
};

}  // namespace needflow
