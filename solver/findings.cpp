#include "solver/findings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace needflow {

Measured measured(std::span<const double> values) {
  Measured result;
  result.least = std::numeric_limits<double>::infinity();
  result.most = -result.least;
  double sum = 0.0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    ++result.count;
    sum += value;
    result.least = std::min(result.least, value);
    result.most = std::max(result.most, value);
  }
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (result.count == 0) return {0, kNaN, kNaN, kNaN, kNaN};
  result.mean = sum / static_cast<double>(result.count);
  double squares = 0.0;
  for (const double value : values) {
    if (std::isfinite(value)) squares += (value - result.mean) * (value - result.mean);
  }
  if (result.count > 1) {
    result.deviation = std::sqrt(squares / static_cast<double>(result.count - 1));
  }
  return result;
}

Finding finding(std::string quantity, std::string seed, double figure, double precision,
                Measured ours, std::string unit) {
  Finding made{std::move(quantity), std::move(seed), figure, precision, ours,
               std::move(unit),     Verdict::none,   {}};
  if (std::isnan(figure) || ours.count == 0) return made;
  // The last digit is rounded in binary as well, hence a little more than half of it.
  const double allowed = 2.0 * ours.deviation + precision * (1.0 + 1e-9);
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
