// Local changes of texts: where they go and what they remove.
//
// A text without formats needs its position index only; an insertion goes behind the tombstones
// that follow its place. With formats, or where some are wanted, the text is walked from its start
// and account is kept of the attributes that hold (formats.cpp), as Yjs does, so that both
// sides agree to the byte.
#include "base/check.hpp"
#include "crdt/engine.hpp"
#include "crdt/format_cursor.hpp"
#include "crdt/tuning.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

bool deletable(const Item& item) {
  return !item.deleted && (item.kind == StructKind::kString || item.kind == StructKind::kEmbed ||
                           item.kind == StructKind::kType);
}

Error refused_embed() {
  return {Code::kSchema,
          "a text takes no null, undefined, BigInt or subdocument as an embed, as in Yjs; use an "
          "object, or a shared type"};
}

bool is_embed(const Input& input) {
  if (std::holds_alternative<NewType>(input.content)) return true;
  const auto* value = std::get_if<Value>(&input.content);
  return value != nullptr && !value->is_null() && !value->is_undefined() &&
         value->kind() != Value::Kind::kBigInt && !(value->is_string() && value->string().empty());
}

}  // namespace

FormatCursor Engine::cursor_at(RunningTransaction& transaction, TypeState& of, std::size_t index) {
  FormatCursor cursor(store, of.first);
  if (!of.has_formats) {
    // Past the end is past the tombstones there, too.
    cursor.left = index > of.length ? of.last : left_of(transaction, of, index);
    if (cursor.left != kNone) cursor.right = store[cursor.left].right;
    return cursor;
  }
  for (std::uint64_t count = index; count > 0 && cursor.right != kNone; cursor.forward()) {
    const Item& item = store[cursor.right];
    if (item.kind == StructKind::kFormat || item.deleted) continue;
    if (count < item.length()) split(transaction, cursor.right, count);
    count -= item.length();
  }
  return cursor;
}

void Engine::insert_plain(RunningTransaction& transaction, TypeState& of, std::uint64_t index,
                          std::string_view text) {
  Spot spot{of.index, kNone, kNone, kNone};
  if (index = std::min(index, of.length); index > 0) {
    const auto place = place_at(of, index - 1);
    if (type_on(transaction, of, place, index, text)) return;
    spot.left = end_at(transaction, place);
  }
  spot.right = spot.left == kNone ? of.first : store[spot.left].right;
  while (spot.right != kNone && store[spot.right].deleted) {
    spot.left = spot.right;
    spot.right = store[spot.left].right;
  }
  const Ref ref = new_item(spot);
  store.set_string(store[ref], encoding::is_utf8(text) ? text : encoding::to_wtf8(text));
  integrate(transaction, ref);
}

void Engine::text_insert(TypeState& of, std::size_t index, std::string_view text,
                         const std::optional<Attributes>& attributes) {
  if (text.empty()) return;
  change([&](RunningTransaction& transaction) {
    if (!of.has_formats && (!attributes || attributes->empty())) {
      return insert_plain(transaction, of, index, text);
    }
    FormatCursor cursor = cursor_at(transaction, of, index);
    const Attributes wanted = attributes ? *attributes : cursor.attributes;
    const auto done = insert_formatted(transaction, of, cursor, Value(text), wanted);
    SYNCLINE_CHECK(done.ok(), "text can be inserted");
  });
}

Result<void> Engine::text_embed(TypeState& of, std::size_t index, Input embed,
                                const Attributes& attributes) {
  Result<void> done;
  change([&](RunningTransaction& transaction) {
    FormatCursor cursor = cursor_at(transaction, of, index);
    done = insert_formatted(transaction, of, cursor, std::move(embed), attributes);
  });
  return done;
}

Result<void> Engine::text_format(TypeState& of, std::size_t index, std::size_t length,
                                 const Attributes& attributes) {
  if (length == 0) return {};
  Result<void> done;
  change([&](RunningTransaction& transaction) {
    FormatCursor cursor = cursor_at(transaction, of, index);
    if (cursor.right != kNone) done = format(transaction, of, cursor, length, attributes);
  });
  return done;
}

void Engine::text_remove(TypeState& of, std::size_t index, std::size_t length) {
  if (length == 0) return;
  change([&](RunningTransaction& transaction) {
    if (of.has_formats) {
      FormatCursor cursor = cursor_at(transaction, of, index);
      return remove_formatted(transaction, cursor, length);
    }
    if (index >= of.length) return;
    const auto place = place_at(of, index);
    if (erase_in_place(transaction, of, place, index, length)) return;
    std::uint64_t left_over = length;
    Ref ref = place.item;
    if (place.offset > 0) ref = split(transaction, ref, place.offset);
    for (; ref != kNone && left_over > 0; ref = store[ref].right) {
      if (!deletable(store[ref])) continue;
      if (left_over < store[ref].length()) split(transaction, ref, left_over);
      left_over -= store[ref].length();
      delete_item(transaction, ref);
    }
  });
}

Result<void> Engine::text_apply_delta(TypeState& of, std::vector<TextOp> delta) {
  Result<void> done;
  change([&](RunningTransaction& transaction) {
    done = apply_delta(transaction, of, std::move(delta));
  });
  return done;
}

Result<void> Engine::apply_delta(RunningTransaction& transaction, TypeState& of,
                                 std::vector<TextOp>&& delta) {
  FormatCursor cursor(store, of.first);
  for (TextOp& op : delta) {
    const Attributes attributes(op.attributes);
    switch (op.kind) {
      case TextOp::Kind::kInsert: {
        const auto* text = std::get_if<Value>(&op.insert.content);
        // To Yjs an insertion of undefined is none.
        if (text != nullptr && text->is_undefined()) break;
        if (text != nullptr && text->is_string() && text->string().empty()) break;
        SYNCLINE_TRY(insert_formatted(transaction, of, cursor, std::move(op.insert), attributes));
        break;
      }
      case TextOp::Kind::kRetain:
        SYNCLINE_TRY(format(transaction, of, cursor, op.length, attributes));
        break;
      case TextOp::Kind::kDelete:
        remove_formatted(transaction, cursor, op.length);
        break;
    }
  }
  return {};
}

// What stands between formats.

Result<void> Engine::insert_formatted(RunningTransaction& transaction, TypeState& of,
                                      FormatCursor& cursor, Input content,
                                      const Attributes& attributes) {
  Attributes wanted = attributes;
  for (const auto& [key, value] : cursor.attributes.in_order()) {
    if (!wanted.has(key)) wanted.set(key, nullptr);
  }
  cursor.pass_redundant(wanted);
  Attributes negated = open_formats(transaction, of, cursor, wanted);
  // Yjs notices no sooner either: what it opened stays.
  if (!is_embed(content)) return refused_embed();
  const Spot spot{of.index, kNone, cursor.left, cursor.right};
  Ref made = kNone;
  if (auto* type = std::get_if<NewType>(&content.content)) {
    insert_type(transaction, spot, std::move(*type), made);
  } else {
    const auto& value = std::get<Value>(content.content);
    made = new_item(spot);
    if (value.is_string()) {
      store.set_string(store[made], encoding::is_utf8(value.string())
                                        ? value.string()
                                        : encoding::to_wtf8(value.string()));
    } else {
      store.set_json(store[made], StructKind::kEmbed, {}, shared_value(value));
    }
    integrate(transaction, made);
  }
  cursor.right = made;
  cursor.forward();
  close_formats(transaction, of, cursor, std::move(negated));
  return {};
}

Result<void> Engine::format(RunningTransaction& transaction, TypeState& of, FormatCursor& cursor,
                            std::uint64_t length, const Attributes& attributes) {
  cursor.pass_redundant(attributes);
  Attributes negated = open_formats(transaction, of, cursor, attributes);
  // Formats behind the last unit are looked at too, so that none is put there that says again what
  // the next one says.
  for (; cursor.right != kNone; cursor.forward()) {
    const Item& item = store[cursor.right];
    const bool gap = item.deleted || item.kind == StructKind::kFormat;
    if (length == 0 && (negated.empty() || !gap)) break;
    if (item.deleted) continue;
    if (item.kind != StructKind::kFormat) {
      if (length < item.length()) split(transaction, cursor.right, length);
      length -= item.length();
      continue;
    }
    const std::string& key = format_key(store, item);
    if (!attributes.has(key)) continue;
    const SharedValue value = format_value(store, item);
    if (equal(attributes.get(key), value)) {
      negated.erase(key);
    } else if (length == 0) {
      break;
    } else {
      negated.set(key, value);
    }
    delete_item(transaction, cursor.right);
  }
  if (length > tuning::kPaddingMax) {
    return Error(Code::kTooLarge, "out_of_range",
                 "formatting ends " + std::to_string(length) +
                     " units past the text's end; the text would be filled up with line ends");
  }
  if (length > 0) {
    const Ref padding = new_item({of.index, kNone, cursor.left, cursor.right});
    store.set_string(store[padding], std::string(length, '\n'));
    integrate(transaction, padding);
    cursor.right = padding;
    cursor.forward();
  }
  close_formats(transaction, of, cursor, std::move(negated));
  return {};
}

void Engine::remove_formatted(RunningTransaction& transaction, FormatCursor& cursor,
                              std::uint64_t length) {
  const Attributes before = cursor.attributes;
  const Ref start = cursor.right;
  for (; length > 0 && cursor.right != kNone; cursor.forward()) {
    const Item& item = store[cursor.right];
    if (!deletable(item)) continue;
    if (length < item.length()) split(transaction, cursor.right, length);
    length -= item.length();
    delete_item(transaction, cursor.right);
  }
  if (start != kNone) clean_gap(transaction, start, cursor.right, before, cursor.attributes);
}

}  // namespace syncline::crdt
