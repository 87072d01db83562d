// Plain serial twin of kernels/spectrum.hpp: all eigenvalues of the dense symmetric matrix by
// Jacobi's rotations. O(N³) a sweep.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow::reference {

using DenseMatrix = std::vector<std::vector<double>>;

/// Turns rows and columns p and q so that the entry (p, q) becomes 0.
inline void rotate(DenseMatrix& a, std::size_t p, std::size_t q) {
  if (a[p][q] == 0.0) return;
  const double half = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
  const double t = (half >= 0.0 ? 1.0 : -1.0) / (std::abs(half) + std::sqrt(half * half + 1.0));
  const double c = 1.0 / std::sqrt(t * t + 1.0);
  const double s = t * c;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double first = a[i][p];
    const double second = a[i][q];
    a[i][p] = c * first - s * second;
    a[i][q] = s * first + c * second;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double first = a[p][i];
    const double second = a[q][i];
    a[p][i] = c * first - s * second;
    a[q][i] = s * first + c * second;
  }
}

/// Ascending.
[[nodiscard]] inline std::vector<double> eigenvalues(DenseMatrix a) {
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (std::size_t p = 0; p < a.size(); ++p) {
      for (std::size_t q = p + 1; q < a.size(); ++q) rotate(a, p, q);
    }
  }
  std::vector<double> values;
  for (std::size_t i = 0; i < a.size(); ++i) values.push_back(a[i][i]);
  std::sort(values.begin(), values.end());
  return values;
}

/// The eigenvalue of D⁻¹A of the second largest modulus; no node without a link.
[[nodiscard]] inline double second_eigenvalue(std::span<const Offset> offsets,
                                              std::span<const Index> columns) {
  const std::size_t nodes = offsets.size() - 1;
  DenseMatrix a(nodes, std::vector<double>(nodes));
  for (std::size_t i = 0; i < nodes; ++i) {
    for (Offset e = offsets[i]; e < offsets[i + 1]; ++e) {
      const auto j = static_cast<std::size_t>(columns[static_cast<std::size_t>(e)]);
      const auto degrees =
          static_cast<double>((offsets[i + 1] - offsets[i]) * (offsets[j + 1] - offsets[j]));
      a[i][j] = 1.0 / std::sqrt(degrees);
    }
  }
  const std::vector<double> values = eigenvalues(a);
  const double above = values[nodes - 2];  // the largest is 1
  return std::abs(values[0]) > std::abs(above) ? values[0] : above;
}

}  // namespace needflow::reference
