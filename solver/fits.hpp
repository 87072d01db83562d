// Least squares: curves through what was measured, with errors, and which of them fits best.
//
// One routine for any design matrix (Eigen's column-pivoting QR: normal equations would lose half
// the digits), and four curves of two numbers on it:
//   linear       y = a + b x
//   logarithm    y = a + b ln x
//   power        y = a x^b
//   exponential  y = a e^(b x)
// The last two are fitted under either of two models of error. `relative`: ln y is linear and has
// the errors, as suits values over several decades. `additive`: y has them; Gauss–Newton from the
// relative fit. All AIC are of the likelihood of y itself – the relative model's density of ln y is
// turned into one of y by its factor 1/y – and count three parameters, so that they compare across
// curves and models on the same values. R² is of y, too. For reports: not bit for bit the same
// where libm differs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace needflow {

/// y ≈ X c with errors of one size in y.
struct Regression {
  std::vector<double> coefficients;  ///< one a column; NaN if the columns depend on each other
  std::vector<double> errors;        ///< their standard errors; NaN without degrees of freedom
  std::size_t rank = 0;
  double freedom = 0.0;           ///< rows − columns
  double residual_squares = 0.0;  ///< Σ (y − X c)²
  double r_squared = 0.0;         ///< against the mean of y; NaN where y is constant
  double aic = 0.0;               ///< of columns + 1 parameters
};

/// design: rows × columns, row-major; response: rows. At least one row and column.
[[nodiscard]] Regression least_squares(std::span<const double> design, std::size_t columns,
                                       std::span<const double> response);

enum class Curve { linear, logarithm, power, exponential };
enum class ErrorModel { additive, relative };

struct CurveFit {
  Curve curve = Curve::linear;
  ErrorModel errors = ErrorModel::additive;
  double a = 0.0;
  double b = 0.0;  ///< slope, exponent or rate
  double a_error = 0.0;
  double b_error = 0.0;
  double freedom = 0.0;  ///< values − 2
  double r_squared = 0.0;
  double aic = 0.0;
  std::int64_t count = 0;  ///< values

  [[nodiscard]] double at(double x) const;
  /// Half of b's 95 % interval.
  [[nodiscard]] double b_half_interval() const;
};

/// Nothing where the curve cannot be fitted: fewer than three values or two different x, an x ≤ 0
/// under a logarithm, a y ≤ 0 under relative errors (which linear and logarithm do not have), no
/// convergence. Values that are not finite are left out, pair by pair.
[[nodiscard]] std::optional<CurveFit> fit_curve(Curve curve, ErrorModel errors,
                                                std::span<const double> x,
                                                std::span<const double> y);

/// All that can be fitted, the best (least AIC) first; of several that are exact to rounding the
/// simplest, in the order above. Their number is at most six.
[[nodiscard]] std::vector<CurveFit> fit_curves(std::span<const double> x,
                                               std::span<const double> y);

[[nodiscard]] const char* curve_text(Curve curve);
[[nodiscard]] const char* error_model_text(ErrorModel errors);

}  // namespace needflow
