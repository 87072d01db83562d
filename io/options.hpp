// The one option table. A record makes the scenario's parser, --set, the help texts, the reference
// page io/options.md, the axes of a sweep and the attributes stored beside results.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "solver/sweep/sweep.hpp"

namespace needflow {

enum class OptionType {
  boolean,
  integer,
  real,
  word,
  text,
  file,
  integer_or_word,
  real_or_word,
  structure,  ///< tables and lists with a reader of their own (io/design.hpp); kept as TOML text
};

/// Where an option has a meaning: bits, one a Source.
enum Applies : unsigned {
  kGenerated = 1U << static_cast<unsigned>(Source::generated),
  kBipartite = 1U << static_cast<unsigned>(Source::bipartite),
  kAgentFiles = 1U << static_cast<unsigned>(Source::agents),
  kRatings = 1U << static_cast<unsigned>(Source::ratings),
  kDrawn = kGenerated | kRatings,
  kFiles = kBipartite | kAgentFiles | kRatings,
  kAlways = kGenerated | kFiles,
};

/// Numbers an option takes; `open_low` excludes the lower end.
struct OptionRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open_low = false;
};

struct Option {
  std::string section;  ///< "" for the top of the file
  std::string name;
  OptionType type = OptionType::real;
  std::string unit;  ///< "1" for a pure number, "" where a unit makes no sense
  OptionRange range;
  std::vector<std::string> words;  ///< for the types with words; a structure in words
  std::optional<Value> fallback;   ///< the value when the scenario is silent; empty: none
  unsigned applies = kAlways;
  std::string help;  ///< one sentence
  /// Puts a checked value into the settings. Empty: the option is no axis and steers the sweep
  /// itself.
  std::function<void(Settings&, const Value&)> apply;
  std::vector<double> numbers = {};  ///< of a real: the only ones it takes; empty: all in range

  [[nodiscard]] std::string key() const { return section.empty() ? name : section + "." + name; }
};

/// All options in file order, which is axis order.
[[nodiscard]] std::span<const Option> options();

/// The record of "section.name", or null.
[[nodiscard]] const Option* find_option(std::string_view key);

/// The record of an axis by its key or by what its dimension is called, or null.
[[nodiscard]] const Option* find_axis_option(std::string_view name);

/// What the dimension is called when the option is an axis: its name, after its section where an
/// earlier option has that name ("weights", "solver_weights").
[[nodiscard]] std::string axis_name(const Option& option);

/// "an integer from 1", "one of stock, stream, reallocate", "a number in (0, 1] or adaptive, none".
[[nodiscard]] std::string expectation(const Option& option);

/// What is wrong with a value for this option, or "" and the value in the option's own type.
[[nodiscard]] std::string check_value(const Option& option, Value& value);

/// A value that is a number as one; std::bad_variant_access otherwise.
[[nodiscard]] double number_of(const Value& value);

/// Whether one of the values is a word (true and false are), so that all are kept as words.
[[nodiscard]] bool has_words(const std::vector<Value>& values);

/// A value as TOML writes it: strings quoted, reals with a point or an exponent.
[[nodiscard]] std::string toml_text(const Value& value);

/// A value as people write it: strings bare.
[[nodiscard]] std::string plain_text(const Value& value);

/// The reference page in Markdown, made from the table (io/options.md is its output).
[[nodiscard]] std::string option_reference();

/// The table as help text: a line an option.
[[nodiscard]] std::string option_help();

}  // namespace needflow
