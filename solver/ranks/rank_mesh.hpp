// M4: a partial mesh over ranks, each of which makes and keeps its own rows: the network of
// solver/partial_mesh.cpp, entry for entry, on any number of ranks.
//
// The pairing is cut as kernels/pairing_parts.hpp says: every stub goes to the rank that has its
// bucket and its partner comes back, 4 bytes each way. The few pairs that are no edge of a simple
// graph (about k²/4 whatever the size) are swapped away in one order by all ranks alike, each on
// copies of the rows that are looked at: four a pair, fetched for many pairs at once. Last, it is
// found out whether agent 0 reaches everybody (reach.hpp).
//
// Memory a rank, e own entries of all E: 8 e bytes (4 e once it is done), two bits an agent of all,
// and kSwapCopies.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

/// Bytes of copied rows at which a rank gives them back, as soon as it needs others.
inline constexpr std::size_t kSwapCopies = std::size_t{1} << 24;

/// Whether a mesh is worth making over ranks: one that is sparse (of more, the bad pairs' rows
/// would be more than the mesh), that is not mixed, and that holds together as a rule (k ≤ 2 does
/// not).
[[nodiscard]] bool is_mesh_for_ranks(Index agents, Index k);

/// This rank's rows of partial_mesh(): offsets begin at 0, columns name all agents. Nothing, on all
/// ranks, if the mesh is in several components: the bridges between them are not made here. Called
/// by all; the mesh is no complement (2 k ≤ agents − 1) and not mixed (agents · k > 512).
/// `copies`: lower for tests alone.
[[nodiscard]] std::optional<Network> mesh_rows(Communicator& ranks, std::span<const RankPart> parts,
                                               Index k, std::uint64_t seed, std::uint32_t index,
                                               Threads threads, std::size_t copies = kSwapCopies);

}  // namespace needflow
