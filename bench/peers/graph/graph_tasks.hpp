// How compare_graph.py talks with a contender: one process each, one command a line on standard
// input, one JSON object a line on standard output, wall time throughout.
//
//   TASK RUNS SOURCES   does it RUNS times: {"seconds": of one run, "answer": [numbers]}
//   quit
//
//   distances    ordered pairs one, two … hops apart, from the first SOURCES nodes
//   clustering   the mean local clustering coefficient
//   components   how many, and the size of the largest
//
// The graph's file, native byte order: "NFGRAPH1"; int64 nodes N, entries E, offsets[N + 1]; int32
// columns[E]: each edge from both ends, rows ascending.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace needflow::peers {

struct GraphFile {
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> columns;

  explicit GraphFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string magic(8, ' ');
    std::int64_t sizes[2] = {};
    file.read(magic.data(), 8);
    file.read(reinterpret_cast<char*>(sizes), sizeof sizes);
    if (!file || magic != "NFGRAPH1") throw std::runtime_error(path + " is no graph");
    offsets.resize(static_cast<std::size_t>(sizes[0]) + 1);
    columns.resize(static_cast<std::size_t>(sizes[1]));
    file.read(reinterpret_cast<char*>(offsets.data()),
              static_cast<std::streamsize>(offsets.size() * sizeof offsets[0]));
    file.read(reinterpret_cast<char*>(columns.data()),
              static_cast<std::streamsize>(columns.size() * sizeof columns[0]));
    if (!file) throw std::runtime_error(path + " ends too early");
  }
  [[nodiscard]] std::size_t nodes() const { return offsets.size() - 1; }
};

/// Does a task from the first so many sources.
using GraphTask = std::function<std::vector<double>(std::size_t sources)>;

/// Answers commands until "quit".
inline void serve_graph(const std::map<std::string, GraphTask>& tasks, const std::string& version) {
  std::cout << R"({"ready": true, "version": ")" << version << "\"}" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string name;
    int runs = 0;
    std::size_t sources = 0;
    words >> name >> runs >> sources;
    const auto task = tasks.find(name);
    if (task == tasks.end()) {
      std::cout << R"({"error": "it has no such task"})" << std::endl;
      continue;
    }
    std::vector<double> answer;
    const auto started = std::chrono::steady_clock::now();
    for (int run = 0; run < runs; ++run) answer = task->second(sources);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    std::cout << std::setprecision(17) << R"({"seconds": )" << taken.count() / runs
              << R"(, "answer": [)";
    for (std::size_t i = 0; i < answer.size(); ++i) std::cout << (i == 0 ? "" : ", ") << answer[i];
    std::cout << "]}" << std::endl;
  }
}

}  // namespace needflow::peers
