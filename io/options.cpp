// What an option's record says of a value: whether it fits, and what would.
#include "io/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace needflow {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const char* type_name(const Value& value) {
  static constexpr const char* kNames[] = {"a boolean", "an integer", "a number", "a string"};
  return kNames[value.index()];
}

bool takes_words(const Option& option) {
  return option.type == OptionType::word || option.type == OptionType::integer_or_word ||
         option.type == OptionType::real_or_word;
}

std::string range_text(const OptionRange& range) {
  const bool above = std::isfinite(range.low);
  const bool below = std::isfinite(range.high);
  if (above && below) {
    return fmt::format(" in {}{}, {}]", range.open_low ? '(' : '[', range.low, range.high);
  }
  if (above) return fmt::format(" {} {}", range.open_low ? "above" : "from", range.low);
  return below ? fmt::format(" up to {}", range.high) : "";
}

bool in_range(const OptionRange& range, double number) {
  const bool low = range.open_low ? number > range.low : number >= range.low;
  return low && number <= range.high && std::abs(number) < kInfinity;
}

/// A number of the option's own type, or nothing.
std::optional<Value> as_number(const Option& option, const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  if (option.type == OptionType::integer || option.type == OptionType::integer_or_word) {
    if (whole != nullptr) return value;
    return {};
  }
  if (option.type != OptionType::real && option.type != OptionType::real_or_word) return {};
  if (whole != nullptr) return Value{static_cast<double>(*whole)};
  if (real != nullptr) return value;
  return {};
}

}  // namespace

double number_of(const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value);
}

std::string expectation(const Option& option) {
  const std::string words = fmt::format("{}", fmt::join(option.words, ", "));
  switch (option.type) {
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "an integer" + range_text(option.range);
    case OptionType::real:
      if (!option.numbers.empty()) return fmt::format("one of {}", fmt::join(option.numbers, ", "));
      return "a number" + range_text(option.range);
    case OptionType::word:
      return "one of " + words;
    case OptionType::text:
      return "a string";
    case OptionType::file:
      return "a file name";
    case OptionType::integer_or_word:
      return "an integer" + range_text(option.range) + " or one of " + words;
    case OptionType::real_or_word:
      return "a number" + range_text(option.range) + " or one of " + words;
    case OptionType::structure:
      return words;
  }
  return {};
}

std::string check_value(const Option& option, Value& value) {
  if (const std::optional<Value> number = as_number(option, value)) {
    value = *number;
    const auto& only = option.numbers;
    const bool listed =
        only.empty() || std::find(only.begin(), only.end(), number_of(value)) != only.end();
    if (listed && in_range(option.range, number_of(value))) return {};
    return fmt::format("{} is out of range; expected {}", plain_text(value), expectation(option));
  }
  const auto* word = std::get_if<std::string>(&value);
  if (word != nullptr && takes_words(option)) {
    if (std::find(option.words.begin(), option.words.end(), *word) != option.words.end()) return {};
    return fmt::format("{} is not known; expected {}", toml_text(value), expectation(option));
  }
  if (word != nullptr && word->find('\0') != std::string::npos) {
    return "a NUL byte is in it; expected " + expectation(option);
  }
  if (word != nullptr && option.type == OptionType::text) return {};
  if (word != nullptr && option.type == OptionType::file) {
    return word->empty() ? "\"\" is empty; expected a file name" : std::string();
  }
  if (std::holds_alternative<bool>(value) && option.type == OptionType::boolean) return {};
  return fmt::format("{} is {}; expected {}", toml_text(value), type_name(value),
                     expectation(option));
}

bool has_words(const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(), [](const Value& value) {
    return std::holds_alternative<std::string>(value) || std::holds_alternative<bool>(value);
  });
}

}  // namespace needflow
