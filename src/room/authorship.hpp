// Authorship: whose identity each unit of a document was recorded under, as ranges per client id.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "access/verdict.hpp"
#include "crdt/id.hpp"
#include "crdt/update.hpp"
#include "room/identity_table.hpp"

namespace syncline::room {

/// Grows with the document; kept in snapshots, and from there on by the authors of log records.
/// Value type.
class Authorship final : public access::Authors {
 public:
  /// Records what `update` adds to a document that stands at `before`.
  void record(const crdt::Update& update, const crdt::StateVector& before,
              std::string_view identity);
  /// Records units [from, to) of a client. What was recorded before stays as it was.
  void record(crdt::ClientId client, crdt::Clock from, crdt::Clock to, std::string_view identity);

  /// nullopt for units nobody recorded.
  std::optional<std::string_view> author_of(crdt::ID id) const override;
  crdt::Clock same_author_until(crdt::ID unit, crdt::Clock end) const override;

  void write(encoding::Writer& writer) const;
  /// Fails the reader on malformed input.
  static Authorship read(encoding::Reader& reader);

  friend bool operator==(const Authorship& a, const Authorship& b);

 private:
  struct Range {
    crdt::Clock to = 0;
    IdentityTable::Number author = 0;
  };
  IdentityTable identities_;
  /// Per client, disjoint ranges by their first clock; neighbours of one author are one range.
  std::map<crdt::ClientId, std::map<crdt::Clock, Range>> ranges_;
};

}  // namespace syncline::room
