// M1: an instance that came from files instead of generators, as plain values. io/instance_files
// reads it.
#pragma once

#include <string>
#include <vector>

#include "solver/population.hpp"
#include "solver/recognition.hpp"

namespace needflow {

/// Where needs, capacities and recognition of a scenario come from.
enum class Source {
  generated,  ///< [network], [recognition], [population]
  bipartite,  ///< three CSV files: providers, recipients, edges
  agents,     ///< two CSV files: agents, edges
  ratings,    ///< one CSV file of ratings, with a generated population
};

/// Ids are in the order of the files (ratings: ascending). An agent network has `provider_ids`
/// only.
struct Instance {
  Source source = Source::generated;
  Recognition recognition;           ///< empty when generated
  Amounts amounts;                   ///< empty when generated or from ratings
  std::vector<Rating> ratings = {};  ///< as the file has them, those of oneself left out
  std::vector<std::string> provider_ids;
  std::vector<std::string> recipient_ids;
  std::uint64_t content_hash = 0;  ///< of the files' bytes; part of the plan's identity

  [[nodiscard]] bool has_amounts() const {
    return source == Source::bipartite || source == Source::agents;
  }
};

}  // namespace needflow
