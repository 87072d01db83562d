// "Did you mean …?" for keys, columns and options. The distance is Damerau's and Levenshtein's:
// the fewest letters to insert, delete, replace, or swap with a neighbour.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace needflow {

/// The known word nearest to a wrong one; the first of several equally near. "" if none is near:
/// more than one letter in three differs, or all of them do. Letter case and '-' against '_' do not
/// count as differences. Costs the product of the lengths a word, so it is for error paths.
std::string nearest_word(std::string_view wrong, std::span<const std::string> known);

/// Damerau–Levenshtein distance in bytes (the true one: a swapped pair may be edited further).
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace needflow
