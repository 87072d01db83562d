// The public ledger of seed 002: all that agents learn of each other.
//
// It holds (ρ_r, f_r, converged_r) and nothing else. Needs, satisfaction, over-allocation
// histories, capacities and recognition stay with their owners; a provider's computation is given
// PublishedNeeds and its own row (kernels/row_sums.hpp).
// What it does leak: in round 1 nothing has been received, so the ρ_r published is the stated need.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/lanes.hpp"
#include "kernels/row_sums.hpp"

namespace needflow {

class Ledger {
 public:
  explicit Ledger(std::size_t recipients)
      : residual_(recipients, 0.0),
        damping_(recipients, 1.0),
        converged_(recipients, 0),
        active_(recipients, 0.0) {}

  /// Phase 1 for recipients [begin, end): each publishes ρ_r = max(0, n_r − x_r), its damping and
  /// whether it has converged. The spans are the recipients' own, of all of them.
  void publish(std::size_t begin, std::size_t end, std::span<const double> need,
               std::span<const double> satisfied, std::span<const double> damping,
               std::span<const std::uint8_t> converged) {
    double* const residual_out = residual_.data();
    double* const active_out = active_.data();
    for (std::size_t r = begin; r < end; ++r) {
      const double residual = std::max(0.0, need[r] - satisfied[r]);
      residual_out[r] = residual;
      active_out[r] = residual * damping[r];
    }
    std::copy(damping.begin() + static_cast<std::ptrdiff_t>(begin),
              damping.begin() + static_cast<std::ptrdiff_t>(end),
              damping_.begin() + static_cast<std::ptrdiff_t>(begin));
    std::copy(converged.begin() + static_cast<std::ptrdiff_t>(begin),
              converged.begin() + static_cast<std::ptrdiff_t>(end),
              converged_.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  [[nodiscard]] std::span<const double> residual() const { return residual_; }
  [[nodiscard]] std::span<const double> damping() const { return damping_; }
  [[nodiscard]] std::span<const std::uint8_t> converged() const { return converged_; }
  /// ρ_r f_r as any reader can work it out; kept so that P providers need not each do so.
  [[nodiscard]] PublishedNeeds<1> active_needs() const {
    return {LaneSpan<const double, 1>(active_)};
  }
  [[nodiscard]] std::size_t bytes() const {
    return residual_.size() * (3 * sizeof(double) + sizeof(std::uint8_t));
  }

 private:
  std::vector<double> residual_;
  std::vector<double> damping_;
  std::vector<std::uint8_t> converged_;
  std::vector<double> active_;
};

}  // namespace needflow
