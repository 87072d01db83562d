// How far a mean of a grid cell can be trusted: draws (replicates) nested in networks.
//
// Draws on one network share it, so they are no independent values: with 4 networks of 16 draws
// the standard error of 64 values is too small by up to four times. The model is one-way random
// effects, y_ij = μ + b_i + e_ij with network i and draw j (S. R. Searle, G. Casella, C. E.
// McCulloch, "Variance Components", 1992, ch. 3). The mean is the plain mean of the a networks'
// means, and its error their deviation over √a: unbiased whatever the two variances are and
// however many draws each network has, with a − 1 degrees of freedom. Intervals are Student's, at
// 95 %.
//
// With one network nothing can be said about others: error and interval are those of the draws,
// and `conditional` says so. Numbers here are for reports, not for result files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace needflow {

/// The values of one cell; what is not finite is left out. The index of a network and of a draw
/// in it are those of the scenario: cells compared with each other have them in common.
using NestedValues = std::vector<std::vector<double>>;

inline constexpr double kConfidence = 0.95;

/// Of a cell's values. NaN stands where the values do not tell: everything for no value, the error
/// for one value.
struct NestedMean {
  std::int64_t count = 0;     ///< finite values
  std::int64_t networks = 0;  ///< with at least one
  double mean = 0.0;          ///< of the networks' means
  double error = 0.0;         ///< standard error of the mean
  double freedom = 0.0;       ///< degrees of freedom: networks − 1, of a single one draws − 1
  double low = 0.0;           ///< ends of the 95 % interval of the mean
  double high = 0.0;
  double network_variance = 0.0;  ///< between networks, ≥ 0; NaN for a single network
  double draw_variance = 0.0;     ///< between draws of a network; NaN where no network has two
  bool conditional = false;       ///< one network: nothing is said about others

  /// Variance between networks over that of a value drawn from a new network, in [0, 1]; NaN where
  /// either is unknown or both are 0.
  [[nodiscard]] double network_share() const;
  /// Standard deviation of one value from a network that is not among these: what a single run
  /// may be away from the expectation. 0 for one value.
  [[nodiscard]] double single_deviation() const;
};

[[nodiscard]] NestedMean nested_mean(const NestedValues& values);

/// Of independent values: a network each, one draw in it.
[[nodiscard]] NestedMean independent_mean(std::span<const double> values);

/// The interval from resampled networks, with all their draws (from draws where there is one
/// network); its ends are percentiles of `resamples` means. No assumption of normality, but the
/// networks must be many: of 4 it covers 80 %, of 8 it covers 89 % where 95 % are meant.
struct Interval {
  double low = 0.0;
  double high = 0.0;
};
[[nodiscard]] Interval bootstrap_interval(const NestedValues& values, std::uint64_t seed,
                                          std::int32_t resamples = 2'000);

/// What two cells say about their difference.
enum class Comparison {
  unknown,       ///< too few pairs
  same,          ///< every pair is equal
  within_noise,  ///< the interval holds 0
  higher,        ///< the second cell
  lower,
};

struct Difference {
  NestedMean of;  ///< second − first, pair by pair
  Comparison comparison = Comparison::unknown;
};

/// Pairs values of the same network and draw, which have the same random numbers: what both cells
/// owe to the draw cancels. Values without a partner are left out. Of many comparisons one in
/// twenty leaves the noise by chance.
[[nodiscard]] Difference difference(const NestedValues& first, const NestedValues& second);

[[nodiscard]] const char* comparison_text(Comparison comparison);

/// Student's t: the quantile for probability p in (0, 1) and freedom > 0.
[[nodiscard]] double student_quantile(double p, double freedom);
/// Half the width of a 95 % interval in standard errors.
[[nodiscard]] double student_factor(double freedom);

}  // namespace needflow
