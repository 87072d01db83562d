#include "io/given_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/suggest.hpp"

namespace needflow {

std::string Place::of(const toml::node& node) const {
  return command_line ? name : fmt::format("{} line {}", name, node.source().begin.line);
}

std::optional<Value> scalar(const toml::node& node) {
  if (const auto* value = node.as_boolean()) return Value{value->get()};
  if (const auto* value = node.as_integer()) return Value{value->get()};
  if (const auto* value = node.as_floating_point()) return Value{value->get()};
  if (const auto* value = node.as_string()) return Value{value->get()};
  return {};
}

std::string unknown_key(const std::string& key, std::string_view section) {
  std::vector<std::string> names;  // bare: a shared "section." would make strangers look alike
  std::vector<std::string> keys;
  for (const Option& option : options()) {
    if (option.section != section) continue;
    names.push_back(option.name);
    keys.push_back(option.key());
  }
  std::string nearest;
  for (const Option& option : options()) {  // perhaps it only stands in the wrong section
    if (!nearest.empty()) break;
    if (key.ends_with("." + option.name) || key == option.name) nearest = option.key();
  }
  if (nearest.empty()) {
    const std::string name = nearest_word(key.substr(key.find('.') + 1), names);
    if (!name.empty()) nearest = section.empty() ? name : fmt::format("{}.{}", section, name);
  }
  if (!nearest.empty()) return fmt::format("unknown key {}; did you mean {}?", key, nearest);
  if (keys.empty()) return fmt::format("unknown key {}", key);
  return fmt::format("unknown key {}; known are {}", key, fmt::join(keys, ", "));
}

std::string take_value(const Option& option, const toml::node& node, std::vector<Value>& values) {
  std::optional<Value> value = scalar(node);
  const std::string problem =
      value ? check_value(option, *value)
            : fmt::format("a {} is not a value here; expected {}",
                          node.is_array() ? "nested array" : "date, time or table",
                          expectation(option));
  if (!problem.empty()) return fmt::format("{} = {}", option.key(), problem);
  values.push_back(*value);
  return {};
}

}  // namespace needflow
