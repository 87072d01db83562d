// [instance]: real data from CSV files (M1), checked line by line.
#pragma once

#include <filesystem>

#include "solver/instance.hpp"

namespace needflow {

/// Three files: id,capacity · id,need · provider,recipient,mr[,desire]. Several need types have
/// columns capacity_1 … and need_1 …. An edge with mr 0 stays a link and recognises nobody; an
/// empty desire is infinite. Throws ScenarioError listing a file's mistakes together, IoError.
[[nodiscard]] Instance load_bipartite(const std::filesystem::path& providers,
                                      const std::filesystem::path& recipients,
                                      const std::filesystem::path& edges);

/// Two files: id,need,capacity · a,b,mr[,desire] (undirected; the other direction may be given as
/// well, with the same numbers).
[[nodiscard]] Instance load_agents(const std::filesystem::path& agents,
                                   const std::filesystem::path& edges);

/// One file: source,target,rating; further columns are left out. Agents are all ids, ascending
/// (as numbers if all are whole numbers). A rating of oneself is left out.
[[nodiscard]] Instance load_ratings(const std::filesystem::path& ratings);

}  // namespace needflow
