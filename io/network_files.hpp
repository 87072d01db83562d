// Networks from files (M4, kind `file`), checked line by line, and our own networks as HDF5.
//
// By the name's ending:
//   .csv, .csv.gz   links, a header a,b or source,target and, if wanted, latency (0 or more, any
//                   unit); further columns are left out. Agents are all ids, ascending, as numbers
//                   if all are whole numbers.
//   .mtx, .mtx.gz   Matrix Market, coordinate, square: pattern, integer or real, general or
//                   symmetric; agents are rows, also those without a link. Values are checked and
//                   not used: they may mean anything.
//   .h5             what write_network() writes, at the file's root or in its group `network`.
// Links are undirected. A list may give each link once or in both directions. Repaired and counted:
// self-loops, links given again, and what does not fit how most links are listed: where more links
// are listed in one direction than in both, the second directions are duplicates; else those that
// lack theirs are one_way. Components are left as they are: the network is somebody's own.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "io/h5.hpp"
#include "solver/network.hpp"

namespace needflow {

/// Reads a network; `name` of the result is empty. Throws ScenarioError listing the file's mistakes
/// together (nothing in it, unreadable or negative numbers, two latencies of one link, agents out
/// of range, a form that is none of these), IoError.
[[nodiscard]] NetworkFile read_network(const std::filesystem::path& file);

/// Writes datasets offsets, columns, latency where there are any, and id where ids are given; an
/// attribute `bridges`. read_network() gives the same network back.
void write_network(hid_t where, const Network& network, std::span<const std::string> ids = {});

}  // namespace needflow
