// A sweep run in memory, its numbers by cell: what the experiments of `needflow reproduce` are made
// of.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "solver/cells.hpp"
#include "solver/findings.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/trust_figures.hpp"

namespace needflow::app {

class Study {
 public:
  using Number = std::function<double(const Outcome&)>;
  /// Where on each axis: {"settlement", "stock"}; an axis that is not named must have one value.
  using Place = std::map<std::string, std::string>;

  /// Runs the scenario's text; its data files are looked for in `folder`.
  Study(const std::string& scenario, const std::string& folder, int threads);

  /// A number of every run, by cell: NaN leaves a run out.
  [[nodiscard]] CellGrid cells(const Number& number) const;
  /// Of the cell at that place. Throws std::logic_error where there is no such cell.
  [[nodiscard]] NestedValues at(const Place& place, const Number& number) const;
  /// A figure of trust after an episode, from 1; 0: the last.
  [[nodiscard]] NestedValues at(const Place& place, double TrustFigures::*figure,
                                std::size_t episode = 0) const;
  /// The episode of the first flag; runs without any are left out.
  [[nodiscard]] NestedValues first_flags(const Place& place) const;
  /// A number of the last episode's run.
  [[nodiscard]] NestedValues at_end(const Place& place, const Number& number) const;
  /// Agents of points in the grid's order, draws of a network last; empty where none were kept.
  [[nodiscard]] std::span<const AgentRows> agents() const { return outcomes_.agents(); }

 private:
  using ByPoint = std::function<double(std::size_t)>;
  [[nodiscard]] CellGrid grid(const ByPoint& number) const;
  [[nodiscard]] NestedValues cell_at(const Place& place, const ByPoint& number) const;

  std::deque<FieldAxis> axes_;  ///< fields keep pointers to them
  Outcomes outcomes_;
};

// Numbers of a run.
[[nodiscard]] bool at_rest(const Outcome& run);  ///< needs met, or nothing moves any more
[[nodiscard]] double rest_percent(const Outcome& run);
[[nodiscard]] double cycle_percent(const Outcome& run);
[[nodiscard]] double rounds_to_rest(const Outcome& run);  ///< NaN where it does not rest
[[nodiscard]] double satisfied_percent(const Outcome& run);

}  // namespace needflow::app
