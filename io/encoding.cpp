#include "io/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "solver/error.hpp"

namespace needflow {

namespace {

bool is_tail(std::string_view text, std::size_t i) {
  return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
}

/// Length of the UTF-8 character that starts the text, 0 if none does (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !is_tail(text, 1)) return 0;
  if (first < 0xE0) return 2;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  if (overlong || surrogate || too_large || !is_tail(text, 2)) return 0;
  if (first < 0xF0) return 3;
  return is_tail(text, 3) ? 4 : 0;
}

/// Where the text stops being UTF-8, npos if nowhere. Eight ASCII bytes a step.
std::size_t first_not_utf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t i = 0;
  while (i < text.size()) {
    std::uint64_t eight = kHighBits;
    if (text.size() - i >= sizeof eight) std::memcpy(&eight, text.data() + i, sizeof eight);
    if ((eight & kHighBits) == 0) {
      i += sizeof eight;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace

void check_encoding(const std::string& file, std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw ScenarioError(fmt::format("{}: the text is UTF-16; save it as UTF-8", file));
  const std::size_t nul = text.find('\0');
  const std::size_t wrong = std::min(nul, first_not_utf8(text));
  if (wrong == std::string_view::npos) return;
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(wrong), '\n');
  if (wrong == nul) throw ScenarioError(fmt::format("{} line {}: a NUL byte", file, line));
  throw ScenarioError(fmt::format("{} line {}: byte 0x{:02X} is not UTF-8; save the file as UTF-8",
                                  file, line, static_cast<unsigned char>(text[wrong])));
}

}  // namespace needflow
