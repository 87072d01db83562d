// Inside of kernels/random_fill.cpp: what its loops draw, shared by all SIMD targets.
#pragma once

#include <cstdint>

#include "kernels/random.hpp"

namespace needflow {

/// A run of draws: agents first.agent, first.agent + 1 …, or, where `others` is given, one agent
/// with each of them.
struct DrawRun {
  const RandomStream* stream;
  DrawKey first;
  const std::int32_t* others;
};

}  // namespace needflow
