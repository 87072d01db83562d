// Rows of other ranks, for the swaps that make a mesh simple (solver/networks/mesh_swaps.hpp). All
// ranks make all swaps, each on copies of the rows, their own rows' too, so that everybody knows
// the same at every step and nobody asks for what another has no part in.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "solver/networks/mesh_swaps.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

class SwapCopies {
 public:
  /// `columns`: of own rows. `most`: bytes of copies at which they are given back.
  SwapCopies(Communicator& ranks, std::span<const RankPart> parts, const MeshDegrees& degrees,
             std::vector<Index>& columns, std::size_t most);

  /// Everybody's list behind each other's, in order of the ranks. Called by all.
  [[nodiscard]] std::vector<Edge> of_all_ranks(const std::vector<Edge>& own);

  /// An own row as it stands.
  [[nodiscard]] std::span<Index> own_row(Index agent);
  [[nodiscard]] bool has(Index agent) const { return places_.count(agent) != 0; }
  /// The copy of a row, until need() is called.
  [[nodiscard]] std::span<Index> row(Index agent);

  /// Adds to a list what a number of pairs will look at next, as far as it is known.
  using Wishes = std::function<void(std::size_t pairs, std::vector<Index>& wanted)>;
  /// Copies of the rows of these agents, and where one is missing of those wished for besides.
  /// Called by all, with the same.
  void need(std::initializer_list<Index> agents, const Wishes& wishes);

  /// Own rows become what their copies are; the copies go.
  void give_back();

 private:
  void fetch(std::vector<Index> wanted);
  [[nodiscard]] bool is_own(Index agent) const;
  [[nodiscard]] std::size_t length(Index agent) const;

  Communicator& ranks_;
  std::span<const RankPart> parts_;
  const MeshDegrees& degrees_;
  std::vector<Index>& columns_;
  std::size_t most_;  ///< entries of copies
  std::size_t pairs_ahead_;
  std::unordered_map<Index, std::size_t> places_;  ///< of each agent's row among the copies
  std::vector<Index> copies_;
};

}  // namespace needflow
