// What tests of the pairing share: lists of stubs, and what a pairing gives.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/csr.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace needflow::tests {

/// Offsets in which some agents have no stub, `largest` at most (the last one more if the sum is
/// odd).
inline std::vector<Offset> irregular(Numbers& numbers, std::size_t agents, std::size_t largest) {
  std::vector<Offset> offsets{0};
  for (std::size_t i = 0; i < agents; ++i) {
    offsets.push_back(offsets.back() + static_cast<Offset>(numbers.below(largest + 1)));
  }
  if (offsets.back() % 2 != 0) ++offsets.back();
  return offsets;
}

struct Paired {
  std::vector<Index> columns;
  std::vector<Index> not_simple;
  bool operator==(const Paired&) const = default;
};

}  // namespace needflow::tests
