// Some of the agents, drawn by chance: where a network's metrics and routes are too much for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// 0 to count − 1.
[[nodiscard]] std::vector<Index> counted(std::size_t count);

/// `wanted` of the agents `among`, each set of so many as likely as any other: those with the
/// smallest draws of stream `name`. Ascending where `among` is; all of them if no more are there.
[[nodiscard]] std::vector<Index> sample_of(std::vector<Index> among, std::size_t wanted,
                                           std::uint64_t seed, std::string_view name,
                                           std::uint32_t network_index = 0);

}  // namespace needflow
