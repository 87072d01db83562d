// A scenario file (TOML) turned into a sweep, all its mistakes listed at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/options.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// Version of the result file's layout and of the model's meaning; part of a plan's identity.
inline constexpr std::int64_t kSchemaVersion = 1;

/// What the command line says on top of the file.
struct Overrides {
  std::vector<std::string> settings;  ///< "section.key=value", value as in TOML or a bare word
  std::optional<std::string> seed;    ///< as typed: the option table judges it
  bool traces = false;
  bool agents = false;
};

/// One option as it holds for this sweep.
struct ResolvedOption {
  const Option* option;
  std::vector<Value> values;  ///< one, or an axis's
  bool is_axis;
  bool is_designed;  ///< a column of the design, not in the text: the design says it all
};

struct Scenario {
  Sweep sweep;
  std::vector<ResolvedOption> resolved;  ///< every option that has a meaning here, in table order
  std::string text;                      ///< `resolved` as a scenario file: makes the same sweep
  std::vector<std::filesystem::path> files;  ///< read for it: the scenario itself and its instance
  std::uint64_t plan_hash;                   ///< of text, files and schema version

  /// plan_hash as files, parts and people see it.
  [[nodiscard]] std::string hash_text() const;
};

/// Reads, checks and resolves; loads the instance's files (relative to the scenario's folder).
/// Throws ScenarioError with a line a mistake, IoError when a file cannot be read.
[[nodiscard]] Scenario load_scenario(const std::filesystem::path& file, const Overrides& overrides);

/// The same for a text; `name` stands in the messages.
[[nodiscard]] Scenario parse_scenario(std::string_view text, const std::string& name,
                                      const std::filesystem::path& folder,
                                      const Overrides& overrides);

}  // namespace needflow
