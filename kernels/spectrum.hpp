// The second eigenvalue of the random walk on a connected undirected pattern (M4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// When the iteration stops.
struct SpectrumLimits {
  double tolerance = 1e-8;  ///< of the residual, and so of the eigenvalue
  std::int64_t steps = 2000;
};

struct SecondEigenvalue {
  double value = 0.0;     ///< of the largest modulus next to the 1 that every walk has
  double residual = 0.0;  ///< an eigenvalue lies so near to `value`
  std::int64_t steps = 0;
};

/// The eigenvalue of D⁻¹A of the second largest modulus, −1 where the graph is bipartite. Lanczos
/// on the symmetric D^-½ A D^-½, which has the same eigenvalues, against whose first eigenvector √d
/// every vector is made orthogonal. The vectors are not made orthogonal to each other: that gives
/// extreme eigenvalues more than once but not wrong (C. C. Paige, J. Inst. Math. Appl. 18 (1976)),
/// and three vectors are kept instead of hundreds.
/// Requires two nodes or more, one component, and `start` of a value a node with a part that is not
/// √d; the same sums for any threads. Cost a step: a gathered double and 4 B an entry, 120 B a
/// node. Twin: kernels/reference/spectrum.hpp.
[[nodiscard]] SecondEigenvalue second_eigenvalue(std::span<const Offset> offsets,
                                                 std::span<const Index> columns,
                                                 std::span<const double> start,
                                                 const SpectrumLimits& limits, Threads threads);

/// An end of the spectrum of a symmetric tridiagonal matrix (steps of it on the diagonal, steps − 1
/// beside it) with eigenvalues in [−1, 1].
enum class SpectrumEnd { smallest, largest };

/// By bisection with Sturm's count. O(64 · diagonal.size()).
[[nodiscard]] double extreme_eigenvalue(std::span<const double> diagonal,
                                        std::span<const double> beside, SpectrumEnd end);

}  // namespace needflow
