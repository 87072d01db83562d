// What stands in design.zip, design.exclude and design.ranges, each checked by itself.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "io/design.hpp"
#include "io/suggest.hpp"

namespace needflow {

namespace {

/// Reads one of the three; its mistakes begin with the place.
class WishReader {
 public:
  WishReader(const Option& option, const Place& place, ErrorList& errors)
      : wish_(option), place_(place), errors_(errors) {}

  std::vector<ZipWish> zips(const toml::node& node) {
    std::vector<ZipWish> zips;
    const toml::array* lists = node.as_array();
    if (lists == nullptr) return refuse(node), zips;
    for (const toml::node& element : *lists) {
      const toml::array* list = element.as_array();
      ZipWish zip{{}, place_.of(element)};
      if (list == nullptr) {
        refuse(element);
        continue;
      }
      if (list->size() < 2) mistake(element, "expected two axes or more that advance together");
      for (const toml::node& key : *list) {
        const auto* text = key.as_string();
        if (text == nullptr) {
          refuse(key);
        } else if (const Option* option = axis_option(text->get(), key); option != nullptr) {
          zip.options.push_back(option);
        }
      }
      zips.push_back(std::move(zip));
    }
    return zips;
  }

  std::vector<ExcludeWish> exclusions(const toml::node& node) {
    std::vector<ExcludeWish> exclusions;
    const auto take = [&](const toml::node& element) {
      const toml::table* table = element.as_table();
      if (table == nullptr) return refuse(element);
      ExcludeWish exclusion{{}, place_.of(element)};
      if (table->empty()) mistake(element, "an empty table would leave out every point");
      for (const auto& [key, value] : flattened(*table, "")) {
        const Option* option = axis_option(key, *value);
        if (option == nullptr) continue;
        exclusion.conditions.push_back({option, values_of(*option, *value)});
      }
      exclusions.push_back(std::move(exclusion));
    };
    const toml::array* tables = node.as_array();
    if (tables == nullptr) {
      take(node);  // [design.exclude] for the only one
    } else {
      for (const toml::node& element : *tables) take(element);
    }
    return exclusions;
  }

  std::vector<RangeWish> ranges(const toml::node& node) {
    std::vector<RangeWish> ranges;
    const toml::table* table = node.as_table();
    if (table == nullptr) return refuse(node), ranges;
    for (const auto& [key, value] : flattened(*table, "")) {
      const Option* option = axis_option(key, *value);
      if (option == nullptr) continue;
      if (option->key() == "seed") {
        mistake(*value, "seed decides what is drawn and is not drawn itself; give it a value");
        continue;
      }
      RangeWish range;
      range.option = option;
      range.where = place_.of(*value);
      if (const toml::table* parts = value->as_table(); parts != nullptr) {
        take_parts(*parts, range);
      } else {
        take_short(*value, range);
      }
      ranges.push_back(std::move(range));
    }
    return ranges;
  }

 private:
  using Entries = std::vector<std::pair<std::string, const toml::node*>>;

  void mistake(const toml::node& node, const std::string& text) {
    errors_.add(fmt::format("{}: {}: {}", place_.of(node), wish_.key(), text));
  }
  void refuse(const toml::node& node) { mistake(node, "expected " + expectation(wish_)); }

  /// Entries by option: TOML makes tables in tables of an unquoted network.agents.
  static Entries flattened(const toml::table& table, const std::string& prefix) {
    Entries entries;
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      const bool is_option = find_axis_option(name) != nullptr;
      if (const toml::table* inner = node.as_table(); inner != nullptr && !is_option) {
        const Entries more = flattened(*inner, name + ".");
        entries.insert(entries.end(), more.begin(), more.end());
      } else {
        entries.emplace_back(name, &node);
      }
    }
    return entries;
  }

  const Option* axis_option(const std::string& key, const toml::node& node) {
    const Option* option = find_axis_option(key);
    if (option == nullptr) {
      mistake(node, unknown_key(escaped(key, 60), key.substr(0, key.find('.'))));
    } else if (!option->apply) {
      mistake(node, option->key() + " cannot be varied");
      option = nullptr;
    }
    return option;
  }

  std::vector<Value> values_of(const Option& option, const toml::node& node) {
    std::vector<Value> values;
    const auto take = [&](const toml::node& element) {
      const std::string problem = take_value(option, element, values);
      if (!problem.empty()) mistake(element, problem);
    };
    if (const toml::array* array = node.as_array(); array != nullptr) {
      if (array->empty())
        mistake(node, option.key() + " = [] has no values; expected at least one");
      for (const toml::node& element : *array) take(element);
    } else {
      take(node);
    }
    return values;
  }

  static bool are_numbers(const std::vector<Value>& values) {
    return std::none_of(values.begin(), values.end(), [](const Value& value) {
      return std::holds_alternative<std::string>(value) || std::holds_alternative<bool>(value);
    });
  }

  /// [low, high], or a list of words.
  void take_short(const toml::node& node, RangeWish& range) {
    const toml::array* array = node.as_array();
    std::vector<Value> values = values_of(*range.option, node);
    if (array != nullptr && values.size() < array->size()) return;  // mistakes, reported
    if (array == nullptr || (are_numbers(values) && values.size() != 2)) {
      mistake(node, range.option->key() +
                        ": expected [low, high], a list of words, { low = …, high = …, log = … } "
                        "or { values = […] }");
    } else if (are_numbers(values)) {
      range.ends = std::move(values);
      check_ends(node, range);
    } else {
      range.list = std::move(values);
    }
  }

  void take_parts(const toml::table& parts, RangeWish& range) {
    static const std::vector<std::string> kParts = {"low", "high", "log", "values"};
    for (const auto& [key, node] : parts) {
      const std::string name(key.str());
      if (std::find(kParts.begin(), kParts.end(), name) != kParts.end()) continue;
      const std::string nearest = nearest_word(name, kParts);
      mistake(node, fmt::format("{}: unknown part {}; {}", range.option->key(), shown(name),
                                nearest.empty() ? "known are low, high, log, values"
                                                : fmt::format("did you mean {}?", nearest)));
    }
    if (const toml::node* list = parts.get("values"); list != nullptr) {
      if (parts.contains("low") || parts.contains("high") || parts.contains("log")) {
        mistake(*list, range.option->key() + ": values go without low, high and log");
      }
      range.list = values_of(*range.option, *list);
      return;
    }
    const toml::node* low = parts.get("low");
    const toml::node* high = parts.get("high");
    if (low == nullptr || high == nullptr) {
      mistake(parts, range.option->key() + ": expected low and high, or values");
      return;
    }
    for (const toml::node* end : std::array{low, high}) {
      const std::string problem = take_value(*range.option, *end, range.ends);
      if (!problem.empty()) mistake(*end, problem);
    }
    if (const toml::node* log = parts.get("log"); log != nullptr) {
      if (!log->is_boolean()) mistake(*log, range.option->key() + ": log is true or false");
      range.log_scale = log->value_or(false);
    }
    if (range.ends.size() == 2) check_ends(parts, range);
  }

  void check_ends(const toml::node& node, const RangeWish& range) {
    const std::string key = range.option->key();
    if (!are_numbers(range.ends)) {
      mistake(node, key + ": the ends of a range are numbers; list words in values");
      return;
    }
    if (!(number_of(range.ends[0]) < number_of(range.ends[1]))) {
      mistake(node, fmt::format("{}: low = {} is not below high = {}", key,
                                plain_text(range.ends[0]), plain_text(range.ends[1])));
    }
    if (range.log_scale && !(number_of(range.ends[0]) > 0.0)) {
      mistake(node, fmt::format("{}: low = {} has no logarithm; expected more than 0", key,
                                plain_text(range.ends[0])));
    }
  }

  const Option& wish_;
  const Place& place_;
  ErrorList& errors_;
};

std::string value_list(const std::vector<Value>& values) {
  std::vector<std::string> texts;
  for (const Value& value : values) texts.push_back(toml_text(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

/// The wishes as a scenario writes them, keys quoted, in one line.
std::string text_of(const std::vector<ZipWish>& zips) {
  std::vector<std::string> lists;
  for (const ZipWish& zip : zips) {
    std::vector<std::string> keys;
    for (const Option* option : zip.options) keys.push_back(toml_text(Value{option->key()}));
    lists.push_back(fmt::format("[{}]", fmt::join(keys, ", ")));
  }
  return fmt::format("[{}]", fmt::join(lists, ", "));
}

std::string text_of(const std::vector<ExcludeWish>& exclusions) {
  std::vector<std::string> tables;
  for (const ExcludeWish& exclusion : exclusions) {
    std::vector<std::string> entries;
    for (const auto& [option, values] : exclusion.conditions) {
      entries.push_back(fmt::format("\"{}\" = {}", option->key(), value_list(values)));
    }
    tables.push_back(fmt::format("{{ {} }}", fmt::join(entries, ", ")));
  }
  return fmt::format("[{}]", fmt::join(tables, ", "));
}

std::string text_of(const std::vector<RangeWish>& ranges) {
  std::vector<std::string> entries;
  for (const RangeWish& range : ranges) {
    const std::string key = range.option->key();
    if (range.ends.size() < 2) {
      entries.push_back(fmt::format("\"{}\" = {{ values = {} }}", key, value_list(range.list)));
    } else {
      entries.push_back(fmt::format("\"{}\" = {{ low = {}, high = {}, log = {} }}", key,
                                    toml_text(range.ends[0]), toml_text(range.ends[1]),
                                    range.log_scale));
    }
  }
  return fmt::format("{{ {} }}", fmt::join(entries, ", "));
}

}  // namespace

void take_design(const Option& option, const toml::node& node, const Place& place,
                 DesignWishes& wishes, GivenOptions& given, ErrorList& errors) {
  WishReader reader(option, place, errors);
  std::string text;
  if (option.name == "zip") {
    text = text_of(wishes.zips = reader.zips(node));
  } else if (option.name == "exclude") {
    text = text_of(wishes.exclusions = reader.exclusions(node));
  } else {
    wishes.ranges = reader.ranges(node);
    const auto in_table_order = [](const RangeWish& a, const RangeWish& b) {
      return a.option < b.option;
    };
    std::sort(wishes.ranges.begin(), wishes.ranges.end(), in_table_order);
    text = text_of(wishes.ranges);
  }
  given[&option] = {{Value{text}}, false, place.of(node), place.command_line, false};
}

}  // namespace needflow
