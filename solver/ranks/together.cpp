#include "solver/ranks/together.hpp"

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

#include "solver/error.hpp"

namespace needflow {

namespace {

enum class Trouble : std::uint64_t { none, scenario, io, invalid, memory, other };

struct Message {
  Trouble trouble = Trouble::none;
  std::uint64_t length = 0;
};

Trouble trouble_of(const std::function<void()>& work, std::string& text) {
  const auto keep = [&text](const std::exception& problem, Trouble trouble) {
    text = problem.what();
    return trouble;
  };
  try {
    work();
  } catch (const ScenarioError& problem) {
    return keep(problem, Trouble::scenario);
  } catch (const IoError& problem) {
    return keep(problem, Trouble::io);
  } catch (const InvalidPoint& problem) {
    return keep(problem, Trouble::invalid);
  } catch (const std::bad_alloc& problem) {
    return keep(problem, Trouble::memory);
  } catch (const std::exception& problem) {
    return keep(problem, Trouble::other);
  }
  return Trouble::none;
}

void throw_again(Trouble trouble, const std::string& text) {
  switch (trouble) {
    case Trouble::none:
      return;
    case Trouble::scenario:
      throw ScenarioError(text);
    case Trouble::io:
      throw IoError(text);
    case Trouble::invalid:
      throw InvalidPoint(text);
    case Trouble::memory:
      throw std::bad_alloc();
    case Trouble::other:
      throw std::runtime_error(text);
  }
}

}  // namespace

void on_first_rank(Communicator& ranks, const std::function<void()>& work) {
  std::string text;
  Message message;
  if (ranks.first()) {
    message.trouble = trouble_of(work, text);
    message.length = text.size();
  }
  ranks.broadcast(std::as_writable_bytes(std::span(&message, 1)));
  text.resize(message.length);
  ranks.broadcast(std::as_writable_bytes(std::span(text)));
  throw_again(message.trouble, text);
}

std::int64_t sum_over_ranks(Communicator& ranks, std::int64_t value) {
  ranks.add(std::span(&value, 1));
  return value;
}

}  // namespace needflow
