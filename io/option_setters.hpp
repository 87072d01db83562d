// Inside of the option table: what puts a checked value into its setting.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "io/options.hpp"

namespace needflow {

using Words = std::vector<std::string>;

/// Position of a checked word in its option's list; enumerations are declared in that order.
template <class Enum>
Enum enum_of(const Words& words, const Value& value) {
  const auto found = std::find(words.begin(), words.end(), std::get<std::string>(value));
  return static_cast<Enum>(found - words.begin());
}

template <class Part, class Field>
auto put_integer(Part Settings::*part, Field Part::*field) {
  return [=](Settings& s, const Value& v) { (s.*part).*field = std::get<std::int64_t>(v); };
}
template <class Part, class Field>
auto put_real(Part Settings::*part, Field Part::*field) {
  return [=](Settings& s, const Value& v) { (s.*part).*field = std::get<double>(v); };
}
template <class Part>
auto put_boolean(Part Settings::*part, bool Part::*field) {
  return [=](Settings& s, const Value& v) { (s.*part).*field = std::get<bool>(v); };
}
template <class Part, class Enum>
auto put_word(Words words, Part Settings::*part, Enum Part::*field) {
  return [=](Settings& s, const Value& v) { (s.*part).*field = enum_of<Enum>(words, v); };
}

/// [output], in io/output_options.cpp.
void add_output_options(std::vector<Option>& table);
/// [strategies] and [trust], in io/trust_options.cpp.
void add_trust_options(std::vector<Option>& table);

/// [network], in io/network_options.cpp.
void add_network_options(std::vector<Option>& table);

}  // namespace needflow
