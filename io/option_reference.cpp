// The option table as text: values as TOML or plain, the reference page, the help.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "io/options.hpp"

namespace needflow {

namespace {

/// Shortest digits that read back the same, with a point or an exponent, as TOML wants reals.
std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      result += '\\';
      result += letter;
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += letter;
    }
  }
  return result + "\"";
}

std::string default_text(const Option& option) {
  return option.fallback ? toml_text(*option.fallback) : "none";
}

std::string where_it_applies(const Option& option) {
  if (option.applies == kAlways) return "always";
  if (option.applies == kGenerated) return "generated networks";
  if (option.applies == kDrawn) return "generated populations";
  return "[instance]";
}

}  // namespace

std::string toml_text(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *whole);
  if (const auto* real = std::get_if<double>(&value)) return real_text(*real);
  return quoted(std::get<std::string>(value));
}

std::string plain_text(const Value& value) {
  const auto* word = std::get_if<std::string>(&value);
  return word != nullptr ? *word : toml_text(value);
}

std::string option_reference() {
  std::string page =
      "# Options of a scenario\n\n"
      "Made from the table in `option_table.cpp` by `needflow info --options`; a test compares the "
      "two.\n"
      "A scalar is a setting; an array, even of one value, is an axis of the sweep. On the "
      "command\n"
      "line: `--set section.key=value`, as often as needed; it wins over the file.\n";
  std::string section = "?";
  for (const Option& option : options()) {
    if (option.section != section) {
      section = option.section;
      page += fmt::format("\n## {}\n\n", section.empty() ? "Top of the file" : "[" + section + "]");
      page += "| key | takes | default | unit | axis | used with | what it does |\n";
      page += "|---|---|---|---|---|---|---|\n";
    }
    page +=
        fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", option.name, expectation(option),
                    default_text(option), option.unit.empty() ? "–" : option.unit,
                    option.apply ? "yes" : "no", where_it_applies(option), option.help);
  }
  return page;
}

std::string option_help() {
  std::string text = "Settings for --set section.key=value (io/options.md says more):\n";
  for (const Option& option : options()) {
    text +=
        fmt::format("  {:<32} {} [{}]\n", option.key(), expectation(option), default_text(option));
  }
  return text;
}

}  // namespace needflow
