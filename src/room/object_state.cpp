#include "room/object_state.hpp"

#include <algorithm>

#include "room/tuning.hpp"

namespace syncline::room {
namespace {

constexpr std::uint64_t kSnapshotFormat = 1;

/// A room writes nothing that no member wrote, so it leaves formats to them.
std::unique_ptr<crdt::Doc> make_doc(Random& random) {
  return std::make_unique<crdt::Doc>(
      crdt::DocOptions{.client = draw_client_id(random), .cleanup = false});
}

Error damaged(const Head& head, const std::string& what, const std::string& why) {
  return {Code::kMalformed, "the stored " + what + " of " + head.url + " is damaged: " + why};
}

Result<void> read_snapshot(ByteView bytes, ObjectState& state) {
  encoding::Reader reader(bytes);
  const std::uint64_t format = reader.var_uint();
  if (!reader.failed() && format > kSnapshotFormat)
    return Error(Code::kUnavailable, state.head.url +
                                         " was stored by a newer version of Syncline (snapshot "
                                         "format " +
                                         std::to_string(format) + "): run that version");
  state.authorship = Authorship::read(reader);
  const ByteView update = reader.var_bytes();
  if (!reader.failed() && !reader.at_end()) reader.fail("bytes after the document");
  if (reader.failed()) return damaged(state.head, "snapshot", reader.error().message());
  const Result<crdt::Applied> applied = state.doc->apply_update_v1(update);
  if (!applied.ok()) return damaged(state.head, "snapshot", applied.error().message());
  return {};
}

Result<void> read_record(const storage::Record& record, ObjectState& state) {
  const auto wrong = [&](const std::string& why) {
    return damaged(state.head, "update " + std::to_string(record.seq), why);
  };
  Result<crdt::Update> update = crdt::decode_update_v1(record.bytes);
  if (!update.ok()) return wrong(update.error().message());
  if (!state.doc->unmet(*update).empty()) return wrong("what it depends on is not there");
  state.authorship.record(*update, state.doc->state_vector(), record.author);
  state.doc->apply(*update);
  state.unfolded_bytes += record.bytes.size();
  return {};
}

}  // namespace

crdt::ClientId draw_client_id(Random& random) { return random.next() & encoding::kMaxSafeInteger; }

std::string draw_incarnation(Random& random) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  std::uint64_t bits = random.next();
  for (int i = 0; i < 16; ++i, bits >>= 4) out += kDigits[bits & 15];
  return out;
}

bool ObjectState::fold_due() const {
  const std::uint64_t updates = seq - folded_upto;
  if (updates < kFoldUpdates && unfolded_bytes < kFoldBytes) return false;
  return unfolded_bytes >= snapshot_bytes / kFoldSnapshotShare || updates >= kFoldUpdatesMost;
}

Result<void> ObjectState::guard_schema() {
  if (head.schema.is_null()) return {};
  Result<schema::Schema> compiled = schema::Schema::compile(head.schema);
  if (!compiled.ok()) return damaged(head, "schema", compiled.error().message());
  guard = std::make_unique<object::SchemaGuard>(*std::move(compiled));
  guard->watch(*doc);
  return {};
}

void ObjectState::take_back(Random& random) {
  std::unique_ptr<crdt::Doc> before = guard->restored(draw_client_id(random));
  guard->watch(*before);
  doc = std::move(before);
}

ObjectState make_state(Head head, Random& random) {
  ObjectState state;
  state.seq = head.base_seq;
  state.folded_upto = head.base_seq;
  state.head = std::move(head);
  state.doc = make_doc(random);
  return state;
}

Result<ObjectState> load_state(const storage::Stored& stored, Random& random) {
  SYNCLINE_TRY_ASSIGN(head, Head::decode(stored.head));
  ObjectState state = make_state(std::move(head), random);
  state.stored = true;
  // What an earlier incarnation left is never merged into this one.
  const std::uint64_t base = state.head.base_seq;
  if (stored.upto > base && !stored.snapshot.empty()) {
    SYNCLINE_TRY(read_snapshot(stored.snapshot, state));
    state.snapshot_bytes = stored.snapshot.size();
  }
  state.seq = std::max(base, stored.upto);
  state.folded_upto = state.seq;
  for (const storage::Record& record : stored.tail) {
    if (record.kind != storage::RecordKind::kUpdate || record.seq <= base) continue;
    if (record.seq > stored.upto) {
      SYNCLINE_TRY(read_record(record, state));
      state.seq = record.seq;
    }
    if (!state.tail.empty() && !state.tail.covers(record.seq - 1)) continue;
    state.tail.push({record.seq, record.author, share(record.bytes), 0});
  }
  state.tail.trim(state.seq);
  SYNCLINE_TRY(state.guard_schema());
  return state;
}

std::uint64_t last_seq(const storage::Stored& stored) {
  std::uint64_t seq = stored.upto;
  for (const storage::Record& record : stored.tail) seq = std::max(seq, record.seq);
  return seq;
}

Bytes encode_snapshot(const ObjectState& state) {
  encoding::Writer writer;
  writer.var_uint(kSnapshotFormat);
  state.authorship.write(writer);
  writer.var_bytes(state.doc->encode_state_as_update_v1());
  return writer.take();
}

}  // namespace syncline::room
