// A seed's figures beside measured ones, and the verdict: what `needflow reproduce` is about.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace needflow {

/// A quantity over independent networks (or draws): a single value has no spread.
struct Measured {
  std::int64_t count = 0;  ///< values
  double mean = 0.0;
  double deviation = 0.0;  ///< standard deviation, n − 1; 0 for one value
  double least = 0.0;
  double most = 0.0;
};

/// Of the finite ones among the values; NaN where there are none.
[[nodiscard]] Measured measured(std::span<const double> values);

enum class Verdict {
  agrees,     ///< within two standard deviations of ours, or of the precision printed
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
