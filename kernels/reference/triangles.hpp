// Plain serial twin of kernels/triangles.hpp: all pairs of a node's neighbours, looked up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow::reference {

[[nodiscard]] inline std::vector<std::int64_t> count_triangles(std::span<const Offset> offsets,
                                                               std::span<const Index> columns) {
  std::vector<std::int64_t> counts(offsets.empty() ? 0 : offsets.size() - 1);
  const auto row = [&](std::size_t i) {
    return columns.subspan(static_cast<std::size_t>(offsets[i]),
                           static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
  };
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (const Index a : row(i)) {
      const auto others = row(static_cast<std::size_t>(a));
      for (const Index b : row(i)) {
        if (a < b && std::find(others.begin(), others.end(), b) != others.end()) ++counts[i];
      }
    }
  }
  return counts;
}

}  // namespace needflow::reference
