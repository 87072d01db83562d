#include "solver/findings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace needflow {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What the estimate says, and the range of the values it is of.
Measured with_range(const NestedMean& of, double least, double most) {
  if (of.count == 0) return {0, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  Measured result;
  result.count = of.count;
  result.mean = of.mean;
  result.deviation = of.single_deviation();
  result.least = least;
  result.most = most;
  result.error = of.error;
  result.low = of.low;
  result.high = of.high;
  if (of.freedom > 0.0) {
    result.reach = student_factor(of.freedom) *
                   std::sqrt(result.deviation * result.deviation + of.error * of.error);
  }
  return result;
}

struct Range {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  void take(double value) {
    if (!std::isfinite(value)) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

}  // namespace

Measured measured(std::span<const double> values) {
  Range range;
  for (const double value : values) range.take(value);
  return with_range(independent_mean(values), range.least, range.most);
}

Measured measured(const NestedValues& values) {
  Range range;
  for (const std::vector<double>& network : values) {
    for (const double value : network) range.take(value);
  }
  return with_range(nested_mean(values), range.least, range.most);
}

Measured fitted(double value, double error, double freedom, std::int64_t count) {
  const double half = freedom > 0.0 ? student_factor(freedom) * error : kNaN;
  return {count,        value,        error,
          value - half, value + half, error,
          value - half, value + half, std::isnan(half) ? 0.0 : half};
}

Finding finding(std::string quantity, std::string seed, double figure, double precision,
                Measured ours, std::string unit) {
  Finding made{std::move(quantity), std::move(seed), figure, precision, ours,
               std::move(unit),     Verdict::none,   {}};
  if (std::isnan(figure) || ours.count == 0) return made;
  // The last digit is rounded in binary as well, hence a little more than half of it.
  const double allowed = ours.reach + precision * (1.0 + 1e-9);
  made.verdict = std::abs(figure - ours.mean) <= allowed ? Verdict::agrees : Verdict::differs;
  return made;
}

Finding ruled_out(Finding finding, std::string reason) {
  finding.verdict = Verdict::cannot_be;
  finding.reason = std::move(reason);
  return finding;
}

Finding unasked(std::string quantity, Measured ours, std::string unit) {
  return {
      std::move(quantity), "", std::numeric_limits<double>::quiet_NaN(), 0.0, ours, std::move(unit),
      Verdict::none,       {}};
}

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::agrees:
      return "agrees";
    case Verdict::differs:
      return "differs";
    case Verdict::cannot_be:
      return "cannot be";
    case Verdict::none:
      break;
  }
  return "–";
}

}  // namespace needflow
