// Points of the unit cube that designs of a sweep are made from: Latin hypercubes (M. D. McKay,
// R. J. Beckman, W. J. Conover, Technometrics 21 (1979) 239-245) and Sobol's sequence (I. M. Sobol,
// 1967) with the direction numbers of S. Joe and F. Y. Kuo (2008), which Boost.Random brings.
//
// Every column is a function of the seed and of its own name, so another option that is drawn as
// well changes no Latin hypercube's column. A column holds a number in [0, 1) a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace needflow {

/// Latin hypercubes address strata by 32 bits, and a design is to be looked at.
inline constexpr std::size_t kMostSamples = std::size_t{1} << 20;

/// A column of a Latin hypercube: one number in each of [0, 1/n), [1/n, 2/n) …, in random order.
[[nodiscard]] std::vector<double> latin_column(std::size_t samples, std::uint64_t seed,
                                               std::string_view name);

/// The first points of Sobol's sequence from the origin on, a vector a dimension. A power of two of
/// them is balanced; the origin belongs to them (A. B. Owen, "On dropping the first Sobol' point",
/// 2020). shifts[d] is XORed into the binary digits of dimension d and keeps that balance; 0 leaves
/// the sequence as it is.
[[nodiscard]] std::vector<std::vector<double>> sobol_columns(
    std::size_t samples, const std::vector<std::uint64_t>& shifts);

/// The digital shift of a column.
[[nodiscard]] std::uint64_t digital_shift(std::uint64_t seed, std::string_view name);

// From [0, 1) to what an option takes. On a log scale equal shares of ln x are equally likely;
// low > 0 then.

/// Within [low, high].
[[nodiscard]] double real_between(double u, double low, double high, bool log_scale);

/// One of low, low + 1, … high: on a linear scale each with the same share of [0, 1), the ends too.
[[nodiscard]] std::int64_t whole_between(double u, std::int64_t low, std::int64_t high,
                                         bool log_scale);

}  // namespace needflow
