#include "solver/uncertainty.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "kernels/random.hpp"

namespace needflow {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// One network's finite values.
struct Group {
  std::vector<double> values;
  double mean = 0.0;
  double squares = 0.0;  ///< Σ (y − mean)²
};

Group group_of(std::span<const double> values) {
  Group group;
  double sum = 0.0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    group.values.push_back(value);
    sum += value;
  }
  if (group.values.empty()) return group;
  group.mean = sum / static_cast<double>(group.values.size());
  for (const double value : group.values) {
    group.squares += (value - group.mean) * (value - group.mean);
  }
  return group;
}

std::vector<Group> groups_of(const NestedValues& values) {
  std::vector<Group> groups;
  groups.reserve(values.size());
  for (const std::vector<double>& network : values) {
    Group group = group_of(network);
    if (!group.values.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

/// Between draws: pooled over the networks that have several.
double draw_variance_of(const std::vector<Group>& groups) {
  double squares = 0.0;
  double freedom = 0.0;
  for (const Group& group : groups) {
    squares += group.squares;
    freedom += static_cast<double>(group.values.size() - 1);
  }
  return freedom > 0.0 ? squares / freedom : kNaN;
}

/// Between networks, from the variance of their means: it holds the draws' variance over the
/// harmonic mean of their numbers, which is taken off. For balanced cells the ANOVA estimator.
double network_variance_of(const std::vector<Group>& groups, double of_means, double draws) {
  if (groups.size() < 2) return kNaN;
  if (std::isnan(draws)) return kNaN;
  double inverse = 0.0;
  for (const Group& group : groups) inverse += 1.0 / static_cast<double>(group.values.size());
  return std::max(0.0, of_means - draws * inverse / static_cast<double>(groups.size()));
}

void set_interval(NestedMean& result) {
  const double half = result.freedom > 0.0 ? student_factor(result.freedom) * result.error : kNaN;
  result.low = result.mean - half;
  result.high = result.mean + half;
}

NestedMean of_one_network(const Group& group) {
  NestedMean result;
  result.count = static_cast<std::int64_t>(group.values.size());
  result.networks = 1;
  result.conditional = true;
  result.mean = group.mean;
  result.freedom = static_cast<double>(result.count - 1);
  result.network_variance = kNaN;
  result.draw_variance = result.count > 1 ? group.squares / result.freedom : kNaN;
  result.error = std::sqrt(result.draw_variance / static_cast<double>(result.count));
  set_interval(result);
  return result;
}

/// second − first; what rounding can make of equal numbers is no difference.
double apart(double first, double second) {
  constexpr double kRounding = 1e-12;
  const double by = second - first;
  return std::abs(by) <= kRounding * std::max(std::abs(first), std::abs(second)) ? 0.0 : by;
}

double mean_of(const std::vector<Group>& groups) {
  double sum = 0.0;
  for (const Group& group : groups) sum += group.mean;
  return sum / static_cast<double>(groups.size());
}

}  // namespace

double NestedMean::network_share() const {
  const double both = network_variance + draw_variance;
  return both > 0.0 ? network_variance / both : kNaN;
}

double NestedMean::single_deviation() const {
  if (count < 2) return 0.0;
  if (networks == 1) return std::sqrt(draw_variance);
  // One draw a network: the two cannot be told apart, nor need they be.
  if (std::isnan(draw_variance)) return error * std::sqrt(static_cast<double>(networks));
  return std::sqrt(network_variance + draw_variance);
}

NestedMean nested_mean(const NestedValues& values) {
  const std::vector<Group> groups = groups_of(values);
  if (groups.empty()) return {0, 0, kNaN, kNaN, 0.0, kNaN, kNaN, kNaN, kNaN, false};
  if (groups.size() == 1) return of_one_network(groups.front());
  NestedMean result;
  result.networks = static_cast<std::int64_t>(groups.size());
  for (const Group& group : groups) {
    result.count += static_cast<std::int64_t>(group.values.size());
  }
  result.mean = mean_of(groups);
  double squares = 0.0;
  for (const Group& group : groups) {
    squares += (group.mean - result.mean) * (group.mean - result.mean);
  }
  result.freedom = static_cast<double>(groups.size() - 1);
  const double of_means = squares / result.freedom;
  result.error = std::sqrt(of_means / static_cast<double>(groups.size()));
  result.draw_variance = draw_variance_of(groups);
  result.network_variance = network_variance_of(groups, of_means, result.draw_variance);
  set_interval(result);
  return result;
}

NestedMean independent_mean(std::span<const double> values) {
  NestedValues nested;
  nested.reserve(values.size());
  for (const double value : values) nested.push_back({value});
  NestedMean result = nested_mean(nested);
  result.conditional = false;  // these are the networks
  return result;
}

Interval bootstrap_interval(const NestedValues& values, std::uint64_t seed,
                            std::int32_t resamples) {
  std::vector<Group> groups = groups_of(values);
  if (groups.size() == 1) {
    std::vector<Group> draws;
    for (const double value : groups.front().values) draws.push_back(group_of({&value, 1}));
    groups = std::move(draws);
  }
  if (groups.size() < 2 || resamples < 1) return {kNaN, kNaN};
  const RandomStream stream(seed, "bootstrap");
  std::vector<double> means(static_cast<std::size_t>(resamples));
  for (std::size_t i = 0; i < means.size(); ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < groups.size(); ++j) {
      const DrawKey key{.network = static_cast<std::uint32_t>(i),
                        .agent = static_cast<std::uint32_t>(j)};
      sum += groups[below(stream, key, static_cast<std::uint32_t>(groups.size()))].mean;
    }
    means[i] = sum / static_cast<double>(groups.size());
  }
  std::sort(means.begin(), means.end());
  const auto at = [&means](double share) {
    const double place = share * static_cast<double>(means.size() - 1);
    return means[static_cast<std::size_t>(place + 0.5)];
  };
  return {at(0.5 * (1.0 - kConfidence)), at(0.5 * (1.0 + kConfidence))};
}

Difference difference(const NestedValues& first, const NestedValues& second) {
  NestedValues pairs(std::min(first.size(), second.size()));
  bool all_equal = true;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::size_t draws = std::min(first[i].size(), second[i].size());
    for (std::size_t j = 0; j < draws; ++j) {
      pairs[i].push_back(apart(first[i][j], second[i][j]));
      all_equal = all_equal && (pairs[i][j] == 0.0 || std::isnan(pairs[i][j]));
    }
  }
  Difference result{nested_mean(pairs), Comparison::unknown};
  if (result.of.count == 0) return result;
  if (all_equal) {
    result.comparison = Comparison::same;
  } else if (result.of.low > 0.0) {
    result.comparison = Comparison::higher;
  } else if (result.of.high < 0.0) {
    result.comparison = Comparison::lower;
  } else if (!std::isnan(result.of.low)) {
    result.comparison = Comparison::within_noise;
  }
  return result;
}

const char* comparison_text(Comparison comparison) {
  switch (comparison) {
    case Comparison::same:
      return "same";
    case Comparison::within_noise:
      return "within noise";
    case Comparison::higher:
      return "higher";
    case Comparison::lower:
      return "lower";
    case Comparison::unknown:
      break;
  }
  return "unknown";
}

double student_quantile(double p, double freedom) {
  return boost::math::quantile(boost::math::students_t(freedom), p);
}

double student_factor(double freedom) {
  return student_quantile(0.5 * (1.0 + kConfidence), freedom);
}

}  // namespace needflow
