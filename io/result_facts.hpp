// What a finished result file says of its sweep, for those who only want to know how it stands.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "solver/stopping.hpp"

namespace needflow {

struct ResultFacts {
  std::string plan_hash;  ///< 16 hexadecimal digits
  std::string scenario;   ///< the resolved text
  std::string title;
  std::string needflow_version;
  std::int64_t schema_version = 0;
  std::size_t runs = 0;  ///< points × need types × episodes
  std::array<std::size_t, static_cast<std::size_t>(Status::invalid) + 1> by_status{};

  [[nodiscard]] std::size_t count(Status status) const {
    return by_status[static_cast<std::size_t>(status)];
  }
};

/// Reads them. Throws IoError where the file is no result file of needflow.
[[nodiscard]] ResultFacts read_result_facts(const std::filesystem::path& file);

}  // namespace needflow
