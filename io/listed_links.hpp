// Inside of io/network_files: a list of links as a file gives it, and the network it makes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/error_list.hpp"
#include "solver/network.hpp"

namespace needflow {

/// A link as listed; agents by number.
struct ListedLink {
  Index from;
  Index to;
  float latency;     ///< 0 where the file has none
  std::size_t line;  ///< or row: what `where` of network_from_list() understands
};

/// The network of those links, repaired and counted as io/network_files.hpp says; throws
/// ScenarioError with what is in `errors` by then, and with links that have two latencies.
[[nodiscard]] NetworkFile network_from_list(std::size_t agents, std::vector<ListedLink> links,
                                            bool has_latency,
                                            const std::function<std::string(std::size_t)>& where,
                                            ErrorList& errors);

/// Of what decides the numbers of a run: links and latencies.
[[nodiscard]] std::uint64_t content_hash(const Network& network);

/// Distinct ids, ascending: as numbers if all are whole numbers, else as text.
[[nodiscard]] std::vector<std::string> ascending_ids(std::vector<std::string> ids);

/// The network of a Matrix Market file's text; `name` stands in the messages.
[[nodiscard]] NetworkFile read_matrix_market(std::string_view text, const std::string& name);

}  // namespace needflow
