#include "io/suggest.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using needflow::edit_distance;
using needflow::nearest_word;

namespace {

const std::vector<std::string>& keys() {
  static const std::vector<std::string> kKeys = {
      "need", "need_mean", "need_cv", "capacity", "capacity_cv", "damping", "tolerance", "agents"};
  return kKeys;
}

}  // namespace

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("nede", "need") == 1);
  CHECK(edit_distance("agnets", "agents") == 1);
}

TEST_CASE("edit distance may edit inside a swapped pair, so it obeys the triangle inequality") {
  CHECK(edit_distance("ca", "ac") == 1);
  CHECK(edit_distance("ac", "abc") == 1);
  CHECK(edit_distance("ca", "abc") == 2);  // the simpler alignment distance gives 3
  CHECK(edit_distance("a cat", "an abct") == 3);
}

TEST_CASE("edit distance is symmetric") {
  for (const std::string& a : keys())
    for (const std::string& b : keys()) CHECK(edit_distance(a, b) == edit_distance(b, a));
}

TEST_CASE("a slip of the finger finds its key") {
  CHECK(nearest_word("nead", keys()) == "need");
  CHECK(nearest_word("tolerence", keys()) == "tolerance");
  CHECK(nearest_word("agnets", keys()) == "agents");
  CHECK(nearest_word("capacty_cv", keys()) == "capacity_cv");
}

TEST_CASE("letter case and dashes are no differences") {
  CHECK(nearest_word("NEED", keys()) == "need");
  CHECK(nearest_word("Need-Mean", keys()) == "need_mean");
}

TEST_CASE("nothing is suggested when nothing is near") {
  CHECK(nearest_word("frobnicate", keys()).empty());
  CHECK(nearest_word("", keys()).empty());
  CHECK(nearest_word("x", keys()).empty());
  CHECK(nearest_word("need", {}).empty());
  const std::vector<std::string> letters = {"a", "b"};
  CHECK(nearest_word("c", letters).empty());  // one letter changed, but it is all there is
}

TEST_CASE("of several equally near words the first is suggested") {
  const std::vector<std::string> known = {"edge", "edgy"};
  CHECK(nearest_word("edgx", known) == "edge");
}

TEST_CASE("a word of a megabyte is compared with nothing") {
  CHECK(nearest_word(std::string(std::size_t{1} << 20U, 'n'), keys()).empty());
}
