// A seed's figures beside measured ones, and the verdict: what `needflow reproduce` is about.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "solver/uncertainty.hpp"

namespace needflow {

/// A quantity over independent networks, or over draws nested in them (solver/uncertainty.hpp): a
/// single value has no spread and no error.
struct Measured {
  std::int64_t count = 0;  ///< values
  double mean = 0.0;
  double deviation = 0.0;  ///< standard deviation of a value from a network of its own; 0 for one
  double least = 0.0;
  double most = 0.0;
  double error = 0.0;  ///< standard error of the mean; NaN for one value, as are the two ends
  double low = 0.0;    ///< 95 % interval of the mean
  double high = 0.0;
  /// How far from the mean one more value lies in 95 of 100 cases: it has its own deviation and
  /// the mean its error. 0 for one value.
  double reach = 0.0;
};

/// Of the finite ones among the values, each a network of its own; NaN where there are none.
[[nodiscard]] Measured measured(std::span<const double> values);
/// Of draws nested in networks.
[[nodiscard]] Measured measured(const NestedValues& values);
/// A fitted number: another one lies as far away as the interval reaches.
[[nodiscard]] Measured fitted(double value, double error, double freedom, std::int64_t count);

enum class Verdict {
  agrees,     ///< within the reach of ours and half the last digit printed
  differs,    ///< measured otherwise
  cannot_be,  ///< contradicts arithmetic, whatever is measured
  none,       ///< the seed says nothing about it
};

/// One line of a table of the seed.
struct Finding {
  std::string quantity;
  std::string seed;        ///< as the seed prints it; "" where it says nothing
  double figure = 0.0;     ///< the same as a number, NaN where it is none
  double precision = 0.0;  ///< half a unit of the last digit the seed prints, or its own tolerance
  Measured ours;
  std::string unit;
  Verdict verdict = Verdict::none;
  std::string reason;  ///< a sentence; "" where the numbers say it
};

/// A figure of the seed with its verdict worked out from the numbers.
[[nodiscard]] Finding finding(std::string quantity, std::string seed, double figure,
                              double precision, Measured ours, std::string unit);

/// The same where arithmetic rules the figure out; the reason says why.
[[nodiscard]] Finding ruled_out(Finding finding, std::string reason);

/// Something measured that the seed is silent about.
[[nodiscard]] Finding unasked(std::string quantity, Measured ours, std::string unit);

/// One table of the seed and what came of it.
struct FindingTable {
  std::string name;   ///< of its file: "graph_properties"
  std::string title;  ///< with where in the seed it stands
  std::vector<Finding> findings;
  std::vector<std::string> remarks;  ///< sentences under the table
};

[[nodiscard]] const char* verdict_text(Verdict verdict);

}  // namespace needflow
