// Text from outside has to be UTF-8 without NUL bytes: ids go into result files, where readers
// expect no less.
#pragma once

#include <string>
#include <string_view>

namespace needflow {

/// Throws ScenarioError naming the file, the line and the first byte that is wrong; the encoding is
/// the whole file's mistake, so the first place is enough.
void check_encoding(const std::string& file, std::string_view text);

}  // namespace needflow
