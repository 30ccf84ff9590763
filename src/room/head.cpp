#include "room/head.hpp"

#include <algorithm>

#include "room/identity_table.hpp"

namespace syncline::room {
namespace {

using encoding::Reader;
using encoding::Writer;

constexpr std::uint64_t kFormat = 1;

void write_holders(Writer& writer, const std::map<crdt::ClientId, std::string>& holders) {
  IdentityTable identities;
  for (const auto& [client, identity] : holders) identities.number_of(identity);
  identities.write(writer);
  writer.var_uint(holders.size());
  for (const auto& [client, identity] : holders) {
    writer.var_uint(client);
    writer.var_uint(identities.number_of(identity));
  }
}

std::map<crdt::ClientId, std::string> read_holders(Reader& reader) {
  std::map<crdt::ClientId, std::string> out;
  const IdentityTable identities = IdentityTable::read(reader);
  const std::uint64_t count = reader.var_uint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const crdt::ClientId client = reader.var_uint();
    const IdentityTable::Number number = identities.read_number(reader);
    if (!reader.failed()) out.emplace(client, identities.name(number));
  }
  return out;
}

/// Milliseconds since 1970 fit a varUint; clocks set before then are recorded as 1970.
std::uint64_t from_ms(std::int64_t ms) { return ms < 0 ? 0 : static_cast<std::uint64_t>(ms); }
std::int64_t to_ms(std::uint64_t ms) { return static_cast<std::int64_t>(ms); }

bool read_flag(Reader& reader) {
  const std::uint8_t byte = reader.u8();
  if (byte > 1) reader.fail("a flag is neither 0 nor 1");
  return byte == 1;
}

}  // namespace

access::Subject Head::subject(std::string_view identity) const {
  access::Subject out;
  out.identity = identity;
  out.owner = !access::is_anonymous(identity) && identity == owner;
  out.invited = find_invited(identity) != nullptr;
  return out;
}

access::Circumstances Head::circumstances(std::int64_t now_ms, const access::Rules* hub) const {
  access::Circumstances now{.now_ms = now_ms, .schema = {}, .hub = hub};
  // A schema is known by its name: itself, or its $id.
  const Value* name = schema.is_object() ? schema.find("$id") : &schema;
  if (name != nullptr && name->is_string()) now.schema = name->string();
  return now;
}

const Invited* Head::find_invited(std::string_view identity) const {
  const auto found = std::find_if(invited.begin(), invited.end(),
                                  [&](const Invited& one) { return one.identity == identity; });
  return found == invited.end() ? nullptr : &*found;
}

Invited* Head::find_invited(std::string_view identity) {
  return const_cast<Invited*>(std::as_const(*this).find_invited(identity));
}

Bytes Head::encode() const {
  Writer writer;
  writer.var_uint(kFormat);
  writer.var_string(url);
  writer.var_string(owner);
  writer.any(rules.print());
  writer.var_uint(epoch);
  writer.var_string(incarnation);
  writer.var_uint(from_ms(created_ms));
  writer.any(schema);
  writer.var_string(nonce);
  writer.var_uint(invited.size());
  for (const Invited& one : invited) {
    writer.var_string(one.identity);
    writer.var_string(one.from);
    writer.u8(one.pending ? 1 : 0);
  }
  writer.u8(durable ? 1 : 0);
  writer.var_uint(base_seq);
  refused.write_v1(writer);
  write_holders(writer, holders);
  writer.u8(deleted_ms ? 1 : 0);
  if (deleted_ms) writer.var_uint(from_ms(*deleted_ms));
  return writer.take();
}

Result<Head> Head::decode(ByteView bytes) {
  Reader reader(bytes);
  const std::uint64_t format = reader.var_uint();
  if (!reader.failed() && format > kFormat)
    return Error(Code::kUnavailable,
                 "an object was stored by a newer version of Syncline (head format " +
                     std::to_string(format) + ", this one reads up to " + std::to_string(kFormat) +
                     "): run that version");
  if (format == 0) reader.fail("no head has format 0");
  Head head;
  head.url = reader.var_string();
  head.owner = reader.var_string();
  const Value rules = reader.any();
  head.epoch = reader.var_uint();
  head.incarnation = reader.var_string();
  head.created_ms = to_ms(reader.var_uint());
  head.schema = reader.any();
  head.nonce = reader.var_string();
  const std::uint64_t count = reader.var_uint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    Invited one;
    one.identity = reader.var_string();
    one.from = reader.var_string();
    one.pending = read_flag(reader);
    head.invited.push_back(std::move(one));
  }
  head.durable = read_flag(reader);
  head.base_seq = reader.var_uint();
  head.refused = crdt::IdSet::read_v1(reader);
  head.holders = read_holders(reader);
  if (read_flag(reader)) head.deleted_ms = to_ms(reader.var_uint());
  if (!reader.failed() && !reader.at_end()) reader.fail("bytes after the last field");
  if (reader.failed())
    return Error(Code::kMalformed, "a stored head is damaged: " + reader.error().message());
  SYNCLINE_TRY_ASSIGN(parsed, access::Rules::parse(rules));
  head.rules = std::move(parsed);
  return head;
}

}  // namespace syncline::room
