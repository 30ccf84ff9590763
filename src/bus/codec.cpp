// Encoder and decoder of the sync-api: two walks over the one table in layout.hpp.
#include "bus/codec.hpp"

#include <type_traits>
#include <utility>

#include "bus/layout.hpp"
#include "bus/tuning.hpp"
#include "encoding/lib0.hpp"

namespace syncline::bus {
namespace {

using encoding::Reader;
using encoding::Writer;

/// Writes one field after the other.
class Encoder {
 public:
  explicit Encoder(Writer& writer) : writer_(writer) {}

  template <typename T>
  void operator()(const char*, const T& field) {
    put(field);
  }

 private:
  void put(std::uint64_t number) { writer_.var_uint(number); }
  void put(bool flag) { writer_.u8(flag ? 1 : 0); }
  void put(const std::string& text) { writer_.var_string(text); }
  void put(const Bytes& bytes) { writer_.var_bytes(bytes); }
  void put(const SharedBytes& bytes) { writer_.var_bytes(bytes ? ByteView(*bytes) : ByteView()); }
  void put(const Value& value) { writer_.any(value); }
  void put(Code code) { writer_.var_uint(static_cast<std::uint64_t>(code)); }
  void put(Correction correction) { writer_.u8(static_cast<std::uint8_t>(correction)); }
  void put(const Position& position) {
    put(position.incarnation);
    put(position.seq);
  }
  void put(const std::optional<Position>& position) {
    put(position.has_value());
    if (position) put(*position);
  }
  void put(const Part& part) {
    put(part.by);
    put(part.update);
  }
  void put(const EditOp& op) {
    put(op.op);
    put(op.pointer);
    put(op.value);
  }
  void put(const Entry& entry) {
    put(entry.url);
    put(entry.about);
  }
  template <typename T>
  void put(const std::vector<T>& list) {
    put(std::uint64_t{list.size()});
    for (const T& item : list) put(item);
  }

  Writer& writer_;
};

/// Reads one field after the other; after a failure the rest stays empty.
class Decoder {
 public:
  explicit Decoder(Reader& reader) : reader_(reader) {}

  template <typename T>
  void operator()(const char*, T& field) {
    get(field);
  }

 private:
  void get(std::uint64_t& number) { number = reader_.var_uint(); }
  void get(bool& flag) {
    const std::uint8_t byte = reader_.u8();
    if (byte > 1) reader_.fail("a flag is neither 0 nor 1");
    flag = byte == 1;
  }
  void get(std::string& text) { text = reader_.var_string(); }
  void get(Bytes& bytes) {
    const ByteView view = reader_.var_bytes();
    bytes.assign(view.begin(), view.end());
  }
  void get(SharedBytes& bytes) {
    Bytes copy;
    get(copy);
    bytes = share(std::move(copy));
  }
  void get(Value& value) { value = reader_.any(); }
  void get(Code& code) {
    const std::uint64_t number = reader_.var_uint();
    code = number < 1000 ? code_from(static_cast<int>(number)) : Code::kInternal;
  }
  void get(Correction& correction) {
    const std::uint8_t byte = reader_.u8();
    if (byte > static_cast<std::uint8_t>(Correction::kRebuild))
      reader_.fail("unknown correction");
    else
      correction = static_cast<Correction>(byte);
  }
  void get(Position& position) {
    get(position.incarnation);
    get(position.seq);
  }
  void get(std::optional<Position>& position) {
    bool present = false;
    get(present);
    if (present) get(position.emplace());
  }
  void get(Part& part) {
    get(part.by);
    get(part.update);
  }
  void get(EditOp& op) {
    get(op.op);
    get(op.pointer);
    get(op.value);
  }
  void get(Entry& entry) {
    get(entry.url);
    get(entry.about);
  }
  template <typename T>
  void get(std::vector<T>& list) {
    // The count is only believed element by element: nothing is reserved by it.
    const std::uint64_t count = reader_.var_uint();
    if (count > reader_.left()) reader_.fail("a list claims more elements than there are bytes");
    if (count > kListElementsMax) reader_.fail("a list is longer than the limit");
    for (std::uint64_t i = 0; i < count && !reader_.failed(); ++i) get(list.emplace_back());
  }

  Reader& reader_;
};

Error malformed(const char* message, const Error& reason) {
  return {Code::kMalformed, std::string(message) + " message: " + reason.message()};
}

template <typename M>
Result<Body> decode_as(Reader& reader, RequestId request) {
  M message;
  if constexpr (requires { message.request; }) message.request = request;
  Decoder decoder(reader);
  Layout<M>::fields(decoder, message);
  if (!reader.failed() && !reader.at_end()) reader.fail("bytes after the last field");
  if (reader.failed()) return malformed(Layout<M>::kName, reader.error());
  return Body(std::move(message));
}

/// Tries the alternatives of Body in turn; types are few and the numbers constant, so this compiles
/// to a jump.
template <std::size_t I = 0>
Result<Body> decode_body(std::uint64_t type, Reader& reader, RequestId request) {
  if constexpr (I == std::variant_size_v<Body>) {
    return Body(Unknown{.type = type, .request = request});
  } else {
    using M = std::variant_alternative_t<I, Body>;
    if constexpr (Layout<M>::kType != 0) {
      if (type == Layout<M>::kType) return decode_as<M>(reader, request);
    }
    return decode_body<I + 1>(type, reader, request);
  }
}

}  // namespace

Bytes encode(const Body& body) {
  Writer writer;
  std::visit(
      [&](const auto& message) {
        using M = std::decay_t<decltype(message)>;
        std::uint64_t type = Layout<M>::kType;
        if constexpr (std::is_same_v<M, Unknown>) type = message.type;
        SYNCLINE_CHECK(type != 0, "a bus-only message was sent over a wire");
        writer.var_uint(type);
        writer.var_uint(request_of(body));
        Encoder encoder(writer);
        Layout<M>::fields(encoder, message);
      },
      body);
  return writer.take();
}

Result<Body> decode(ByteView frame) {
  Reader reader(frame);
  const std::uint64_t type = reader.var_uint();
  const RequestId request = reader.var_uint();
  if (reader.failed()) return malformed("a", reader.error());
  return decode_body(type, reader, request);
}

RequestId request_of(const Body& body) {
  return std::visit(
      [](const auto& message) -> RequestId {
        if constexpr (requires { message.request; })
          return message.request;
        else
          return 0;
      },
      body);
}

std::string_view name_of(const Body& body) {
  return std::visit(
      [](const auto& message) -> std::string_view {
        return Layout<std::decay_t<decltype(message)>>::kName;
      },
      body);
}

}  // namespace syncline::bus
