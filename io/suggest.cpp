// The dynamic programme of Lowrance and Wagner (1975). The simpler "optimal string alignment"
// forbids edits inside a swapped pair and breaks the triangle inequality.
#include "io/suggest.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace needflow {
namespace {

/// Folds what nobody means as a difference.
std::string folded(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return text;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t far = a.size() + b.size();
  const std::size_t width = b.size() + 2;
  // Entry (i + 1, j + 1) is the distance of the first i letters of a and j of b; row and column 0
  // are a border that no path takes.
  std::vector<std::size_t> table((a.size() + 2) * width, far);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return table[i * width + j];
  };
  for (std::size_t i = 0; i <= a.size(); ++i) at(i + 1, 1) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) at(1, j + 1) = j;
  std::array<std::size_t, 256> last_row = {};  // where a letter stood last in a, from 1; 0 nowhere
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t last_column = 0;  // where a's letter i stood last in b
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t row = last_row[static_cast<unsigned char>(b[j - 1])];
      const std::size_t column = last_column;
      const bool equal = a[i - 1] == b[j - 1];
      if (equal) last_column = j;
      const std::size_t replaced = at(i, j) + (equal ? 0 : 1);
      const std::size_t deleted = at(i, j + 1) + 1;
      const std::size_t inserted = at(i + 1, j) + 1;
      const std::size_t swapped = at(row, column) + (i - row - 1) + 1 + (j - column - 1);
      at(i + 1, j + 1) = std::min({replaced, deleted, inserted, swapped});
    }
    last_row[static_cast<unsigned char>(a[i - 1])] = i;
  }
  return at(a.size() + 1, b.size() + 1);
}

std::string nearest_word(std::string_view wrong, std::span<const std::string> known) {
  const std::string word = folded(wrong);
  std::string nearest;
  std::size_t least = word.size();  // a distance of the whole word says nothing in common
  for (const std::string& candidate : known) {
    const auto [shorter, longer] = std::minmax({word.size(), candidate.size()});
    const std::size_t allowed = std::max<std::size_t>(1, longer / 3);
    if (longer - shorter > allowed) continue;  // also keeps an absurdly long word cheap
    const std::size_t distance = edit_distance(word, folded(candidate));
    if (distance > allowed || distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace needflow
