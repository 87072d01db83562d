#include "solver/detection.hpp"

#include <algorithm>
#include <cmath>

namespace needflow {

namespace {

/// Of at least one value, which it reorders.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*std::max_element(values.begin(), middle) + *middle);
}

/// What counts as a hit: above this.
double threshold(std::vector<double> values) {
  constexpr double kNormalMad = 1.4826;  // σ / MAD of a normal distribution
  constexpr double kLeast = 0.01;
  const double centre = median(values);
  for (double& value : values) value = std::abs(value - centre);
  return centre + std::max(3.0 * kNormalMad * median(values), kLeast);
}

}  // namespace

void Detection::take_in(std::span<const double> observed) {
  std::vector<double> seen;
  for (const double value : observed) {
    if (!std::isnan(value)) seen.push_back(value);
  }
  const double limit = seen.empty() ? 0.0 : threshold(std::move(seen));
  for (std::size_t j = 0; j < observed.size(); ++j) {
    flagged_[j] = 0;
    if (shut_out_[j] > 0) --shut_out_[j];
    if (std::isnan(observed[j])) continue;
    in_a_row_[j] = observed[j] > limit ? in_a_row_[j] + 1 : 0;
    if (in_a_row_[j] < hits_) continue;
    in_a_row_[j] = 0;
    shut_out_[j] = quarantine_;
    flagged_[j] = ever_[j] = 1;
  }
}

}  // namespace needflow
