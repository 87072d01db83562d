// From links to rows, without a list of pairs: what the builders of networks share.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"

namespace needflow {

/// The rows of links that each have an owner: agent i brought those to targets[begins[i]] up to
/// targets[begins[i + 1]]. No link twice, not even from its two ends; no self-loops. Shapes: begins
/// agents + 1. Peak memory beside the arguments: 12 B an entry of the result.
[[nodiscard]] Network network_from_owners(std::span<const Offset> begins,
                                          std::span<const Index> targets, Threads threads);

/// The network with its components joined: in the order of their smallest agent each to the one
/// before, between members of least degree (ties to the smaller agent), so that no degree rises by
/// more than one in a component of two or more. Counts the links added in `bridges`; `latency`
/// gives theirs where the network has latencies.
[[nodiscard]] Network connected(Network network,
                                const std::function<float(Index, Index)>& latency = {});

}  // namespace needflow
