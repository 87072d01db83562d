// Work that one rank does for all, and its troubles, which are then everybody's: nobody waits for
// a rank that has given up.
#pragma once

#include <cstdint>
#include <functional>

#include "solver/ranks/communicator.hpp"

namespace needflow {

/// Calls work() on the first rank alone. What it throws, all ranks throw: the types of
/// solver/error.hpp and std::bad_alloc as themselves, other exceptions as std::runtime_error.
void on_first_rank(Communicator& ranks, const std::function<void()>& work);

/// Σ over all ranks.
[[nodiscard]] std::int64_t sum_over_ranks(Communicator& ranks, std::int64_t value);

}  // namespace needflow
