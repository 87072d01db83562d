// Plain serial twin of kernels/graph.hpp: flood fill from every unlabelled node in order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow::reference {

[[nodiscard]] inline std::vector<Index> component_labels(std::span<const Offset> offsets,
                                                         std::span<const Index> columns) {
  std::vector<Index> label(offsets.empty() ? 0 : offsets.size() - 1, -1);
  for (std::size_t start = 0; start < label.size(); ++start) {
    if (label[start] >= 0) continue;
    std::vector<std::size_t> to_visit{start};
    label[start] = static_cast<Index>(start);
    while (!to_visit.empty()) {
      const std::size_t node = to_visit.back();
      to_visit.pop_back();
      for (Offset e = offsets[node]; e < offsets[node + 1]; ++e) {
        const auto next = static_cast<std::size_t>(columns[static_cast<std::size_t>(e)]);
        if (label[next] >= 0) continue;
        label[next] = static_cast<Index>(start);
        to_visit.push_back(next);
      }
    }
  }
  return label;
}

}  // namespace needflow::reference
