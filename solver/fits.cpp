#include "solver/fits.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "solver/uncertainty.hpp"

namespace needflow {

namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kMostSteps = 100;
constexpr double kExact = 1e-12;  ///< relative residuals of this size are rounding

/// −2 ln of the largest likelihood of normal errors, + 2 a parameter. Residuals below rounding are
/// taken to be of its size: their logarithm would be that of noise, or of 0.
double aic_of(double squares, double scale, double rows, double parameters) {
  const double least = rows * kExact * scale * kExact * scale;
  const double variance = std::max({squares, least, std::numeric_limits<double>::min()}) / rows;
  return rows * (std::log(2.0 * std::numbers::pi * variance) + 1.0) + 2.0 * parameters;
}

double largest(std::span<const double> values) {
  double most = 0.0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

/// Σ (y − mean)², with the rounding of y itself taken for nothing.
double total_squares(std::span<const double> y) {
  double sum = 0.0;
  for (const double value : y) sum += value;
  const double mean = sum / static_cast<double>(y.size());
  double squares = 0.0;
  for (const double value : y) squares += (value - mean) * (value - mean);
  const double noise = kExact * largest(y);
  return squares > static_cast<double>(y.size()) * noise * noise ? squares : 0.0;
}

double r_squared_of(double residual_squares, std::span<const double> y) {
  const double total = total_squares(y);
  return total > 0.0 ? 1.0 - residual_squares / total : kNaN;
}

/// The pairs that a curve can be fitted to, and what is linear in them.
struct Pairs {
  std::vector<double> u;  ///< x, or ln x
  std::vector<double> y;
};

bool of_logarithm(Curve curve) { return curve == Curve::logarithm || curve == Curve::power; }
bool bends(Curve curve) { return curve == Curve::power || curve == Curve::exponential; }

std::optional<Pairs> pairs_of(Curve curve, std::span<const double> x, std::span<const double> y) {
  Pairs pairs;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    if (of_logarithm(curve) && !(x[i] > 0.0)) return {};
    pairs.u.push_back(of_logarithm(curve) ? std::log(x[i]) : x[i]);
    pairs.y.push_back(y[i]);
  }
  if (pairs.y.size() < 3) return {};
  const auto [least, most] = std::minmax_element(pairs.u.begin(), pairs.u.end());
  if (!(*most > *least)) return {};
  return pairs;
}

std::vector<double> line_design(std::span<const double> u) {
  std::vector<double> design;
  design.reserve(2 * u.size());
  for (const double value : u) {
    design.push_back(1.0);
    design.push_back(value);
  }
  return design;
}

CurveFit straight(Curve curve, const Pairs& pairs) {
  const Regression line = least_squares(line_design(pairs.u), 2, pairs.y);
  return {curve,
          ErrorModel::additive,
          line.coefficients[0],
          line.coefficients[1],
          line.errors[0],
          line.errors[1],
          line.freedom,
          line.r_squared,
          line.aic,
          static_cast<std::int64_t>(pairs.y.size())};
}

double squares_of(double alpha, double b, const Pairs& pairs) {
  double squares = 0.0;
  for (std::size_t i = 0; i < pairs.y.size(); ++i) {
    const double rest = pairs.y[i] - std::exp(alpha + b * pairs.u[i]);
    squares += rest * rest;
  }
  return squares;
}

/// y = e^(α + b u) with relative errors: a line through ln y.
std::optional<CurveFit> relative(Curve curve, const Pairs& pairs) {
  std::vector<double> logs;
  double log_sum = 0.0;
  for (const double value : pairs.y) {
    if (!(value > 0.0)) return {};
    logs.push_back(std::log(value));
    log_sum += logs.back();
  }
  const Regression line = least_squares(line_design(pairs.u), 2, logs);
  const double a = std::exp(line.coefficients[0]);
  const double rows = static_cast<double>(logs.size());
  CurveFit fit{curve,          ErrorModel::relative, a, line.coefficients[1], a * line.errors[0],
               line.errors[1], line.freedom};
  fit.r_squared =
      r_squared_of(squares_of(line.coefficients[0], line.coefficients[1], pairs), pairs.y);
  // p(y) = p(ln y) / y; errors of ln y are already relative, so their scale is 1.
  fit.aic = aic_of(line.residual_squares, 1.0, rows, 3.0) + 2.0 * log_sum;
  fit.count = static_cast<std::int64_t>(logs.size());
  return fit;
}

/// Gauss–Newton with halved steps from (α, b); the regression of the last step has the errors.
struct Refined {
  double alpha, b, squares;
  Regression last;
};

std::optional<Refined> refine(double alpha, double b, const Pairs& pairs) {
  Refined now{alpha, b, squares_of(alpha, b, pairs), {}};
  for (int step = 0; step < kMostSteps; ++step) {
    std::vector<double> slopes;
    std::vector<double> rests;
    for (std::size_t i = 0; i < pairs.y.size(); ++i) {
      const double value = std::exp(now.alpha + now.b * pairs.u[i]);
      slopes.push_back(value);
      slopes.push_back(value * pairs.u[i]);
      rests.push_back(pairs.y[i] - value);
    }
    now.last = least_squares(slopes, 2, rests);
    if (now.last.rank < 2 || !std::isfinite(now.squares)) return {};
    double share = 1.0;
    double then =
        squares_of(now.alpha + now.last.coefficients[0], now.b + now.last.coefficients[1], pairs);
    while (!(then <= now.squares) && share > 1e-10) {
      share *= 0.5;
      then = squares_of(now.alpha + share * now.last.coefficients[0],
                        now.b + share * now.last.coefficients[1], pairs);
    }
    if (!(then <= now.squares)) return now;  // no way down: this is the bottom
    const double alpha_step = share * now.last.coefficients[0];
    const double b_step = share * now.last.coefficients[1];
    now.alpha += alpha_step;
    now.b += b_step;
    now.squares = then;
    if (std::abs(alpha_step) <= 1e-11 * (1.0 + std::abs(now.alpha)) &&
        std::abs(b_step) <= 1e-11 * (1e-3 + std::abs(now.b))) {
      return now;
    }
  }
  return {};
}

std::optional<CurveFit> additive(Curve curve, const Pairs& pairs) {
  Pairs positive;
  for (std::size_t i = 0; i < pairs.y.size(); ++i) {
    if (!(pairs.y[i] > 0.0)) continue;
    positive.u.push_back(pairs.u[i]);
    positive.y.push_back(std::log(pairs.y[i]));
  }
  if (positive.y.size() < 2) return {};
  const Regression start = least_squares(line_design(positive.u), 2, positive.y);
  if (start.rank < 2) return {};
  const std::optional<Refined> found = refine(start.coefficients[0], start.coefficients[1], pairs);
  if (!found) return {};
  const double rows = static_cast<double>(pairs.y.size());
  const double a = std::exp(found->alpha);
  CurveFit fit{curve,
               ErrorModel::additive,
               a,
               found->b,
               a * found->last.errors[0],
               found->last.errors[1],
               found->last.freedom};
  fit.r_squared = r_squared_of(found->squares, pairs.y);
  fit.aic = aic_of(found->squares, largest(pairs.y), rows, 3.0);
  fit.count = static_cast<std::int64_t>(pairs.y.size());
  return fit;
}

bool exact(const CurveFit& fit, std::span<const double> x, std::span<const double> y) {
  double scale = 0.0;
  double most = 0.0;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    scale = std::max(scale, std::abs(y[i]));
    most = std::max(most, std::abs(y[i] - fit.at(x[i])));
  }
  return most <= 10.0 * kExact * scale;
}

}  // namespace

Regression least_squares(std::span<const double> design, std::size_t columns,
                         std::span<const double> response) {
  const auto rows = static_cast<Eigen::Index>(response.size());
  const auto width = static_cast<Eigen::Index>(columns);
  const Eigen::Map<const RowMatrix> x(design.data(), rows, width);
  const Eigen::Map<const Eigen::VectorXd> y(response.data(), rows);
  Regression result;
  result.coefficients.assign(columns, kNaN);
  result.errors.assign(columns, kNaN);
  result.freedom = static_cast<double>(rows - width);
  result.residual_squares = result.r_squared = result.aic = kNaN;
  if (!x.allFinite() || !y.allFinite()) return result;
  // Columns of one length: rank is then not a question of units.
  Eigen::VectorXd lengths = x.colwise().norm();
  for (double& length : lengths) length = length > 0.0 ? length : 1.0;
  const Eigen::MatrixXd scaled = x * lengths.cwiseInverse().asDiagonal();
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(scaled);
  result.rank = static_cast<std::size_t>(qr.rank());
  if (qr.rank() < width) return result;
  const Eigen::VectorXd found = qr.solve(y);
  const Eigen::VectorXd rest = y - scaled * found;
  result.residual_squares = rest.squaredNorm();
  result.r_squared = r_squared_of(result.residual_squares, response);
  result.aic = aic_of(result.residual_squares, largest(response), static_cast<double>(rows),
                      static_cast<double>(columns + 1));
  // (XᵀX)⁻¹ = P R⁻¹ R⁻ᵀ Pᵀ: the squared lengths of the rows of P R⁻¹.
  const Eigen::MatrixXd inverse = qr.matrixR()
                                      .topLeftCorner(width, width)
                                      .triangularView<Eigen::Upper>()
                                      .solve(Eigen::MatrixXd::Identity(width, width));
  const Eigen::MatrixXd rows_of = qr.colsPermutation() * inverse;
  const double variance = result.freedom > 0.0 ? result.residual_squares / result.freedom : kNaN;
  for (Eigen::Index i = 0; i < width; ++i) {
    const auto at = static_cast<std::size_t>(i);
    result.coefficients[at] = found[i] / lengths[i];
    result.errors[at] = std::sqrt(variance) * rows_of.row(i).norm() / lengths[i];
  }
  return result;
}

double CurveFit::at(double x) const {
  switch (curve) {
    case Curve::linear:
      return a + b * x;
    case Curve::logarithm:
      return a + b * std::log(x);
    case Curve::power:
      return a * std::pow(x, b);
    case Curve::exponential:
      break;
  }
  return a * std::exp(b * x);
}

double CurveFit::b_half_interval() const {
  return freedom > 0.0 ? student_factor(freedom) * b_error : kNaN;
}

std::optional<CurveFit> fit_curve(Curve curve, ErrorModel errors, std::span<const double> x,
                                  std::span<const double> y) {
  const std::optional<Pairs> pairs = pairs_of(curve, x, y);
  if (!pairs) return {};
  if (bends(curve)) {
    return errors == ErrorModel::relative ? relative(curve, *pairs) : additive(curve, *pairs);
  }
  if (errors == ErrorModel::relative) return {};
  return straight(curve, *pairs);
}

std::vector<CurveFit> fit_curves(std::span<const double> x, std::span<const double> y) {
  std::vector<CurveFit> fits;
  for (const Curve curve : {Curve::linear, Curve::logarithm, Curve::power, Curve::exponential}) {
    for (const ErrorModel errors : {ErrorModel::additive, ErrorModel::relative}) {
      if (const std::optional<CurveFit> fit = fit_curve(curve, errors, x, y)) {
        fits.push_back(*fit);
      }
    }
  }
  std::stable_sort(fits.begin(), fits.end(), [&](const CurveFit& one, const CurveFit& other) {
    const bool first = exact(one, x, y);
    const bool second = exact(other, x, y);
    if (first != second) return first;
    return !first && one.aic < other.aic;
  });
  return fits;
}

const char* curve_text(Curve curve) {
  switch (curve) {
    case Curve::linear:
      return "linear";
    case Curve::logarithm:
      return "logarithm";
    case Curve::power:
      return "power";
    case Curve::exponential:
      break;
  }
  return "exponential";
}

const char* error_model_text(ErrorModel errors) {
  return errors == ErrorModel::additive ? "additive" : "relative";
}

}  // namespace needflow
