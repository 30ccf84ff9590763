// SchemaGuard: a document whose tree keeps to a schema: what each transaction touched, whether the
// tree is still right, and the way back where it is not.
//
// A transaction cannot be taken back: its items are part of the document. But as long as nobody
// else has heard of it, the document can be made anew without it, of the state it had some time ago
// and the updates since. Both are kept as bytes, a small part of what a document takes in memory;
// the way back costs as much as loading the document.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "crdt/doc.hpp"
#include "schema/schema.hpp"

namespace syncline::object {

/// Identity. Thread: the document's. Whoever changes the document asks violation() after each
/// transaction, and then either keeps what it did or puts restored() in place.
class SchemaGuard {
 public:
  explicit SchemaGuard(schema::Schema schema) : schema_(std::move(schema)) {}
  SchemaGuard(const SchemaGuard&) = delete;
  SchemaGuard& operator=(const SchemaGuard&) = delete;

  const schema::Schema& schema() const { return schema_; }

  /// Guards `doc` from here on, which must outlive this or the next watch(). What is in it counts
  /// as kept.
  void watch(crdt::Doc& doc);

  /// What of all that changed since the last question does not keep to the schema.
  std::optional<schema::Violation> violation();

  /// The update (v1) of the last transaction stands.
  void keep(SharedBytes update);

  /// The document with all that was kept and nothing else.
  std::unique_ptr<crdt::Doc> restored(crdt::ClientId client) const;

 private:
  void note(std::span<const crdt::Event> events);
  void begin_anew();

  const schema::Schema schema_;
  crdt::Doc* doc_ = nullptr;
  crdt::SharedType* root_ = nullptr;
  schema::Touched touched_;
  Bytes base_;
  std::vector<SharedBytes> since_;
  std::size_t since_bytes_ = 0;
  Handle watching_;
};

/// Whether a whole tree keeps to a schema, as an error of the object at `url`.
Result<void> check(const schema::Schema& schema, const Value& tree, const std::string& url);

}  // namespace syncline::object
