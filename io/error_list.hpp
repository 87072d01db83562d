// Collects a file's or a scenario's mistakes, so that a user mends them in one go instead of one
// a run. Only the first twenty texts are kept: a file with a million bad lines must not cost a
// million strings, and nobody reads further.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "solver/error.hpp"

namespace needflow {

class ErrorList {
 public:
  static constexpr std::size_t kShown = 20;

  /// One mistake, one line; see `shown` for values that come from outside.
  void add(std::string text) {
    ++count_;
    if (lines_.size() < kShown) lines_.push_back(std::move(text));
  }

  /// All mistakes added, also those whose text was not kept.
  std::size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  /// Throws ScenarioError with one line a mistake, the first twenty, then "… and 12 more".
  void throw_if_any() const {
    if (empty()) return;
    std::string text;
    for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
    if (count_ > lines_.size()) text += fmt::format("\n… and {} more", count_ - lines_.size());
    throw ScenarioError(text);
  }

 private:
  std::vector<std::string> lines_;
  std::size_t count_ = 0;
};

/// Text from outside as a message can hold it: control characters escaped (a message stays one line
/// and cannot steer a terminal), cut after `longest` bytes between two characters.
inline std::string escaped(std::string_view text, std::size_t longest) {
  const bool cut = text.size() > longest;
  if (cut) {
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U) --longest;
    text = text.substr(0, longest);
  }
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return cut ? result + "…" : result;
}

/// A value in a message: 'abc', cut after 60 bytes.
inline std::string shown(std::string_view value) { return "'" + escaped(value, 60) + "'"; }

}  // namespace needflow
