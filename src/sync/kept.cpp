// The bytes of a kept object: lib0's primitives, as everywhere. A number says what an entry is;
// numbers are never reused.
#include "sync/kept.hpp"

#include <utility>

#include "base/check.hpp"
#include "encoding/lib0.hpp"

namespace syncline::sync {
namespace {

using encoding::Reader;
using encoding::Writer;

constexpr std::uint64_t kFormat = 2;

enum EntryKind : std::uint64_t {
  kBegan = 1,
  kConfirmed = 2,
  kMade = 3,
  kCame = 4,
  kSettled = 5,
  kReset = 6,
  kParked = 7,
  kReleased = 8,
};

SharedBytes read_bytes(Reader& reader) {
  const ByteView bytes = reader.var_bytes();
  return share(Bytes(bytes.begin(), bytes.end()));
}

bool read_flag(Reader& reader) {
  const std::uint8_t byte = reader.u8();
  if (byte > 1) reader.fail("a flag is neither 0 nor 1");
  return byte == 1;
}

Result<void> finished(Reader& reader, const char* what) {
  if (!reader.failed() && !reader.at_end()) reader.fail("bytes after the last field");
  if (!reader.failed()) return {};
  return Error(Code::kMalformed,
               std::string("a stored ") + what + " is damaged: " + reader.error().message());
}

Result<void> known_format(Reader& reader, std::uint64_t format) {
  if (!reader.failed() && format > kFormat)
    return Error(Code::kUnavailable,
                 "the data was written by a newer version of Syncline (format " +
                     std::to_string(format) + ", this one reads up to " + std::to_string(kFormat) +
                     "): run that version");
  if (format == 0) reader.fail("there is no format 0");
  return {};
}

// ---- changes ----

void write_optional(Writer& writer, const std::optional<Value>& value) {
  writer.u8(value ? 1 : 0);
  if (value) writer.any(*value);
}

std::optional<Value> read_optional(Reader& reader) {
  if (!read_flag(reader)) return std::nullopt;
  return reader.any();
}

void write_changes(Writer& writer, const Changes& changes) {
  writer.var_uint(changes.size());
  for (const Change& change : changes) {
    writer.u8(static_cast<std::uint8_t>(change.type));
    writer.var_uint(change.path.size());
    for (const Step& step : change.path) {
      const auto* index = std::get_if<std::size_t>(&step);
      writer.u8(index != nullptr ? 1 : 0);
      if (index != nullptr) {
        writer.var_uint(*index);
      } else {
        writer.var_string(std::get<std::string>(step));
      }
    }
    write_optional(writer, change.old_value);
    write_optional(writer, change.new_value);
    writer.var_uint(change.index);
    writer.any(change.removed);
    writer.any(change.inserted);
  }
}

Changes read_changes(Reader& reader) {
  Changes changes;
  const std::uint64_t count = reader.var_uint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    Change change;
    const std::uint8_t type = reader.u8();
    if (type > static_cast<std::uint8_t>(Change::Type::kFormat)) reader.fail("no type of change");
    change.type = static_cast<Change::Type>(type);
    const std::uint64_t steps = reader.var_uint();
    for (std::uint64_t step = 0; step < steps && !reader.failed(); ++step) {
      if (read_flag(reader)) {
        change.path.emplace_back(static_cast<std::size_t>(reader.var_uint()));
      } else {
        change.path.emplace_back(std::string(reader.var_string()));
      }
    }
    change.old_value = read_optional(reader);
    change.new_value = read_optional(reader);
    change.index = static_cast<std::size_t>(reader.var_uint());
    change.removed = reader.any();
    change.inserted = reader.any();
    changes.push_back(std::move(change));
  }
  return changes;
}

void write_parked(Writer& writer, const ParkedEdit& parked) {
  writer.var_uint(parked.id);
  writer.var_uint(static_cast<std::uint64_t>(parked.why.code()));
  writer.var_string(parked.why.reason());
  writer.var_string(parked.why.message());
  writer.var_uint(parked.time_ms < 0 ? 0 : static_cast<std::uint64_t>(parked.time_ms));
  write_changes(writer, parked.changes);
}

ParkedEdit read_parked(Reader& reader) {
  ParkedEdit parked;
  parked.id = reader.var_uint();
  const Code code = code_from(static_cast<int>(reader.var_uint()));
  std::string reason(reader.var_string());
  parked.why = Error(code, std::move(reason), std::string(reader.var_string()));
  parked.time_ms = static_cast<std::int64_t>(reader.var_uint());
  parked.changes = read_changes(reader);
  return parked;
}

void write_made(Writer& writer, const Made& made) {
  writer.var_uint(made.number);
  writer.u8(made.relayed ? 1 : 0);
  writer.var_bytes(*made.update);
}

Made read_made(Reader& reader) {
  Made made;
  made.number = reader.var_uint();
  made.relayed = read_flag(reader);
  made.update = read_bytes(reader);
  return made;
}

Result<JournalEntry> decode_entry(const storage::Record& record) {
  Reader reader(record.bytes);
  JournalEntry entry;
  switch (reader.var_uint()) {
    case kBegan:
      entry = Began{read_bytes(reader)};
      break;
    case kConfirmed:
      entry = Confirmed{reader.var_uint()};
      break;
    case kMade:
      entry = read_made(reader);
      break;
    case kCame: {
      Came came{.position = reader.var_uint(), .by = record.author, .update = nullptr};
      came.update = read_bytes(reader);
      entry = std::move(came);
      break;
    }
    case kSettled: {
      Settled settled;
      settled.upto = reader.var_uint();
      settled.position = reader.var_uint();
      entry = settled;
      break;
    }
    case kReset: {
      Reset reset;
      reset.position = reader.var_uint();
      reset.state = read_bytes(reader);
      entry = std::move(reset);
      break;
    }
    case kParked:
      entry = read_parked(reader);
      break;
    case kReleased:
      entry = Released{reader.var_uint()};
      break;
    default:
      return Error(Code::kUnavailable,
                   "the data was written by a newer version of Syncline (an entry of an unknown "
                   "kind): run that version");
  }
  SYNCLINE_TRY(finished(reader, "journal entry"));
  return entry;
}

/// What is stored was decoded when it came, or made here: it can be applied, or is damaged beyond
/// what checksums find.
void apply(crdt::Doc& doc, const SharedBytes& update) {
  const Result<crdt::Applied> applied = doc.apply_update_v1(*update);
  SYNCLINE_CHECK(applied.ok(), "a stored update cannot be read");
}

}  // namespace

// ---- facts ----

Bytes Facts::encode() const {
  Writer writer;
  writer.var_uint(kFormat);
  writer.var_string(owner);
  writer.var_uint(epoch);
  writer.var_string(may_write);
  writer.var_string(incarnation);
  writer.u8(followed ? 1 : 0);
  writer.u8(creation ? 1 : 0);
  if (creation) {
    writer.var_string(creation->nonce);
    writer.any(creation->access);
    writer.var_uint(creation->invite.size());
    for (const std::string& invited : creation->invite) writer.var_string(invited);
    writer.u8(creation->durable ? 1 : 0);
  }
  writer.any(schema ? *schema : Value());
  return writer.take();
}

Result<Facts> Facts::decode(ByteView bytes) {
  Reader reader(bytes);
  const std::uint64_t format = reader.var_uint();
  SYNCLINE_TRY(known_format(reader, format));
  Facts facts;
  facts.owner = reader.var_string();
  facts.epoch = reader.var_uint();
  facts.may_write = reader.var_string();
  facts.incarnation = reader.var_string();
  facts.followed = read_flag(reader);
  if (read_flag(reader)) {
    Creation creation;
    creation.nonce = reader.var_string();
    creation.access = reader.any();
    const std::uint64_t invited = reader.var_uint();
    for (std::uint64_t i = 0; i < invited && !reader.failed(); ++i)
      creation.invite.emplace_back(reader.var_string());
    creation.durable = read_flag(reader);
    facts.creation = std::move(creation);
  }
  // The first format had no schemas.
  if (format >= 2)
    if (Value schema = reader.any(); !schema.is_null())
      facts.schema = std::make_shared<const Value>(std::move(schema));
  SYNCLINE_TRY(finished(reader, "head"));
  return facts;
}

// ---- entries ----

Bytes encode_entry(const JournalEntry& entry) {
  Writer writer;
  std::visit(
      [&](const auto& one) {
        using E = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<E, Began>) {
          writer.var_uint(kBegan);
          writer.var_bytes(*one.state);
        } else if constexpr (std::is_same_v<E, Confirmed>) {
          writer.var_uint(kConfirmed);
          writer.var_uint(one.position);
        } else if constexpr (std::is_same_v<E, Made>) {
          writer.var_uint(kMade);
          write_made(writer, one);
        } else if constexpr (std::is_same_v<E, Came>) {
          writer.var_uint(kCame);
          writer.var_uint(one.position);
          writer.var_bytes(*one.update);
        } else if constexpr (std::is_same_v<E, Settled>) {
          writer.var_uint(kSettled);
          writer.var_uint(one.upto);
          writer.var_uint(one.position);
        } else if constexpr (std::is_same_v<E, Reset>) {
          writer.var_uint(kReset);
          writer.var_uint(one.position);
          writer.var_bytes(*one.state);
        } else if constexpr (std::is_same_v<E, ParkedEdit>) {
          writer.var_uint(kParked);
          write_parked(writer, one);
        } else {
          static_assert(std::is_same_v<E, Released>);
          writer.var_uint(kReleased);
          writer.var_uint(one.id);
        }
      },
      entry);
  return writer.take();
}

Result<void> Kept::replay(const storage::Record& record) {
  if (record.kind == storage::RecordKind::kHead) {
    SYNCLINE_TRY_ASSIGN(decoded, Facts::decode(record.bytes));
    facts = std::move(decoded);
    return {};
  }
  if (record.seq <= seq) return {};
  SYNCLINE_TRY_ASSIGN(entry, decode_entry(record));
  seq = record.seq;
  replay(std::move(entry));
  return {};
}

void Kept::replay(JournalEntry entry) {
  if (auto* began = std::get_if<Began>(&entry)) {
    first = std::move(began->state);
  } else if (const auto* confirmed = std::get_if<Confirmed>(&entry)) {
    if (first) base.push_back(std::exchange(first, nullptr));
    position = confirmed->position;
  } else if (auto* one = std::get_if<Made>(&entry)) {
    made = one->number;
    queue.push_back(std::move(*one));
  } else if (auto* came = std::get_if<Came>(&entry)) {
    base.push_back(std::move(came->update));
    position = came->position;
  } else if (const auto* settled = std::get_if<Settled>(&entry)) {
    for (; !queue.empty() && queue.front().number <= settled->upto; queue.pop_front())
      base.push_back(std::move(queue.front().update));
    position = settled->position;
  } else if (auto* reset = std::get_if<Reset>(&entry)) {
    base.clear();
    if (!reset->state->empty()) base.push_back(std::move(reset->state));
    first = nullptr;
    queue.clear();
    position = reset->position;
  } else if (auto* edit = std::get_if<ParkedEdit>(&entry)) {
    last_parked = std::max(last_parked, edit->id);
    const std::uint64_t id = edit->id;
    parked.insert_or_assign(id, std::move(*edit));
  } else if (const auto* released = std::get_if<Released>(&entry)) {
    parked.erase(released->id);
  }
}

// ---- snapshots ----

Bytes Kept::encode_snapshot() const {
  Writer writer;
  writer.var_uint(kFormat);
  writer.var_bytes(base.empty() ? Bytes() : base_document(*this, 0)->encode_state_as_update_v1());
  writer.u8(first ? 1 : 0);
  if (first) writer.var_bytes(*first);
  writer.var_uint(position);
  writer.var_uint(made);
  writer.var_uint(queue.size());
  for (const Made& one : queue) write_made(writer, one);
  writer.var_uint(last_parked);
  writer.var_uint(parked.size());
  for (const auto& [id, edit] : parked) write_parked(writer, edit);
  return writer.take();
}

Result<Kept> read_kept(const storage::Stored& stored) {
  Kept kept;
  SYNCLINE_TRY_ASSIGN(facts, Facts::decode(stored.head));
  kept.facts = std::move(facts);
  kept.seq = stored.upto;
  if (!stored.snapshot.empty()) {
    Reader reader(stored.snapshot);
    SYNCLINE_TRY(known_format(reader, reader.var_uint()));
    if (SharedBytes base = read_bytes(reader); !base->empty()) kept.base.push_back(std::move(base));
    if (read_flag(reader)) kept.first = read_bytes(reader);
    kept.position = reader.var_uint();
    kept.made = reader.var_uint();
    const std::uint64_t queued = reader.var_uint();
    for (std::uint64_t i = 0; i < queued && !reader.failed(); ++i)
      kept.queue.push_back(read_made(reader));
    kept.last_parked = reader.var_uint();
    const std::uint64_t parked = reader.var_uint();
    for (std::uint64_t i = 0; i < parked && !reader.failed(); ++i) {
      ParkedEdit edit = read_parked(reader);
      const std::uint64_t id = edit.id;
      kept.parked.emplace(id, std::move(edit));
    }
    SYNCLINE_TRY(finished(reader, "snapshot"));
  }
  for (const storage::Record& record : stored.tail) SYNCLINE_TRY(kept.replay(record));
  return kept;
}

std::unique_ptr<crdt::Doc> base_document(const Kept& kept, crdt::ClientId client) {
  auto doc = std::make_unique<crdt::Doc>(crdt::DocOptions{.client = client});
  for (const SharedBytes& update : kept.base) apply(*doc, update);
  return doc;
}

std::unique_ptr<crdt::Doc> local_document(const Kept& kept, crdt::ClientId client) {
  std::unique_ptr<crdt::Doc> doc = base_document(kept, client);
  if (kept.first) apply(*doc, kept.first);
  for (const Made& one : kept.queue) apply(*doc, one.update);
  return doc;
}

}  // namespace syncline::sync
