#include "solver/ranks/rank_rows.hpp"

#include <algorithm>

#include "solver/ranks/rank_pattern.hpp"
#include "solver/ranks/together.hpp"

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

RankPart own_of(const Communicator& ranks, std::span<const RankPart> parts) {
  return parts[at(ranks.rank())];
}

/// Some rows as they are; columns stay.
CsrMatrix some_rows(const CsrMatrix& whole, RankPart part) {
  CsrMatrix rows;
  rows.column_count = whole.column_count;
  const auto begin = static_cast<std::size_t>(whole.offsets[part.first]);
  const auto end = static_cast<std::size_t>(whole.offsets[part.first + part.count]);
  for (std::size_t i = 1; i <= part.count; ++i) {
    rows.offsets.push_back(whole.offsets[part.first + i] - whole.offsets[part.first]);
  }
  const auto cut = [begin, end](const auto& from, auto& to) {
    if (from.empty()) return;
    to.assign(from.begin() + static_cast<std::ptrdiff_t>(begin),
              from.begin() + static_cast<std::ptrdiff_t>(end));
  };
  cut(whole.columns, rows.columns);
  cut(whole.weights, rows.weights);
  cut(whole.desire, rows.desire);
  return rows;
}

/// MR from S where both ends of a link may be on different ranks.
class MutualMinimum {
 public:
  MutualMinimum(Communicator& ranks, std::span<const RankPart> parts, const Network& rows,
                std::vector<double>& shares, std::size_t a_message)
      : ranks_(ranks), parts_(parts), rows_(rows), shares_(shares), a_message_(a_message) {}

  void make() {
    within();
    for (int step = 1; step < ranks_.size(); ++step) {
      const int to = (ranks_.rank() + step) % ranks_.size();
      const int from = (ranks_.rank() + ranks_.size() - step) % ranks_.size();
      across(to, from);
    }
  }

 private:
  struct Piece {
    std::vector<Index> rows;  ///< of the receiver
    std::vector<double> shares;
  };

  /// For each own row, its first entry with a column of that part or above.
  [[nodiscard]] std::vector<Offset> cursors(RankPart part) const {
    std::vector<Offset> cursor(rows_.agents());
    for (std::size_t i = 0; i < cursor.size(); ++i) {
      const auto begin = rows_.columns.begin() + rows_.offsets[i];
      const auto end = rows_.columns.begin() + rows_.offsets[i + 1];
      const auto place = std::lower_bound(begin, end, static_cast<Index>(part.first));
      cursor[i] = place - rows_.columns.begin();
    }
    return cursor;
  }

  /// Both ends here: solver/recognition.cpp's walk, on the columns that are own rows.
  void within() {
    const RankPart own = own_of(ranks_, parts_);
    std::vector<Offset> cursor = cursors(own);
    for (std::size_t i = 0; i < rows_.agents(); ++i) {
      for (Offset e = cursor[i]; e < rows_.offsets[i + 1]; ++e) {
        const auto j = static_cast<std::size_t>(rows_.columns[static_cast<std::size_t>(e)]);
        if (j >= own.first + own.count) break;
        double& here = shares_[static_cast<std::size_t>(e)];
        double& back = shares_[static_cast<std::size_t>(cursor[j - own.first]++)];
        here = back = std::min(here, back);
      }
    }
  }

  /// Sends the shares of links into `to`, row by row, and takes in those of `from`: as its rows
  /// ascend, so do the entries they stand for in every row here. A share that has been replaced by
  /// the minimum already gives the same minimum.
  void across(int to, int from) {
    const RankPart there = parts_[at(to)];
    std::vector<Offset> sending = cursors(there);
    std::vector<Offset> taking = cursors(parts_[at(from)]);
    std::size_t row = 0;
    std::uint64_t more_to_come = 1;
    for (bool more = true; more || more_to_come != 0;) {
      Piece out = more ? next_piece(there, row, sending) : Piece{};
      const std::uint64_t had = out.rows.size();
      const bool sends = more;
      more = had == a_message_;
      std::uint64_t comes = 0;
      const bool takes = more_to_come != 0;
      send_and_take(sends ? to : -1, std::span(&had, 1), takes ? from : -1, std::span(&comes, 1));
      Piece in;
      in.rows.resize(comes);
      in.shares.resize(comes);
      send_and_take(sends ? to : -1, std::span(std::as_const(out.rows)), takes ? from : -1,
                    std::span(in.rows));
      send_and_take(sends ? to : -1, std::span(std::as_const(out.shares)), takes ? from : -1,
                    std::span(in.shares));
      for (std::size_t k = 0; k < in.rows.size(); ++k) {
        auto& e = taking[static_cast<std::size_t>(in.rows[k])];
        double& here = shares_[static_cast<std::size_t>(e++)];
        here = std::min(here, in.shares[k]);
      }
      more_to_come = takes && comes == a_message_ ? 1 : 0;
    }
  }

  Piece next_piece(RankPart there, std::size_t& row, std::vector<Offset>& cursor) const {
    Piece piece;
    for (; row < rows_.agents(); ++row) {
      for (Offset& e = cursor[row]; e < rows_.offsets[row + 1]; ++e) {
        const auto j = static_cast<std::size_t>(rows_.columns[static_cast<std::size_t>(e)]);
        if (j >= there.first + there.count) break;
        if (piece.rows.size() == a_message_) return piece;
        piece.rows.push_back(static_cast<Index>(j - there.first));
        piece.shares.push_back(shares_[static_cast<std::size_t>(e)]);
      }
    }
    return piece;
  }

  template <class T>
  void send_and_take(int to, std::span<const T> out, int from, std::span<T> in) {
    std::vector<Outgoing> sends;
    std::vector<Incoming> receives;
    if (to >= 0) sends.push_back({to, std::as_bytes(out)});
    if (from >= 0) receives.push_back({from, std::as_writable_bytes(in)});
    ranks_.exchange(sends, receives);
  }

  Communicator& ranks_;
  std::span<const RankPart> parts_;
  const Network& rows_;
  std::vector<double>& shares_;
  std::size_t a_message_;
};

Recognition generated_rows(Communicator& ranks, const Sweep& sweep, const Point& point,
                           Threads threads, const NetworkObserver& observer,
                           std::span<const RankPart> parts) {
  Network network = pattern_of_rank(ranks, parts, sweep, point, threads, observer);
  const RankPart own = own_of(ranks, parts);
  std::vector<double> shares = drawn_shares(network, own.first, point.settings.recognition,
                                            point.settings.seed, point.network, threads);
  make_mutual(ranks, parts, network, shares);
  const bool zeros =
      std::any_of(shares.begin(), shares.end(), [](double share) { return !(share > 0.0); });
  return agent_recognition(weighted_rows(std::move(network), std::move(shares)), zeros);
}

Recognition given_rows(const Recognition& whole, RankPart providers, RankPart recipients) {
  Recognition own;
  own.agent_network = whole.agent_network;
  own.provider_rows = some_rows(whole.provider_rows, providers);
  own.provider_rows.column_count = recipients.count;
  const auto part = [](const std::vector<Index>& all, RankPart rows) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(rows.first);
    return std::vector<Index>(begin, begin + static_cast<std::ptrdiff_t>(rows.count));
  };
  own.provider_degree = part(whole.provider_degree, providers);
  if (whole.agent_network) return own;
  own.recipient_rows_if_bipartite = some_rows(whole.recipient_rows_if_bipartite, recipients);
  own.recipient_rows_if_bipartite.column_count = providers.count;
  own.recipient_degree = part(whole.recipient_degree, recipients);
  return own;
}

}  // namespace

double RankRows::mean_degree() const {
  const std::int64_t agents = own.agent_network ? providers : providers + recipients;
  return agents == 0 ? 0.0
                     : 2.0 * static_cast<double>(own.network_edges) / static_cast<double>(agents);
}

void make_mutual(Communicator& ranks, std::span<const RankPart> parts, const Network& rows,
                 std::vector<double>& shares, std::size_t a_message) {
  MutualMinimum(ranks, parts, rows, shares, a_message).make();
}

RankRows rows_of_rank(Communicator& ranks, const Sweep& sweep, const Point& point, Threads threads,
                      const NetworkObserver& observer) {
  const bool given = sweep.instance->source != Source::generated;
  RankRows rows;
  if (given) {
    const Recognition& whole = sweep.instance->recognition;
    rows.provider_parts = split_rows(whole.providers(), ranks.size());
    rows.recipient_parts = split_rows(whole.recipients(), ranks.size());
    rows.own =
        given_rows(whole, own_of(ranks, rows.provider_parts), own_of(ranks, rows.recipient_parts));
    rows.own.network_edges = whole.network_edges;
    rows.own.recognised_pairs = whole.recognised_pairs;
  } else {
    const auto agents = static_cast<std::size_t>(network_agents(point.settings.network));
    rows.provider_parts = split_rows(agents, ranks.size());
    rows.recipient_parts = rows.provider_parts;
    rows.own = generated_rows(ranks, sweep, point, threads, observer, rows.provider_parts);
    std::int64_t links = 0;
    for (const Index degree : rows.own.provider_degree) links += degree;
    rows.own.network_edges = sum_over_ranks(ranks, links) / 2;
    rows.own.recognised_pairs = sum_over_ranks(ranks, rows.own.provider_rows.entries()) / 2;
  }
  const auto all = [](const std::vector<RankPart>& parts) {
    return static_cast<std::int64_t>(parts.back().first + parts.back().count);
  };
  rows.providers = all(rows.provider_parts);
  rows.recipients = all(rows.recipient_parts);
  rows.recipients_seen =
      std::make_unique<Halo>(ranks, rows.recipient_parts, rows.own.provider_rows.columns);
  if (!rows.own.agent_network) {
    rows.providers_seen = std::make_unique<Halo>(ranks, rows.provider_parts,
                                                 rows.own.recipient_rows_if_bipartite.columns);
  }
  if (point.settings.solver.weights == WeightPrecision::f32) narrow_recognition(rows.own);
  return rows;
}

}  // namespace needflow
