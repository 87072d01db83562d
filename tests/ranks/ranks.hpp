// The ranks that a test program runs on.
#pragma once

#include "solver/ranks/communicator.hpp"

namespace needflow {

/// Set once by main.
inline Communicator& ranks(Communicator* joined = nullptr) {
  static Communicator* kept = nullptr;
  if (joined != nullptr) kept = joined;
  return *kept;
}

}  // namespace needflow
