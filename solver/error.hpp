// The mistakes needflow reports, one type per exit code. Everything below `main` throws one of
// these; `main` alone prints the text and turns the type into the exit code.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace needflow {

/// Bad usage, a bad scenario or bad instance data: the user can mend it (exit code 2).
/// The text names the file, line or key, the value found and what would be right; several
/// mistakes found together are several lines.
class ScenarioError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file that cannot be opened, read or written (exit code 4).
class IoError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A point that has no solution, such as a hub that is not among the agents. It becomes a row
/// with status `invalid` in a sweep; it never ends one.
class InvalidPoint : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown by an observer to end a run at the user's wish; no error, hence no std::exception, so
/// that whoever turns errors into failed points lets it pass (exit code 75).
struct Interrupted {};

}  // namespace needflow
