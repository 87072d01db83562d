// The element-wise phase for the C++ peers: what a user of a sparse library writes around its two
// products. One pass over the agents does M2's phases 4, 5 and the next phase 1.
//
// Written for GCC's vectoriser: selections instead of branches, and three over-allocation arrays
// that change places instead of being copied. Compiled with -O3 -march=native, which needflow
// itself is not; all loops then use 64-byte vectors where there is AVX-512 (-fopt-info-vec). Bytes
// an agent a round: 105, of which 56 read (C, d; n, a, s·MR, two of over) and 49 written.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace needflow::peers {

/// Agents' state; `active` is a = max(0, n − x) · f, ready for the next round.
class RecipientSide {
 public:
  RecipientSide(std::vector<double> need, std::vector<double> capacity)
      : need_(std::move(need)),
        capacity_(std::move(capacity)),
        satisfied_(need_.size()),
        received_(need_.size()),
        damping_(need_.size()),
        over_oldest_(need_.size()),
        over_previous_(need_.size()),
        over_(need_.size()),
        converged_(need_.size()) {}

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(need_.size()); }
  [[nodiscard]] const std::vector<double>& satisfied() const { return satisfied_; }
  [[nodiscard]] const std::vector<double>& received() const { return received_; }

  /// x = 0, f = 1, no history; fills `active` for the first round.
  void reset(double* active) {
    rounds_ = 0;
    const std::int64_t count = size();
    for (std::int64_t i = 0; i < count; ++i) {
      active[i] = need_[static_cast<std::size_t>(i)];
      satisfied_[static_cast<std::size_t>(i)] = 0.0;
      damping_[static_cast<std::size_t>(i)] = 1.0;
    }
  }

  /// s = C / d, 0 where nobody claims. scale may be denominator.
  void scale(const double* denominator, double* scale, [[maybe_unused]] int threads) const {
    const std::int64_t count = size();
    const double* capacity = capacity_.data();
#pragma omp parallel for simd schedule(static) num_threads(threads) if (threads > 1)
    for (std::int64_t i = 0; i < count; ++i) {
      const double d = denominator[i];
      const double quotient = capacity[i] / d;
      scale[i] = d > 0.0 ? quotient : 0.0;
    }
  }

  /// Settles a round from gathered = MR s and updates `active` to the next round's.
  void settle(const double* gathered, double* active, int threads) {
    ++rounds_;
    // The array of the oldest over-allocations takes the new ones.
    std::swap(over_oldest_, over_previous_);
    std::swap(over_previous_, over_);
    if (rounds_ < 3) {
      settle_all<false>(gathered, active, threads);
    } else {
      settle_all<true>(gathered, active, threads);
    }
  }

 private:
  static constexpr double kTolerance = 0.01;

  template <bool kHistory>
  void settle_all(const double* __restrict gathered, double* __restrict active,
                  [[maybe_unused]] int threads) {
    const std::int64_t count = size();
    const double* __restrict need = need_.data();
    const double* __restrict oldest = over_oldest_.data();
    const double* __restrict previous = over_previous_.data();
    double* __restrict newest = over_.data();
    double* __restrict satisfied = satisfied_.data();
    double* __restrict received = received_.data();
    double* __restrict damping = damping_.data();
    std::uint8_t* __restrict converged = converged_.data();
#pragma omp parallel for simd schedule(static) num_threads(threads) if (threads > 1)
    for (std::int64_t i = 0; i < count; ++i) {
      const double n = need[i];
      const double got = active[i] * gathered[i];
      const double y = std::fabs(got - n) <= 1e-12 * n ? n : got;
      const double x = y < n ? y : n;
      const double h2 = y > n ? y - n : 0.0;
      double f = 0.8;
      if constexpr (kHistory) {
        const double first = previous[i] - oldest[i];
        const double last = h2 - previous[i];
        const double differs = 1e-9 * n;
        const int rose_first = first > differs;
        const int fell_first = -first > differs;
        const int rose_last = last > differs;
        const int fell_last = -last > differs;
        f = (rose_first | rose_last) ? 0.8 : 1.0;
        f = ((rose_first & fell_last) | (fell_first & rose_last)) ? 0.5 : f;
      }
      received[i] = got;
      satisfied[i] = x;
      newest[i] = h2;
      damping[i] = f;
      active[i] = (n - x) * f;  // x never exceeds n
      const double allowed = kTolerance * n;
      converged[i] = static_cast<std::uint8_t>((h2 <= allowed) & (n - x <= allowed));
    }
  }

  std::vector<double> need_, capacity_;
  std::vector<double> satisfied_, received_, damping_;
  std::vector<double> over_oldest_, over_previous_, over_;
  std::vector<std::uint8_t> converged_;
  int rounds_ = 0;
};

}  // namespace needflow::peers
