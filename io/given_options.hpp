// Options as somebody wrote them, before it is known what they make together. Inside of
// io/scenario.cpp and io/design.cpp.
#pragma once

#include <toml++/toml.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/options.hpp"

namespace needflow {

/// An option as somebody wrote it.
struct Given {
  std::vector<Value> values;
  bool is_array = false;
  std::string where;          ///< "mesh.toml line 7" or "--set"
  bool command_line = false;  ///< said there, whatever the file says
  bool designed = false;      ///< a column of the design: its section does not list it
};

using GivenOptions = std::map<const Option*, Given>;

/// What text a place in the scenario or on the command line has in messages.
struct Place {
  std::string name;  ///< the file's, or "--set 'section.key=value'"
  bool command_line = false;

  /// "mesh.toml line 7"
  [[nodiscard]] std::string of(const toml::node& node) const;
};

/// A TOML scalar as a Value; nothing for dates, times, arrays and tables.
[[nodiscard]] std::optional<Value> scalar(const toml::node& node);

/// "unknown key network.agnets; did you mean network.agents?"
[[nodiscard]] std::string unknown_key(const std::string& key, std::string_view section);

/// A value for the option, checked; or what is wrong with it: "network.agents = 0 is out of …".
[[nodiscard]] std::string take_value(const Option& option, const toml::node& node,
                                     std::vector<Value>& values);

}  // namespace needflow
