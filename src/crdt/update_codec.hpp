// The two update formats, field by field: what a struct consists of, and where its parts go.
//
// Format 1 writes the fields of a struct one after the other. Format 2 collects each kind of field
// in a column of its own (encoding/columns.hpp), because neighbours in a column are alike; what
// does not run (counts, first clocks, values, bytes, deletions) stays in a rest behind them. Both
// encoders, and both decoders, have the same functions, so that whoever walks structs
// (wire.hpp, encode.cpp) is written once, as a template. Names follow Yjs's UpdateEncoder.js.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crdt/update.hpp"
#include "encoding/columns.hpp"

namespace syncline::crdt::wire {

class UpdateEncoderV1 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV1;

  /// What comes in written order: here everything. Counts and clocks go here in both formats.
  encoding::Writer& rest() { return rest_; }
  void client(ClientId id) { rest_.var_uint(id); }
  void info(std::uint8_t byte) { rest_.u8(byte); }
  void left_id(ID id) { write_id(id); }
  void right_id(ID id) { write_id(id); }
  void parent_is_root(bool root) { rest_.var_uint(root ? 1 : 0); }
  void string(std::string_view text) { rest_.var_string(text); }
  /// A string whose UTF-16 length is known.
  void string(std::string_view text, std::uint64_t /*units*/) { rest_.var_string(text); }
  /// Names of formats, XML elements and hooks.
  void key(std::string_view text) { rest_.var_string(text); }
  void type_kind(TypeKind kind) { rest_.var_uint(static_cast<std::uint64_t>(kind)); }
  void length(std::uint64_t units) { rest_.var_uint(units); }
  void any(const Value& value) { rest_.any(value); }
  void bytes(ByteView bytes) { rest_.var_bytes(bytes); }
  /// What an embed or a format says: its JSON text.
  void json(const Content& content);
  void deletes(const DeleteSet::ByClient& ranges) { DeleteSet::write_v1(rest_, ranges); }
  Bytes finish() { return rest_.take(); }

 private:
  void write_id(ID id) {
    rest_.var_uint(id.client);
    rest_.var_uint(id.clock);
  }
  encoding::Writer rest_;
};

class UpdateEncoderV2 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV2;

  encoding::Writer& rest() { return rest_; }
  void client(ClientId id) { clients_.write(id); }
  void info(std::uint8_t byte) { infos_.write(byte); }
  void left_id(ID id) {
    clients_.write(id.client);
    left_clocks_.write(id.clock);
  }
  void right_id(ID id) {
    clients_.write(id.client);
    right_clocks_.write(id.clock);
  }
  void parent_is_root(bool root) { parent_infos_.write(root ? 1 : 0); }
  void string(std::string_view text);
  void string(std::string_view text, std::uint64_t units) { strings_.write(text, units); }
  /// Every key is a new one: Yjs never refers to an earlier one, since old decoders could not.
  void key(std::string_view text) {
    key_clocks_.write(next_key_++);
    string(text);
  }
  void type_kind(TypeKind kind) { type_kinds_.write(static_cast<std::uint64_t>(kind)); }
  void length(std::uint64_t units) { lengths_.write(units); }
  void any(const Value& value) { rest_.any(value); }
  void bytes(ByteView bytes) { rest_.var_bytes(bytes); }
  /// What an embed or a format says: as a value, which knows more than JSON.
  void json(const Content& content);
  /// Sorted first where they are not: Yjs writes nonsense for these.
  void deletes(const DeleteSet::ByClient& ranges);
  Bytes finish();

 private:
  std::uint64_t next_key_ = 0;
  encoding::IntDiffOptRleWriter key_clocks_;
  encoding::UintOptRleWriter clients_;
  encoding::IntDiffOptRleWriter left_clocks_;
  encoding::IntDiffOptRleWriter right_clocks_;
  encoding::RleWriter infos_;
  encoding::StringsWriter strings_;
  encoding::RleWriter parent_infos_;
  encoding::UintOptRleWriter type_kinds_;
  encoding::UintOptRleWriter lengths_;
  encoding::Writer rest_;
};

/// Decoders fail as encoding::Reader does: for good, and what is read from then on is empty.
class UpdateDecoderV1 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV1;

  explicit UpdateDecoderV1(ByteView bytes) : rest_(bytes) {}
  encoding::Reader& rest() { return rest_; }
  ClientId client() { return rest_.var_uint(client_); }
  std::uint8_t info() { return rest_.u8(); }
  ID left_id() { return read_id(); }
  ID right_id() { return read_id(); }
  bool parent_is_root() { return rest_.var_uint() == 1; }
  std::string string() { return std::string(text()); }
  /// The same, until the next call.
  std::string_view text() { return rest_.var_string(); }
  std::string key() { return string(); }
  std::uint64_t type_kind() { return rest_.var_uint(); }
  std::uint64_t length() { return rest_.var_uint(); }
  /// Fills `content.json` and `content.value`.
  void json(Content& content);
  DeleteSet::Range deleted(Clock& end);
  /// Whether `structs` more may be in what is left: each takes two bytes at least.
  bool may_hold(std::uint64_t structs) const { return structs <= rest_.left(); }

 private:
  ID read_id() {
    // Two statements: the order counts.
    const ClientId client = this->client();
    return {client, rest_.var_uint()};
  }
  encoding::Reader rest_;
  encoding::Reader::Repeated client_;
};

class UpdateDecoderV2 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV2;

  explicit UpdateDecoderV2(ByteView bytes);
  encoding::Reader& rest() { return rest_; }
  ClientId client() { return from(clients_); }
  std::uint8_t info() { return from(infos_); }
  ID left_id() {
    const ClientId client = from(clients_);
    return {client, from(left_clocks_)};
  }
  ID right_id() {
    const ClientId client = from(clients_);
    return {client, from(right_clocks_)};
  }
  bool parent_is_root() { return from(parent_infos_) == 1; }
  std::string string() { return std::string(text()); }
  /// The same, until the next call.
  std::string_view text() { return from(strings_); }
  /// Also one that refers to an earlier one, though Yjs writes none.
  std::string key();
  std::uint64_t type_kind() { return from(type_kinds_); }
  std::uint64_t length() { return from(lengths_); }
  /// Fills `content.value`.
  void json(Content& content);
  DeleteSet::Range deleted(Clock& end);
  /// A run of any length fits into a few bytes.
  bool may_hold(std::uint64_t /*structs*/) const { return true; }

 private:
  template <typename Column>
  decltype(std::declval<Column&>().read()) from(Column& column) {
    auto value = column.read();
    if (column.failed()) [[unlikely]]
      rest_.fail("a column of the update cannot be read, or ends too early");
    return value;
  }
  /// Passes a feature flag, as yet without meaning.
  ByteView first_column() {
    rest_.var_uint();
    return next_column();
  }
  ByteView next_column() { return rest_.var_bytes(); }

  // In the order of the bytes, which is that of initialization.
  encoding::Reader rest_;
  encoding::IntDiffOptRleReader key_clocks_;
  encoding::UintOptRleReader clients_;
  encoding::IntDiffOptRleReader left_clocks_;
  encoding::IntDiffOptRleReader right_clocks_;
  encoding::RleReader infos_;
  encoding::StringsReader strings_;
  encoding::RleReader parent_infos_;
  encoding::UintOptRleReader type_kinds_;
  encoding::UintOptRleReader lengths_;
  std::vector<std::string> keys_;
};

}  // namespace syncline::crdt::wire
