// Inside of kernels/settle.cpp: what its loop works on, shared by all SIMD targets.
#pragma once

#include "kernels/settle.hpp"

namespace needflow {

/// RecipientState as bare pointers; `total` is null where y is not kept.
struct SettleElements {
  const double* need;
  const double* received;
  double* satisfied;
  double* total;
  double* damping;
  double* over_oldest;
  double* over_previous;
  double* over;
  double* returned_share;
  std::uint8_t* converged;
};

/// What becomes of f: it stays, it is 0.8 for want of history, or it follows the history.
enum class DampingCase { kept, starting, adaptive };

}  // namespace needflow
